"""Many clients that tick for one account at once: how long the slowest wait, and who is served."""

from __future__ import annotations

import http.client
import statistics
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from bench.report import Row
from bench.sample_user import SampleUser
from bench.server import serving, serving_limit
from bench.workloads import HTMX

CLIENTS = 8
TICKS = 60  # of each client


@dataclass(frozen=True)
class Ticks:
    """What some clients measured: ticks a second, and the 99th percentile of their seconds."""

    rate: float
    p99: float


def concurrent_ticks(config: Mapping[str, object], person: SampleUser, database: str) -> list[Row]:
    """Measure T by eight clients: p99 against the limit's, and ticks a second against one client's.

    The two servers take turns, three times over, and the medians count.
    """
    slug = person.content.slug
    headers = {"Cookie": person.cookie, "X-CSRFToken": person.csrf_token, **HTMX}
    ours = [f"/roadmaps/{slug}/milestones/{each.key}/completion" for each in person.ticks()]
    least = [f"/milestones/{each.key}" for each in person.ticks()]
    ratios, gains, waits = [], [], []
    with serving(config) as (port, _pid), serving_limit(config) as limit_port:
        for each, paths in ((port, ours), (limit_port, least)):
            _drive(each, paths, headers, clients=1)
        for _ in range(3):
            many = _drive(port, ours, headers, clients=CLIENTS)
            limit = _drive(limit_port, least, headers, clients=CLIENTS)
            one = _drive(port, ours, headers, clients=1)
            ratios.append(many.p99 / limit.p99)
            gains.append(many.rate / one.rate)
            waits.append((many.p99, limit.p99))
    mine, theirs = (statistics.median(pair[at] for pair in waits) * 1000 for at in (0, 1))
    ratio = statistics.median(ratios)
    return [
        Row(
            f"T by {CLIENTS} clients, p99", database, ratio, 3.0, ratio, "ratio",
            note=f"{mine:.0f} ms, limit {theirs:.0f} ms",
        ),
        Row(
            f"ticks a second, 1 client to {CLIENTS}", database, 1 / statistics.median(gains), 1.0,
            None, "x",
        ),
    ]  # fmt: skip


def _drive(port: int, paths: list[str], headers: Mapping[str, str], *, clients: int) -> Ticks:
    """Let some clients tick and un-tick, each milestones of its own, and time every answer."""
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
