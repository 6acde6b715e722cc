"""The production server on a free loopback port, on a database of its own.

What the tests of browsers and faults talk to is what `make run` starts: the same command line,
real workers, a real database. SQLite in a temporary folder, or PostgreSQL where
``TEST_DATABASE_URL`` names one.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from roadmap.core import config
from roadmap.core.database import db
from roadmap.server.start import server_command
from tests.support.databases import SECRET, make_app, ready_database

HOST = "127.0.0.1"
START_SECONDS = 60
# A worker that has only begun has fewer.
SERVING_THREADS = 4
STOP_SECONDS = 20
# Below those that systems hand out: nobody else gets one between the choice and its use.
PORTS = range(20_000, 32_000)


class ServerStartError(RuntimeError):
    """The server ended or stayed silent; the message holds what it wrote."""


def free_port() -> int:
    """A port that nobody uses at this moment."""
    while True:
        port = PORTS.start + secrets.randbelow(len(PORTS))
        with contextlib.suppress(OSError), socket.create_server((HOST, port)):
            return port


def count_threads(pid: int) -> int:
    """How many threads a process has."""
    return sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())


class Server:
    """One running server. `start` waits until it answers; `kill` is `kill -9` of all of it."""

    # The job process beside it has tests of its own, see `tests/test_jobs.py`.
    with_jobs = False

    def __init__(self, database_url: str, folder: Path, **settings: str) -> None:
        self.database_url, self.folder = database_url, folder
        self.settings = settings
        self.port = free_port()
        self.log = folder / "server.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def environment(self) -> Mapping[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith("ROADMAP_")
        }
        return {
            **kept,
            "ROADMAP_SECRET_KEY": SECRET,
            "ROADMAP_DATABASE_URL": self.database_url,
            "ROADMAP_DATA_DIR": str(self.folder),
            **self.settings,
        }

    def start(self) -> Server:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                server_command(HOST, self.port, jobs=self.with_jobs),
                env=self.environment,
                cwd=config.ROOT,
                stdout=log,
                stderr=log,
                # Its own group: its workers are killed with it, and nobody else is.
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ServerStartError(self.log.read_text(errors="replace"))
            time.sleep(0.02)
        return self

    def answers(self, path: str = "/healthz", timeout: float = 15) -> bool:
        try:
            return self.status(path, timeout) == 200
        except (OSError, http.client.HTTPException):
            return False

    def status(self, path: str, timeout: float = 15) -> int:
        """The status of a GET by nobody. Raises OSError where nothing answers."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=timeout)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    def workers(self) -> list[int]:
        """The processes that answer requests."""
        if self.process is None:
            return []
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def settle(self) -> None:
        """Waits until every worker serves, not only the quickest."""
        deadline = time.monotonic() + START_SECONDS
        while min(map(count_threads, self.workers()), default=0) < SERVING_THREADS:
            if time.monotonic() > deadline:
                raise ServerStartError(self.log.read_text(errors="replace"))
            time.sleep(0.02)

    def stop(self) -> int:
        """Asks it to end (SIGTERM) and waits; returns its exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def signal_all(self, number: signal.Signals) -> None:
        """Sends a signal to all its processes."""
        assert self.process is not None
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """Ends all its processes at once, as a power cut would."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)


@contextlib.contextmanager
def run_server(folder: Path, **settings: str) -> Iterator[tuple[Server, Flask]]:
    """A running server on a database with the shipped content, and an application beside it."""
    with ready_database(folder) as url:
        app = make_app(url, folder)
        server = Server(url, folder, **settings)
        try:
            yield server.start(), app
        finally:
            server.kill()
            with app.app_context():
                db.engine.dispose()


def clear_login_attempts(app: Flask) -> None:
    """Forgets the counted sign-ins: many tests sign in from one address."""
    with app.app_context(), db.own_transaction() as own:
        own.execute(sa.text("DELETE FROM attempt"))
