"""When PostgreSQL stops responding, requests fail within seconds or reach the new primary."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from roadmap.core.database import db
from roadmap.core.postgres import CONNECT_SECONDS
from roadmap.people.locks import lock_user
from tests.support.databases import fill_database, make_app
from tests.support.postgres import own_postgres
from tests.support.postgres_proxy import postgres_proxy, proxied_url
from tests.support.server import Server
from tests.support.server_client import (
    ServerClient,
    create_enrolled_cast,
    dispose_engine,
    milestone_keys,
    milestone_statuses,
)

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


def test_last_reachable_server_is_tried_first(tmp_path: Path) -> None:
    with (
        own_postgres() as postgres,
        postgres_proxy(postgres.socket) as first,
        postgres_proxy(postgres.socket) as second,
    ):
        engine = make_app(proxied_url(postgres, first, second), tmp_path).extensions["sqlalchemy"]
        durations = []
        for _ in range(3):
            began = time.monotonic()
            with engine.engines["default"].connect():
                durations.append(time.monotonic() - began)
            engine.engines["default"].dispose()
            first.silence()
        assert durations[1] > CONNECT_SECONDS
        assert durations[2] < CONNECT_SECONDS


@pytest.mark.parametrize("has_standby", [True, False], ids=["standby", "no standby"])
def test_silent_server_is_detected_within_seconds(has_standby: bool, tmp_path: Path) -> None:
    with ExitStack() as stack:
        postgres = stack.enter_context(own_postgres())
        first, second = (stack.enter_context(postgres_proxy(postgres.socket)) for _ in range(2))
        url = proxied_url(postgres, *([first, second] if has_standby else [first]))
        app = make_app(postgres.url, tmp_path)
        fill_database(app)
        stack.callback(lambda: dispose_engine(app))
        server = Server(url, tmp_path)
        stack.callback(server.kill)
        server.start()
        cast = create_enrolled_cast(app)
        alice = ServerClient(server, app, cast.alice)
        keys = milestone_keys(app)[:6]
        for key in keys[:4]:  # opens connections in every worker
            assert alice.tick(key).status in (200, 303)

        first.silence()
        began = time.monotonic()
        answer = alice.tick(keys[4])
        assert time.monotonic() - began < 10
        assert server.answers("/healthz", timeout=1)
        if has_standby:
            while answer.status == 503:  # on a connection opened before
                answer = alice.tick(keys[4])
            assert answer.status in (200, 303)
            assert time.monotonic() - began < 10
            assert milestone_statuses(app, cast.alice).get(keys[4]) == "done"
        else:
            assert answer.status == 503


@pytest.mark.faults
def test_pending_request_on_silent_server_is_answered_with_503(tmp_path: Path) -> None:
    """The request waits for a row lock when the server stops responding."""
    with ExitStack() as stack:
        postgres = stack.enter_context(own_postgres())
        proxy = stack.enter_context(postgres_proxy(postgres.socket))
        app = make_app(postgres.url, tmp_path)
        fill_database(app)
        stack.callback(lambda: dispose_engine(app))
        server = Server(proxied_url(postgres, proxy), tmp_path)
        stack.callback(server.kill)
        server.start()
        cast = create_enrolled_cast(app)
        alice = ServerClient(server, app, cast.alice)
        key = milestone_keys(app)[0]
        assert alice.tick(key).status in (200, 303)
        waits_for_lock = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        with app.app_context(), db.own_transaction() as holding, ThreadPoolExecutor(1) as pool:
            lock_user(holding, cast.alice)
            pending = pool.submit(alice.tick, key, "in_progress")
            while not postgres.run(waits_for_lock):
                assert not pending.done()
            proxy.silence()
            began = time.monotonic()
            assert pending.result().status == 503
            assert time.monotonic() - began < 10
        assert server.answers("/healthz", timeout=1)
