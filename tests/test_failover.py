"""When PostgreSQL stops responding, requests notice within seconds and find the new primary."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy.engine import URL, make_url

from roadmap.core.database import db
from roadmap.core.postgres import CONNECT_SECONDS
from roadmap.people.locks import lock_user
from tests.support.databases import fill_database, make_app
from tests.support.postgres import Postgres, own_postgres
from tests.support.server import HOST, Server
from tests.test_faults import Visitor, dispose, milestone_keys, on_the_way, statuses

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


class Wire:
    """A TCP proxy for PostgreSQL's socket that can stop responding without closing connections."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._is_silent = threading.Event()
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._lines: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def fall_silent(self) -> None:
        self._is_silent.set()

    def close(self) -> None:
        for line in (self._listener, *self._lines):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                self._lines += [client, server]
                try:
                    server.connect(str(self._target))
                except OSError:  # the server has stopped
                    client.close()
                    continue
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := source.recv(65_536):
                if not self._is_silent.is_set():
                    sink.sendall(part)
            if not self._is_silent.is_set():
                sink.shutdown(socket.SHUT_WR)


def address_of(postgres: Postgres, *wires: Wire) -> str:
    """Return a database URL that lists these servers in order."""
    direct = make_url(postgres.url)
    hosts = [f"{HOST}:{wire.port}" for wire in wires]
    url = URL.create("postgresql", direct.username, database=direct.database, query={"host": hosts})
    return url.render_as_string(hide_password=False)


@contextlib.contextmanager
def wire_to(socket_path: Path) -> Iterator[Wire]:
    wire = Wire(socket_path)
    try:
        yield wire
    finally:
        wire.close()


def test_the_server_that_accepted_last_is_asked_first(tmp_path: Path) -> None:
    with (
        own_postgres() as postgres,
        wire_to(postgres.socket) as first,
        wire_to(postgres.socket) as second,
    ):
        engine = make_app(address_of(postgres, first, second), tmp_path).extensions["sqlalchemy"]
        took = []
        for _ in range(3):
            began = time.monotonic()
            with engine.engines["default"].connect():
                took.append(time.monotonic() - began)
            engine.engines["default"].dispose()
            first.fall_silent()
        assert took[1] > CONNECT_SECONDS
        assert took[2] < CONNECT_SECONDS


@pytest.mark.parametrize("has_other", [True, False], ids=["another took over", "alone"])
def test_a_server_that_falls_silent_is_noticed(has_other: bool, tmp_path: Path) -> None:
    with ExitStack() as stack:
        postgres = stack.enter_context(own_postgres())
        first, second = (stack.enter_context(wire_to(postgres.socket)) for _ in range(2))
        url = address_of(postgres, *([first, second] if has_other else [first]))
        app = make_app(postgres.url, tmp_path)
        fill_database(app)
        stack.callback(lambda: dispose(app))
        server = Server(url, tmp_path)
        stack.callback(server.kill)
        server.start()
        cast = on_the_way(app)
        alice = Visitor(server, app, cast.alice)
        keys = milestone_keys(app)[:6]
        for key in keys[:4]:  # now every worker has connections
            assert alice.tick(key).status in (200, 303)

        first.fall_silent()
        began = time.monotonic()
        answer = alice.tick(keys[4])
        assert time.monotonic() - began < 10
        assert server.answers("/healthz", timeout=1)
        if has_other:
            while answer.status == 503:  # from a connection in use
                answer = alice.tick(keys[4])
            assert answer.status in (200, 303)
            assert time.monotonic() - began < 10
            assert statuses(app, cast.alice).get(keys[4]) == "done"
        else:
            assert answer.status == 503


@pytest.mark.faults
def test_a_request_under_way_on_a_server_that_falls_silent_is_answered(tmp_path: Path) -> None:
    """The client waits for a row while the server acknowledges packets but sends nothing."""
    with ExitStack() as stack:
        postgres = stack.enter_context(own_postgres())
        wire = stack.enter_context(wire_to(postgres.socket))
        app = make_app(postgres.url, tmp_path)
        fill_database(app)
        stack.callback(lambda: dispose(app))
        server = Server(address_of(postgres, wire), tmp_path)
        stack.callback(server.kill)
        server.start()
        cast = on_the_way(app)
        alice = Visitor(server, app, cast.alice)
        key = milestone_keys(app)[0]
        assert alice.tick(key).status in (200, 303)
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        with app.app_context(), db.own_transaction() as holding, ThreadPoolExecutor(1) as pool:
            lock_user(holding, cast.alice)
            under_way = pool.submit(alice.tick, key, "in_progress")
            while not postgres.run(waiting):
                assert not under_way.done()
            wire.fall_silent()
            began = time.monotonic()
            assert under_way.result().status == 503
            assert time.monotonic() - began < 10
        assert server.answers("/healthz", timeout=1)
