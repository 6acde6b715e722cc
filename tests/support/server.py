"""Run the production server on a free loopback port with its own database.

Browser and fault tests use the same command line as `make run`, with real workers and a real
database: SQLite in a temporary folder, or PostgreSQL if ``TEST_DATABASE_URL`` is set.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import resource
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
# A worker that is still starting has fewer threads.
SERVING_THREADS = 4
STOP_SECONDS = 20
# Below the ephemeral range, so the system does not assign a chosen port before it is used.
PORTS = range(20_000, 32_000)


class ServerStartError(RuntimeError):
    """The server exited or did not respond. The message contains its log."""


def free_port() -> int:
    """Return a port that is currently unused."""
    while True:
        port = PORTS.start + secrets.randbelow(len(PORTS))
        with contextlib.suppress(OSError), socket.create_server((HOST, port)):
            return port


def clean_environment(**settings: str) -> dict[str, str]:
    """Return the environment with these settings of Cairn and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ROADMAP_")}
    return {**kept, **settings}


def count_threads(pid: int) -> int:
    """Return the number of threads of a process."""
    return sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())


class Server:
    """A server process with its workers."""

    # `tests/test_jobs.py` tests the job process.
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
        settings = {
            "ROADMAP_SECRET_KEY": SECRET,
            "ROADMAP_DATABASE_URL": self.database_url,
            "ROADMAP_DATA_DIR": str(self.folder),
        }
        return clean_environment(**{**settings, **self.settings})

    def start(self) -> Server:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                server_command(HOST, self.port, jobs=self.with_jobs),
                env=self.environment,
                cwd=config.ROOT,
                stdout=log,
                stderr=log,
                # A separate process group, so that `kill` reaches the workers and nothing else.
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
        """Return the status of an anonymous GET. Raises OSError if the server does not respond."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=timeout)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        if self.process is None:
            return []
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def wait_for_workers(self) -> None:
        """Wait until every worker is ready, not only the first one."""
        deadline = time.monotonic() + START_SECONDS
        while min(map(count_threads, self.workers()), default=0) < SERVING_THREADS:
            if time.monotonic() > deadline:
                raise ServerStartError(self.log.read_text(errors="replace"))
            time.sleep(0.02)

    def limit_file_size(self, size: int) -> None:
        """Limit every file of the running workers in bytes. Beyond it, the disk is full."""
        for pid in self.workers():
            _soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))

    def stop(self) -> int:
        """Stop the server with SIGTERM and return its exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def signal_all(self, number: signal.Signals) -> None:
        """Send a signal to all server processes."""
        assert self.process is not None
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """Kill all server processes at once, like a power cut."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)


@contextlib.contextmanager
def run_server(folder: Path, **settings: str) -> Iterator[tuple[Server, Flask]]:
    """Run a server on a database with the shipped content; yield it and a local application."""
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
    """Delete the counted sign-in attempts, because many tests sign in from one address."""
    with app.app_context(), db.own_transaction() as own:
        own.execute(sa.text("DELETE FROM attempt"))
