"""External faults: odd bytes, a full disk, a database outage, a killed server.

The tests use the production server with its workers on loopback.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import http.client
import re
import resource
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes, unquote

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from roadmap.core.config import build_config
from roadmap.core.database import db
from roadmap.people.models import User
from tests.evidence.form_data import form_fields
from tests.support.api_client import ApiClient
from tests.support.browser_client import BrowserClient
from tests.support.cast import Cast
from tests.support.databases import SECRET, fill_database, make_app
from tests.support.postgres import own_postgres
from tests.support.route_manifest import CHANGES, PAGES
from tests.support.sample_data import SLUG
from tests.support.server import HOST, Server, run_server
from tests.support.server_client import (
    MILESTONES,
    RunningServer,
    ServerClient,
    create_enrolled_cast,
    dispose_engine,
    milestone_keys,
    milestone_statuses,
    run_server_with_cast,
)
from tests.support.snapshot import Snapshot

# Kills of the server in `make test` and in `make faults`, and kills of PostgreSQL.
KILLS, MANY_KILLS, POSTGRES_KILLS = 6, 60, 24


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server for tests that leave it unchanged."""
    with run_server_with_cast(tmp_path_factory.mktemp("faults")) as running:
        yield running


# Rejected bodies


def test_body_without_length_is_rejected(served: RunningServer) -> None:
    with socket.create_connection((HOST, served.server.port), timeout=10) as connection:
        connection.sendall(
            b"POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\n5\r\nemail\r\n0\r\n\r\n"
        )
        received = b""
        while b"\r\n\r\n" not in received and (part := connection.recv(4096)):
            received += part
    assert received.startswith(b"HTTP/1.1 411 ")
    assert served.server.answers()


def test_body_over_limit_is_rejected_with_a_page(served: RunningServer) -> None:
    limit = build_config({"SECRET_KEY": SECRET})["MAX_CONTENT_LENGTH"]
    answer = served.alice.request("POST", "/career/positions", {"summary": "x" * limit})
    assert answer.status == 413
    assert "<!doctype html" in answer.text.lower()
    assert "larger than" in answer.text
    assert served.server.answers()


def test_truncated_body_does_not_stop_the_server(served: RunningServer) -> None:
    with socket.create_connection((HOST, served.server.port), timeout=10) as connection:
        connection.sendall(
            b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\nemail=a"
        )
    assert served.server.answers()


# Odd bytes, never answered with a 500

ODD = {
    "NUL": b"a\x00b",
    "lone surrogate": b"\xed\xa0\x80",
    "invalid UTF-8": b"\xff\xfe\xc3(",
    "control characters": b"\x1b[2J\x7f\r\n\x0b",
    "markup": "\u202eabc\u2066\U0001f9d7\U000e0001\uffff{{7*7}}<script>'\"%s%(x)s".encode(),
    "long": b"9" * 40_000,
    "negative": b"-1",
    "not a number": b"NaN",
    "overflow": b"1e99999",
    "first day": b"0001-01-01",
    "last day": b"9999-12-31",
}

# Query parameters that pages read.
QUERY_PARAMETERS = (
    *("q", "kind", "state", "milestone", "roadmap", "page", "sort"),
    *("visibility", "skill", "next", "link", "way", "to"),
)


