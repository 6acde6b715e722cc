"""The setup of docs/nodes.md with several nodes and failover. `make faults` runs this.

Three servers with one key, two PostgreSQL servers in replication, PgBouncer and nginx, on loopback.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from roadmap.core.config import ROOT
from roadmap.core.database import newest_migrations
from tests.support.cast import Cast
from tests.support.databases import fill_database, make_app
from tests.support.guides import code_block_with
from tests.support.nginx import nginx_proxy
from tests.support.postgres import SUPERUSER, Postgres, own_postgres
from tests.support.postgres_proxy import PostgresProxy, postgres_proxy, proxied_url
from tests.support.server import HOST, Server, free_port
from tests.support.server_client import (
    ServerClient,
    create_enrolled_cast,
    dispose_engine,
    milestone_keys,
    milestone_statuses,
)

pytestmark = pytest.mark.faults

GUIDE = "nodes.md"
# Stated in the guide.
PROMOTED_SECONDS = 10


def find_program(name: str) -> str:
    found = shutil.which(name, path="/usr/sbin:/usr/bin")
    assert found, f"make faults needs it: apt-get install {name}"
    return found


def wait_until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"condition not met within {seconds} s"
        time.sleep(0.05)


@contextlib.contextmanager
def running(*command: str | Path, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.kill()


@dataclass
class Pair:
    """A primary and its standby, each behind a proxy that can stop responding."""

    primary: Postgres
    standby: Postgres
    proxies: tuple[PostgresProxy, PostgresProxy]

    @property
    def url(self) -> str:
        return proxied_url(self.primary, *self.proxies)

    def replicate(self, *, synchronous: bool) -> None:
        if synchronous:
            [names] = re.findall(
                r"synchronous_standby_names = (.+)", code_block_with(GUIDE, "wal_level")
            )
            self.primary.run(f"ALTER SYSTEM SET synchronous_standby_names = {names}")
            self.primary.run("SELECT pg_reload_conf()")
        state = "quorum" if synchronous else "async"
        query = "SELECT sync_state FROM pg_stat_replication"
        wait_until(lambda: self.primary.run(query) == [(state,)])

    def stop_replication(self) -> None:
        self.standby.run("ALTER SYSTEM SET primary_conninfo = ''")
        self.standby.run("SELECT pg_reload_conf()")
        wait_until(lambda: not self.primary.run("SELECT 1 FROM pg_stat_replication"))


@contextlib.contextmanager
def replicated_pair(folder: Path) -> Iterator[tuple[Pair, Cast]]:
    """Run a pair whose database contains the cast."""
    with own_postgres(durable=True) as primary:
        app = make_app(primary.url, folder)
        fill_database(app)
        cast = create_enrolled_cast(app)
        dispose_engine(app)
        with (
            primary.standby() as standby,
            postgres_proxy(primary.socket) as first,
            postgres_proxy(standby.socket) as second,
        ):
            yield Pair(primary, standby, (first, second)), cast


class PgBouncer:
    """PgBouncer with the guide's configuration, in front of one server at a time."""

    def __init__(self, stack: ExitStack) -> None:
        self.port = free_port()
        # PgBouncer refuses to run as root.
        self._account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if self._account:
            os.chown(folder, self._account.pw_uid, self._account.pw_gid)
        self._file = folder / "pgbouncer.ini"
        (folder / "userlist.txt").write_text(f'"{SUPERUSER}" ""\n')

    def point_to(self, port: int) -> None:
        text = code_block_with(GUIDE, "pool_mode")
        text = re.sub(r"host=\S+ port=\S+ dbname=\S+", f"host={HOST} port={port}", text)
        text = text.replace("cairn =", "postgres =").replace("scram-sha-256", "trust")
        text = text.replace("/etc/pgbouncer", str(self._file.parent)).replace(
            "6432", str(self.port)
        )
        self._file.write_text(f"{text}unix_socket_dir =\n")

    @property
    def url(self) -> str:
        return f"postgresql://{SUPERUSER}@{HOST}:{self.port}/postgres"

    @contextlib.contextmanager
    def run(self) -> Iterator[subprocess.Popen[bytes]]:
        user = {"user": self._account.pw_uid} if self._account else {}
        with running(
            find_program("pgbouncer"), self._file, stderr=subprocess.DEVNULL, **user
        ) as process:
            yield process


