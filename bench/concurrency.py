"""Latency and throughput of several clients that tick milestones of one account concurrently."""

from __future__ import annotations

import http.client
import statistics
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from bench.report import Row
from bench.sample_user import SampleUser
from bench.server import serving, serving_baseline
from bench.workloads import HTMX

CLIENTS = 8
TICKS = 60  # of each client


@dataclass(frozen=True)
class Ticks:
    """Ticks per second, and the 99th percentile of seconds per tick."""

    rate: float
    p99: float


def concurrent_ticks(config: Mapping[str, object], person: SampleUser, database: str) -> list[Row]:
    """Measure T with eight clients: p99 against the baseline, throughput against one client.

    The two servers alternate three times, and the medians count.
    """
    slug = person.content.slug
    headers = {"Cookie": person.cookie, "X-CSRFToken": person.csrf_token, **HTMX}
    cairn_paths = [f"/roadmaps/{slug}/milestones/{each.key}/completion" for each in person.ticks()]
    baseline_paths = [f"/milestones/{each.key}" for each in person.ticks()]
    ratios, gains, waits = [], [], []
    with serving(config) as (port, _pid), serving_baseline(config) as baseline_port:
        for each, paths in ((port, cairn_paths), (baseline_port, baseline_paths)):
            _drive(each, paths, headers, clients=1)
        for _ in range(3):
            many = _drive(port, cairn_paths, headers, clients=CLIENTS)
            baseline = _drive(baseline_port, baseline_paths, headers, clients=CLIENTS)
            one = _drive(port, cairn_paths, headers, clients=1)
            ratios.append(many.p99 / baseline.p99)
            gains.append(many.rate / one.rate)
            waits.append((many.p99, baseline.p99))
    mine, theirs = (statistics.median(pair[at] for pair in waits) * 1000 for at in (0, 1))
    ratio = statistics.median(ratios)
    return [
        Row(
            f"T by {CLIENTS} clients, p99", database, ratio, 3.0, ratio, "ratio",
            note=f"{mine:.0f} ms, baseline {theirs:.0f} ms",
        ),
        Row(
            f"ticks a second, 1 client to {CLIENTS}", database, 1 / statistics.median(gains), 1.0,
            None, "x",
        ),
    ]  # fmt: skip


def _drive(port: int, paths: list[str], headers: Mapping[str, str], *, clients: int) -> Ticks:
    """Let clients tick and untick separate milestones, and time every response."""
    seconds: list[float] = []
    failures: list[str] = []

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        mine = paths[number::clients]
        for at in range(TICKS):
            path = mine[at // 2 % len(mine)]
            start = time.perf_counter()
            connection.request("DELETE" if at % 2 else "PUT", path, headers=dict(headers))
            answer = connection.getresponse()
            answer.read()
            seconds.append(time.perf_counter() - start)
            if answer.status != 200:
                failures.append(f"{path} answered {answer.status}")
        connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - begun
    if failures or len(seconds) < clients * TICKS:
        raise RuntimeError(failures[0] if failures else "a client failed")
    return Ticks(len(seconds) / took, sorted(seconds)[int(len(seconds) * 0.99)])