@pytest.mark.parametrize("odd", ODD)
def test_odd_bytes_in_form_cause_no_server_error(odd: str, app: Flask, snapshot: Snapshot) -> None:
    """Each field of each form of the manifest, with valid values in the other fields."""
    ids, browser = snapshot.ids, snapshot.browsers(app)["alice"]
    csrf_token = browser.csrf()
    wrong = []
    for change in CHANGES:
        if change.permission == "public" or change.rule == "/account/email":
            continue  # these end the session or count attempts
        fields = {
            name: quote_from_bytes(str(value).encode())
            for name, value in change.body(ids, "alice").items()
        }
        for name in fields:
            body = "&".join(
                f"{other}={quote_from_bytes(ODD[odd]) if other == name else value}"
                for other, value in fields.items()
            )
            answer = browser.client.open(
                change.of(ids),
                method=change.method,
                data=body,
                content_type="application/x-www-form-urlencoded",
                headers={"X-CSRFToken": csrf_token},
            )
            if answer.status_code >= 500:
                wrong.append(f"{change.title} {name}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("odd", ODD)
def test_odd_bytes_in_url_cause_no_server_error(odd: str, app: Flask, snapshot: Snapshot) -> None:
    """In each segment of each path of the manifest, in the query and in headers."""
    ids, browser = snapshot.ids, snapshot.browsers(app)["alice"]
    odd_text = quote_from_bytes(ODD[odd][:2000], safe="")
    rules = app.url_map.bind("localhost")
    urls: set[str] = set()
    unmatched: dict[str, str] = {}
    for page in PAGES:
        path = page.of(ids).partition("?")[0]
        parts = path.split("/")[1:]
        for at in range(len(parts)):
            first, *more = [*parts[:at], odd_text, *parts[at + 1 :]]
            address = "/" + "/".join([first, *more])
            if rules.test(unquote(address, errors="replace")):
                urls.add(address)
            else:
                # Paths without a rule get the same response: request one per first segment.
                unmatched[first] = address
        urls.add(f"{path}?" + "&".join(f"{name}={odd_text}" for name in QUERY_PARAMETERS))
    wrong = []
    for number, url in enumerate(sorted(urls | set(unmatched.values()))):
        # As a page for every other value of ODD, and as a fragment for the rest.
        answer = browser.get(url, fragment=(number + list(ODD).index(odd)) % 2 == 1)
        if answer.status_code >= 500:
            wrong.append(f"{url[:80]}: {answer.status_code}")
    text = ODD[odd][:2000].decode("latin-1").replace("\r", "").replace("\n", "")
    for header in ("If-None-Match", "Accept-Language", "User-Agent", "Referer", "HX-Current-URL"):
        answer = browser.get("/account", headers={header: text})
        if answer.status_code >= 500:
            wrong.append(f"{header}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


# A full disk


@pytest.mark.sqlite
def test_full_disk_answers_507_and_writes_resume(served: RunningServer) -> None:
    key, other = milestone_keys(served.app)[:2]
    assert served.alice.tick(key).status in (200, 303)
    served.server.wait_for_workers()
    served.server.limit_file_size(1024)
    try:
        for _ in range(6):  # reaches both workers
            answer = served.alice.tick(other)
            assert answer.status == 507, answer.text[:300]
            assert "no space left" in answer.text
            page = served.alice.request("GET", "/roadmaps/" + SLUG)
            assert page.status == 200
            assert served.server.answers("/readyz")
        assert milestone_statuses(served.app, served.cast.alice) == {key: "done"}
    finally:
        served.server.limit_file_size(resource.RLIM_INFINITY)
    for _ in range(6):
        assert served.alice.tick(other).status in (200, 303)
    assert milestone_statuses(served.app, served.cast.alice)[other] == "done"


# A database that accepts no writes, as a standby does


@contextlib.contextmanager
def read_only_database(app: Flask) -> Iterator[None]:
    """Make new connections of this application read-only."""
    with app.app_context():
        engine = db.engine
    is_sqlite = engine.dialect.name == "sqlite"
    statement = "PRAGMA query_only=ON" if is_sqlite else "SET default_transaction_read_only=on"

    def make_read_only(connection: Any, _record: object) -> None:
        connection.execute(statement)
        if not is_sqlite:
            connection.commit()

    engine.dispose()
    sa.event.listen(engine, "connect", make_read_only)
    try:
        yield
    finally:
        sa.event.remove(engine, "connect", make_read_only)
        engine.dispose()


def test_reads_succeed_when_usage_records_cannot_be_written(
    app: Flask, cast: Cast, now: dt.datetime, caplog: pytest.LogCaptureFixture
) -> None:
    """The last use of sessions, tokens and links, and counts of rejections, are not essential."""
    alice, token = BrowserClient.of(app, cast.alice), ApiClient.of(app, cast.alice)
    alice.post("/portfolio/links", {"label": "Panel", "lives": "30"})
    [link] = set(
        re.findall(r'value="http://localhost(/p/[^"]+)"', alice.get("/portfolio/links").text)
    )
    for _ in range(2):
        assert alice.get("/admin").status_code == 403
    with time_machine.travel(now + dt.timedelta(minutes=15)), read_only_database(app):
        assert alice.get("/evidence").status_code == 200
        assert alice.get("/admin").status_code == 403
        assert token.get("/me").status_code == 200
        assert BrowserClient.of(app, None).get(link).status_code == 200
        # Exports must be in the audit log.
        assert alice.post("/evidence", form_fields()).status_code == 503
        assert alice.get("/portfolio/export/markdown").status_code == 503
    lost = [line.getMessage() for line in caplog.records if "not recorded" in line.getMessage()]
    for name in ("refusals [", "session ", "token ", "public link "):
        assert any(name in line for line in lost), name
    assert not [line for line in caplog.records if line.exc_info]


# A database outage


def wait_until_ready(server: Server, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while (status := server.status("/readyz", timeout=seconds + 5)) != 200:
        assert time.monotonic() < deadline, f"/readyz: {status} after {seconds} s"
        time.sleep(0.05)


@pytest.mark.postgres
@pytest.mark.slow
def test_database_outage_answers_503_and_recovers(tmp_path: Path) -> None:
    """503 within ten seconds; ready within five after the outage; no write lost."""
    with ExitStack() as stack:
        postgres = stack.enter_context(own_postgres())
        app = make_app(postgres.url, tmp_path)
        fill_database(app)
        server = Server(postgres.url, tmp_path)
        stack.callback(lambda: dispose_engine(app))
        stack.callback(server.kill)
        server.start()
        cast = create_enrolled_cast(app)
        alice = ServerClient(server, app, cast.alice)
        key, other = milestone_keys(app)[:2]
        assert alice.tick(key).status in (200, 303)
        dispose_engine(app)
        postgres.stop()
        for path in ("/readyz", "/readyz", "/"):
            began = time.monotonic()
            answer = alice.request("GET", path)
            assert answer.status == 503, path
            assert time.monotonic() - began < 10
        assert "cannot reach its data" in answer.text
        began = time.monotonic()
        assert alice.tick(other).status == 503
        assert time.monotonic() - began < 10
        assert server.answers("/healthz"), "liveness must not depend on the database"
        postgres.start()
        wait_until_ready(server, 5)
        for _ in range(6):  # reaches every worker
            assert alice.tick(other).status in (200, 303)
        assert milestone_statuses(app, cast.alice) == {key: "done", other: "done"}


# A killed server, and one that is stopped


@dataclass
class Ledger:
    """The last status sent for each milestone, and the last one acknowledged."""

    sent: dict[str, str] = field(default_factory=dict)
    acknowledged: dict[str, str] = field(default_factory=dict)


def tick_until_failure(
    alice: ServerClient, keys: list[str], ledger: Ledger, count: list[int]
) -> None:
    """Tick and untick these milestones until there is no response, or a 503."""
    turn = 0
    while True:
        key, status = keys[turn % len(keys)], ("done", "in_progress")[turn // len(keys) % 2]
        ledger.sent[key] = status
        try:
            answer = alice.tick(key, status, timeout=10)
        except (OSError, http.client.HTTPException):
            return
        if answer.status == 503:
            return
        assert answer.status in (200, 303), answer.text[:300]
        ledger.acknowledged[key] = status
        count[0] += 1
        turn += 1


def tick_and_kill(
    kill: Callable[[], object],
    alice: ServerClient,
    app: Flask,
    person: uuid.UUID,
    ledgers: list[Ledger],
) -> int:
    """Kill during ticks of four clients; check and count the acknowledged ones."""
    keys, count = milestone_keys(app), [0]
    clients = [
        threading.Thread(target=tick_until_failure, args=(alice, keys[at::4], ledger, count))
        for at, ledger in enumerate(ledgers)
    ]
    dispose_engine(app)
    for client in clients:
        client.start()
    deadline = time.monotonic() + 10
    while count[0] < 12 and time.monotonic() < deadline:
        time.sleep(0.002)
    kill()
    for client in clients:
        client.join()
    assert count[0] >= 12, "too few ticks for a meaningful test"
    stored = milestone_statuses(app, person)
    for ledger in ledgers:
        for key, status in ledger.acknowledged.items():
            # The last one sent may be stored without a response.
            assert stored.get(key) in (status, ledger.sent[key]), key
            ledger.acknowledged[key] = stored[key]
    return count[0]


@pytest.mark.slow
@pytest.mark.parametrize("kills", [KILLS, pytest.param(MANY_KILLS, marks=pytest.mark.faults)])
def test_killed_server_loses_no_acknowledged_tick(kills: int, tmp_path: Path) -> None:
    with run_server(tmp_path) as (server, app):
        cast = create_enrolled_cast(app)
        alice = ServerClient(server, app, cast.alice)
        ledgers = [Ledger() for _ in range(4)]
        total = 0
        for _round in range(kills):
            total += tick_and_kill(server.kill, alice, app, cast.alice, ledgers)
            server.start()
        print(f"{kills} kills of the server, none of {total} acknowledged ticks lost")
        assert server.answers("/readyz")
        if is_sqlite(app):
            assert check_integrity(app) == "ok"


@pytest.mark.faults
@pytest.mark.parametrize("killed", ["PostgreSQL", "PostgreSQL and server"])
def test_killed_postgresql_loses_no_acknowledged_tick(killed: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        postgres = stack.enter_context(own_postgres(durable=True))
        app = make_app(postgres.url, tmp_path)
        fill_database(app)
        stack.callback(lambda: dispose_engine(app))
        server = Server(postgres.url, tmp_path)
        stack.callback(server.kill)
        server.start()
        cast = create_enrolled_cast(app)
        alice = ServerClient(server, app, cast.alice)
        ledgers = [Ledger() for _ in range(4)]

        def kill() -> None:
            if killed == "PostgreSQL and server":
                server.kill()
            postgres.kill()
            postgres.start()

        total = 0
        for _round in range(POSTGRES_KILLS // 2):
            total += tick_and_kill(kill, alice, app, cast.alice, ledgers)
            if killed == "PostgreSQL and server":
                server.start()
            wait_until_ready(server, 10)
        print(f"{POSTGRES_KILLS // 2} kills, none of {total} acknowledged ticks lost")


def is_sqlite(app: Flask) -> bool:
    with app.app_context():
        return db.engine.dialect.name == "sqlite"


def check_integrity(app: Flask) -> str:
    with app.app_context(), db.engine.connect() as connection:
        result: str = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
        return result


def test_server_finishes_pending_request_before_stopping(tmp_path: Path) -> None:
    with run_server(tmp_path) as (server, app):
        cast = create_enrolled_cast(app)
        alice = ServerClient(server, app, cast.alice)
        key = milestone_keys(app)[0]
        body = b"status=done"
        with socket.create_connection((HOST, server.port), timeout=15) as connection:
            head = [
                f"PUT {MILESTONES}{key}/status HTTP/1.1",
                f"Host: {HOST}:{server.port}",
                f"Content-Length: {len(body)}",
                "Content-Type: application/x-www-form-urlencoded",
                # The 100 shows that a worker has started to read the body.
                "Expect: 100-continue",
                *(f"{name}: {value}" for name, value in alice.headers().items()),
            ]
            connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 100 ")
            connection.sendall(body[:4])
            # Terminals and systemd signal every process, and the main process signals the workers.
            server.signal_all(signal.SIGTERM)
            wait_until_closed(server)
            server.signal_all(signal.SIGINT)
            stopping = threading.Thread(target=server.stop)
            stopping.start()
            connection.sendall(body[4:])
            answer = connection.recv(4096).decode()
        stopping.join()
        assert answer.startswith(("HTTP/1.1 303", "HTTP/1.1 200")), answer[:200]
        assert milestone_statuses(app, cast.alice) == {key: "done"}
        assert server.process is not None
        assert server.process.returncode == 0
        with app.app_context():
            assert db.session.get(User, cast.alice) is not None


def test_server_stops_promptly_while_starting(tmp_path: Path) -> None:
    with run_server(tmp_path) as (server, _app):
        server.stop()
        for _ in range(2):
            server.start()  # one worker responds, the other may still be loading
            began = time.monotonic()
            assert server.stop() == 0, server.log.read_text()
            assert time.monotonic() - began < 10
        assert "refused to gracefully stop" not in server.log.read_text()


def wait_until_closed(server: Server) -> None:
    """Wait until the server does not respond on new connections, even if it accepts them."""
    deadline = time.monotonic() + 10
    while server.answers(timeout=1):
        assert time.monotonic() < deadline, (
            f"the server still responds after SIGTERM: {server.log.read_text()}"
        )
        time.sleep(0.02)