@dataclass
class Writer:
    """A client that writes continuously to one node, and its acknowledged writes."""

    client: ServerClient
    keys: list[str]
    acknowledged: dict[str, str] = field(default_factory=dict)
    last: float = 0.0
    stopping: threading.Event = field(default_factory=threading.Event)

    def write(self, key: str, status: str, timeout: float = 25) -> bool | None:
        """Return whether the write was acknowledged; None if it got no response."""
        self.acknowledged.pop(key, None)
        try:
            answer = self.client.tick(key, status, timeout)
        except (OSError, HTTPException):
            return None
        if answer.status in (200, 303):
            self.acknowledged[key], self.last = status, time.monotonic()
        return answer.status in (200, 303)

    def work(self) -> None:
        """Write, and continue with another milestone after a timeout of three seconds."""
        status = "done"
        while not self.stopping.is_set():
            key = self.keys.pop(0)
            if self.write(key, status, timeout=3) is not None:
                self.keys.append(key)
                status = "in_progress" if status == "done" else "done"


class Nodes:
    """Three servers with one key and separate data folders."""

    def __init__(self, url: str, folder: Path, stack: ExitStack) -> None:
        self.servers = []
        for number in range(3):
            own = folder / f"node{number}"
            own.mkdir()
            server = Server(url, own)
            stack.callback(server.kill)
            self.servers.append(server.start())
        for server in self.servers:
            server.wait_for_workers()
        self.slowest_health = 0.0
        self._watching = threading.Event()

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Poll the health of each server continuously."""
        watchers = [threading.Thread(target=self._watch, args=(each,)) for each in self.servers]
        for watcher in watchers:
            watcher.start()
        try:
            yield
        finally:
            self._watching.set()
            for watcher in watchers:
                watcher.join()

    def _watch(self, server: Server) -> None:
        while not self._watching.wait(0.1):
            began = time.monotonic()
            assert server.answers("/healthz")
            self.slowest_health = max(self.slowest_health, time.monotonic() - began)


@contextlib.contextmanager
def working(writers: list[Writer]) -> Iterator[None]:
    threads = [threading.Thread(target=writer.work) for writer in writers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for writer in writers:
            writer.stopping.set()
        for thread in threads:
            thread.join()


def writers_on(app: Flask, person: uuid.UUID, servers: list[Server]) -> list[Writer]:
    """Return a writer per server, with separate milestones."""
    keys = milestone_keys(app)
    return [
        Writer(ServerClient(server, app, person), keys[number :: len(servers)])
        for number, server in enumerate(servers)
    ]


def first_write_since(writer: Writer, moment: float) -> float:
    """Return the seconds until a write of a new client was acknowledged."""
    new_client = replace(writer, keys=[], acknowledged={}, last=0.0)
    key = writer.keys.pop()
    writer.acknowledged.pop(key, None)
    while not new_client.write(key, "done"):
        assert time.monotonic() < moment + 60
    return new_client.last - moment


@pytest.mark.parametrize(
    ("fault", "synchronous", "pooled"),
    [
        ("killed", True, False),
        ("silent", False, False),
        ("killed", False, True),
        ("silent", True, True),
    ],
    ids=["killed", "silent", "killed, pooled", "silent, pooled"],
)
def test_writes_resume_after_promotion(
    fault: str, synchronous: bool, pooled: bool, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        pair, cast = stack.enter_context(replicated_pair(tmp_path))
        pair.replicate(synchronous=synchronous)
        app = make_app(pair.primary.url, tmp_path)
        url = pair.url
        if pooled:
            pooler = PgBouncer(stack)
            pooler.point_to(pair.proxies[0].port)
            pgbouncer = stack.enter_context(pooler.run())
            url = pooler.url
        nodes = Nodes(url, tmp_path, stack)
        writers = writers_on(app, cast.alice, nodes.servers)
        dispose_engine(app)
        with nodes.watched(), working(writers), ThreadPoolExecutor(3) as pool:
            wait_until(lambda: all(len(writer.acknowledged) > 4 for writer in writers))
            if fault == "silent":
                pair.proxies[0].silence()
            else:
                pair.primary.kill()
            pair.standby.run("SELECT pg_promote()")
            promoted = time.monotonic()
            if not synchronous:  # acknowledged writes may be lost
                for writer in writers:
                    writer.acknowledged.clear()
            if pooled:
                pooler.point_to(pair.proxies[1].port)
                pgbouncer.send_signal(signal.SIGHUP)
            took = max(pool.map(lambda writer: first_write_since(writer, promoted), writers))
            # No earlier request is still in flight.
            wait_until(lambda: all(writer.last > promoted + 20 for writer in writers), 60)
        print(f"writes after {took:.1f} s, /healthz {nodes.slowest_health:.2f} s at most")
        assert took < PROMOTED_SECONDS
        assert nodes.slowest_health < 1
        survivor = make_app(pair.standby.url, tmp_path)
        stored = milestone_statuses(survivor, cast.alice)
        dispose_engine(survivor)
        for writer in writers:
            for key, status in writer.acknowledged.items():
                assert stored[key] == status


@pytest.mark.parametrize("synchronous", [False, True], ids=["asynchronous", "synchronous"])
def test_failover_loses_only_writes_of_asynchronous_replication(
    synchronous: bool, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        pair, cast = stack.enter_context(replicated_pair(tmp_path))
        pair.replicate(synchronous=synchronous)
        app = make_app(pair.primary.url, tmp_path)
        server = Server(pair.url, tmp_path)
        stack.callback(server.kill)
        server.start()
        [writer] = writers_on(app, cast.alice, [server])
        dispose_engine(app)
        before, after = writer.keys[:2]
        assert writer.write(before, "done")
        wait_until(lambda: pair.standby.run("SELECT 1 FROM milestone_status"))
        pair.stop_replication()
        began = time.monotonic()
        assert writer.write(after, "done") is (not synchronous)
        assert time.monotonic() - began < 10
        assert writer.client.request("GET", "/evidence").status == 200
        pair.primary.kill()
        pair.standby.run("SELECT pg_promote()")
        survivor = make_app(pair.standby.url, tmp_path)
        stored = milestone_statuses(survivor, cast.alice)
        dispose_engine(survivor)
        assert stored == {before: "done"}  # the other was acknowledged only if asynchronous


def test_migrations_reject_a_pooler_unless_schema_is_current(tmp_path: Path) -> None:
    with (
        ExitStack() as stack,
        own_postgres() as postgres,
        postgres_proxy(postgres.socket) as proxy,
    ):
        pooler = PgBouncer(stack)
        pooler.point_to(proxy.port)
        with pooler.run():

            def upgrade(url: str) -> subprocess.CompletedProcess[str]:
                return subprocess.run(
                    [sys.executable, "-m", "flask", "--app", "roadmap", "db", "upgrade"],
                    env=Server(url, tmp_path).environment, cwd=ROOT,
                    capture_output=True, text=True, check=False,
                )  # fmt: skip

            wait_until(lambda: "names a pooler" in upgrade(pooler.url).stderr)
            assert "names a pooler" in upgrade(pooler.url).stderr
            assert upgrade(postgres.url).returncode == 0
            assert "Nothing to do" in upgrade(pooler.url).stdout
        held = postgres.run("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        assert held == [(0,)]


def copy_next_release(folder: Path) -> Path:
    """Copy the code, and add a migration to it."""
    code = folder / "next"
    for name in ("roadmap", "templates", "static", "migrations"):
        shutil.copytree(ROOT / name, code / name)
    [head] = newest_migrations()
    (code / "migrations" / "2099_01_01_next.py").write_text(
        '"""Add a table that this release does not know."""\n\n'
        "import sqlalchemy as sa\nfrom alembic import op\n\n"
        f'revision = "9999999999"\ndown_revision = "{head}"\n\n'
        'def upgrade():\n    op.create_table("later", sa.Column("id", sa.Integer))\n\n'
        'def downgrade():\n    op.drop_table("later")\n'
    )
    return code


def test_other_nodes_serve_while_nodes_are_killed_and_upgraded(tmp_path: Path) -> None:
    with ExitStack() as stack:
        postgres = stack.enter_context(own_postgres())
        app = make_app(postgres.url, tmp_path)
        fill_database(app)
        cast = create_enrolled_cast(app)
        nodes = Nodes(postgres.url, tmp_path, stack)
        first, second, third = nodes.servers
        front = stack.enter_context(
            nginx_proxy(tmp_path, code_block_with(GUIDE, "upstream"), nodes.servers)
        )
        writers = writers_on(app, cast.alice, [front, front, front])
        dispose_engine(app)

        def all_written_since(moment: float) -> bool:
            return all(writer.last > moment + 1 for writer in writers)

        with working(writers):
            wait_until(lambda: all_written_since(0))
            first.kill()
            killed = time.monotonic()
            wait_until(lambda: all_written_since(killed), PROMOTED_SECONDS)

            assert second.stop() == 0
            with (tmp_path / "next.log").open("wb") as log:
                upgraded = stack.enter_context(
                    running(
                        sys.executable, "-m", "roadmap.serve", "--port", str(second.port),
                        cwd=copy_next_release(tmp_path), env=second.environment,
                        stdout=log, stderr=log,
                    )
                )  # fmt: skip
            wait_until(lambda: second.answers("/readyz"), 60)
            stack.callback(upgraded.terminate)
            moment = time.monotonic()
            wait_until(lambda: all_written_since(moment))
            # The older version still serves, but reports that it is not ready.
            assert third.status("/readyz") == 503
            assert ServerClient(third, app, cast.alice).request("GET", "/evidence").status == 200
            assert third.stop() == 0
            moment = time.monotonic()
            wait_until(lambda: all_written_since(moment))
        stored = milestone_statuses(app, cast.alice)
        dispose_engine(app)
        for writer in writers:
            for key, status in writer.acknowledged.items():
                assert stored[key] == status
