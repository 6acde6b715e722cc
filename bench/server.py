"""Measurements that need a server process: start, memory, and bytes of a first visit."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.report import Row
from bench.sample_user import SampleUser
from roadmap.core.config import ROOT
from roadmap.server.gateway import THREADS
from roadmap.server.processes import WORKERS
from roadmap.server.start import server_command

START_SECONDS = 30
# Run by a new process up to its first response. Bytecode exists already, as after `make run`.
FIRST_ANSWER = """
import sys
from roadmap.wsgi import app
answer = app.test_client().get("/login")
assert answer.status_code == 200, answer.status
sys.stdout.write("answered\\n")
sys.stdout.flush()
"""
PAGES = ("/", "/roadmaps", "/roadmaps/{slug}", "/skills", "/readiness", "/evidence", "/account")


def environment(config: Mapping[str, object]) -> dict[str, str]:
    """Return the environment of a server with the same database and key."""
    names = ("SECRET_KEY", "DATABASE_URL", "DATA_DIR")
    # Without bytecode, each start would compile Cairn again, which takes time and memory.
    inherited = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    return inherited | {f"ROADMAP_{name}": str(config[name]) for name in names}


def start(config: Mapping[str, object], database: str) -> Row:
    """Measure the seconds from the start of a process until its first response."""
    seconds = []
    for _ in range(4):
        begun = time.perf_counter()
        with subprocess.Popen(
            [sys.executable, "-c", FIRST_ANSWER],
            cwd=ROOT,
            env=environment(config),
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            seconds.append(time.perf_counter() - begun)
        if line != "answered\n":
            raise RuntimeError("a fresh process did not answer")
    # The first start may have compiled changed modules.
    return Row("start of the process", database, statistics.median(seconds[1:]), 1.0, None, "s")


def restart(config: Mapping[str, object], database: str) -> Row:
    """Measure the seconds from `kill -9` of all server processes until the first page."""
    port, seconds = _free_port(), []
    process: subprocess.Popen[bytes] | None = None
    for _ in range(4):
        begun = time.perf_counter()
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(START_SECONDS)
        process = subprocess.Popen(
            [sys.executable, "-m", "roadmap.serve", "--port", str(port)], cwd=ROOT,
            env=environment(config), stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        _wait(process, port, "/login", pause=0.01)
        seconds.append(time.perf_counter() - begun)
    assert process is not None
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(START_SECONDS)
    # The first start killed nothing.
    return Row("back after kill -9", database, statistics.median(seconds[1:]), 3.0, None, "s")


@contextlib.contextmanager
def serving(config: Mapping[str, object]) -> Iterator[tuple[int, int]]:
    """Run the production server on a free loopback port; yield the port and the process id."""
    port = _free_port()
    with _running(server_command("127.0.0.1", port), config) as process:
        _wait(process, port, "/login")
        yield port, process.pid


@contextlib.contextmanager
def serving_baseline(config: Mapping[str, object]) -> Iterator[int]:
    """Run the baseline on the same server with as many processes and threads; yield the port."""
    port = _free_port()
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"),
        *("--log-level", "warning", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", str(WORKERS), "--blocking-threads", str(THREADS)),
        "bench.baseline_server:app",
    ]
    with _running(command, config) as process:
        _wait(process, port, "/nothing")
        yield port


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextlib.contextmanager
def _running(
    command: Sequence[str], config: Mapping[str, object]
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(config), stdout=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(START_SECONDS)


def _wait(process: subprocess.Popen[bytes], port: int, path: str, *, pause: float = 0.05) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            fetch(port, path)
        except RuntimeError:
            return  # An error response also means that the server is up.
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the server did not start") from None
            time.sleep(pause)
        else:
            return


def fetch(port: int, path: str, headers: Mapping[str, str] | None = None) -> tuple[bytes, int]:
    """Return the encoded body of a page and the size of its headers in bytes. Raises OSError."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        answer = connection.getresponse()
        body = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{path} answered {answer.status}")
        head = sum(len(name) + len(value) + 4 for name, value in answer.getheaders())
        return body, head
    finally:
        connection.close()


def memory(port: int, pid: int, person: SampleUser, database: str) -> Row:
    """Measure the PSS of the server's processes in MiB after several requests for each page."""
    headers = {"Cookie": person.cookie, "Accept-Encoding": "gzip"}
    for _ in range(12):
        for path in PAGES:
            with contextlib.suppress(RuntimeError):
                fetch(port, path.format(slug=person.content.slug), headers)
    total = sum(_pss(each) for each in [pid, *_children(pid)])
    return Row("memory of two workers", database, total / 1024, 180.0, None, "MiB")


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *_children(int(child))]
    return found


def _pss(pid: int) -> int:
    """Return the proportional set size of a process in KiB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"the kernel reports no PSS for process {pid}")
    return int(found.group(1))


def first_visit(port: int, person: SampleUser, database: str) -> Row:
    """Measure KiB transferred for the roadmap page and its static files, headers included."""
    accept = {"Accept-Encoding": "gzip, deflate, br, zstd"}
    path = f"/roadmaps/{person.content.slug}"
    plain, _head = fetch(port, path, {"Cookie": person.cookie})
    body, head = fetch(port, path, {"Cookie": person.cookie, **accept})
    names = set(re.findall(r'(?:href|src)="?(/static/[^"#\s>]+)', plain.decode()))
    names |= _named_in_styles(port, names)
    wire = len(body) + head
    for name in sorted(names):
        body, head = fetch(port, name, accept)
        wire += len(body) + head
    return Row(
        "first visit", database, wire / 1024, 60.0, None, "KiB",
        bytes=wire, note=f"a page and {len(names)} files",
    )  # fmt: skip


def _named_in_styles(port: int, names: set[str]) -> set[str]:
    """Return the URLs of images that the style sheets reference."""
    found: set[str] = set()
    for name in names:
        if ".css" in name:
            text = fetch(port, name)[0].decode()
            folder = name.rpartition("?")[0].rpartition("/")[0]
            for url in re.findall(r"url\(([^)]+)\)", text):
                target = url.strip("'\"")
                if not target.startswith(("data:", "#")):
                    found.add(target if target.startswith("/") else f"{folder}/{target}")
    return found
