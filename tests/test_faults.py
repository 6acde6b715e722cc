"""External faults: odd bytes, a full disk, a lost database, a killed server.

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
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes, unquote, urlencode

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from roadmap.catalog.queries import published_roadmap
from roadmap.core.config import build_config
from roadmap.core.database import db
from roadmap.people.models import User
from roadmap.progress import actions as progress
from roadmap.progress.models import MilestoneStatus
from tests.evidence.form_data import form_fields
from tests.support.api_client import ApiClient
from tests.support.browser_client import BrowserClient
from tests.support.cast import Cast
from tests.support.databases import SECRET, fill_database, make_app
from tests.support.postgres import own_postgres
from tests.support.route_manifest import CHANGES, PAGES
from tests.support.sample_data import SLUG
from tests.support.server import HOST, Server, run_server
from tests.support.snapshot import Snapshot

# How often it is killed: a few times in `make test`, more often in `make faults`.
KILLS, MANY_KILLS, POSTGRES_KILLS = 6, 60, 24
MILESTONES = "/roadmaps/" + SLUG + "/milestones/"


@dataclass
class Answer:
    status: int
    text: str


class Visitor:
    """Somebody signed in, on one connection to the server after another."""

    def __init__(self, server: Server, app: Flask, person: object) -> None:
        self.server = server
        browser = BrowserClient.of(app, person)  # type: ignore[arg-type]
        self.seal = browser.csrf()
        cookie = browser.client.get_cookie(app.config["SESSION_COOKIE_NAME"])
        assert cookie is not None
        self.cookie = f"{cookie.key}={cookie.value}"

    def headers(self, **more: str) -> dict[str, str]:
        return {"Cookie": self.cookie, "X-CSRFToken": self.seal, **more}

    def ask(
        self, method: str, path: str, fields: dict[str, str] | None = None, timeout: float = 20
    ) -> Answer:
        """Raises OSError or HTTPException where no answer comes."""
        connection = http.client.HTTPConnection(HOST, self.server.port, timeout=timeout)
        try:
            body = urlencode(fields or {})
            connection.request(
                method,
                path,
                body,
                self.headers(**{"Content-Type": "application/x-www-form-urlencoded"}),
            )
            response = connection.getresponse()
            return Answer(response.status, response.read().decode())
        finally:
            connection.close()

    def tick(self, key: str, status: str = "done", timeout: float = 20) -> Answer:
        return self.ask("PUT", f"{MILESTONES}{key}/status", {"status": status}, timeout)


def on_the_way(app: Flask) -> Cast:
    """The cast, with Alice on the roadmap."""
    with app.app_context():
        cast = Cast.create(db.session)
        found = published_roadmap(db.session, SLUG)
        assert found is not None
        now = dt.datetime.now(dt.UTC)
        progress.enroll(db.session, cast.alice, found.roadmap_id, by=cast.alice, now=now)
        db.session.commit()
        return cast


def milestone_keys(app: Flask) -> list[str]:
    with app.app_context():
        found = published_roadmap(db.session, SLUG)
        assert found is not None
        return sorted(found.content.by_key)


def statuses(app: Flask, person: object) -> dict[str, str]:
    table = MilestoneStatus.__table__.c
    with app.app_context(), db.engine.connect() as connection:
        rows = connection.execute(
            sa.select(table.milestone_key, table.status).where(table.user_id == person)
        )
        return {row.milestone_key: row.status for row in rows}


@dataclass
class Running:
    server: Server
    app: Flask
    cast: Cast
    alice: Visitor


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that the tests leave as they found it."""
    with run_server(tmp_path_factory.mktemp("faults")) as (server, app):
        cast = on_the_way(app)
        yield Running(server, app, cast, Visitor(server, app, cast.alice))


# What is refused before it is read


def talk(port: int, head: str, body: bytes = b"") -> str:
    """Sends bytes as they are and returns what comes back until the server closes."""
    with socket.create_connection((HOST, port), timeout=10) as line:
        line.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        received = b""
        while b"\r\n\r\n" not in received and (part := line.recv(4096)):
            received += part
        return received.decode(errors="replace")


def test_a_body_without_a_length_is_refused(served: Running) -> None:
    answer = talk(
        served.server.port,
        "POST /login HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked\n"
        "Content-Type: application/x-www-form-urlencoded",
        b"5\r\nemail\r\n0\r\n\r\n",
    )
    assert answer.startswith("HTTP/1.1 411 ")
    assert served.server.answers()


def test_a_body_over_the_limit_is_refused_with_a_page_that_says_so(served: Running) -> None:
    limit = build_config({"SECRET_KEY": SECRET})["MAX_CONTENT_LENGTH"]
    answer = served.alice.ask("POST", "/career/positions", {"summary": "x" * limit})
    assert answer.status == 413
    assert "<!doctype html" in answer.text.lower()
    assert "larger than" in answer.text
    assert served.server.answers()


def test_a_body_that_ends_early_harms_nobody(served: Running) -> None:
    with socket.create_connection((HOST, served.server.port), timeout=10) as line:
        line.sendall(
            b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\nemail=a"
        )
    assert served.server.answers()


# Odd bytes: an answer, never a 500

ODD = {
    "NUL": b"a\x00b",
    "lone surrogate": b"\xed\xa0\x80",
    "no UTF-8": b"\xff\xfe\xc3(",
    "controls": b"\x1b[2J\x7f\r\n\x0b",
    "marks": "\u202eabc\u2066\U0001f9d7\U000e0001\uffff{{7*7}}<script>'\"%s%(x)s".encode(),
    "long": b"9" * 40_000,
    "minus": b"-1",
    "not a number": b"NaN",
    "more than all": b"1e99999",
    "first day": b"0001-01-01",
    "last day": b"9999-12-31",
}

# What the pages read from a query.
ASKED = (
    *("q", "kind", "state", "milestone", "roadmap", "page", "sort"),
    *("visibility", "skill", "next", "link", "way", "to"),
)


@pytest.mark.parametrize("odd", ODD)
def test_odd_bytes_in_a_form_are_answered(odd: str, app: Flask, snapshot: Snapshot) -> None:
    """Each field of each form of the manifest, one after another, with everything else right."""
    ids, browser = snapshot.ids, snapshot.browsers(app)["alice"]
    seal = browser.csrf()
    wrong = []
    for change in CHANGES:
        if change.permission == "public" or change.rule == "/account/email":
            continue  # those that end the session, or count tries
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
                headers={"X-CSRFToken": seal},
            )
            if answer.status_code >= 500:
                wrong.append(f"{change.title} {name}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("odd", ODD)
def test_odd_bytes_in_an_address_are_answered(odd: str, app: Flask, snapshot: Snapshot) -> None:
    """In each part of each path of the manifest, in the query, and in what a browser sends."""
    ids, browser = snapshot.ids, snapshot.browsers(app)["alice"]
    bytes_ = quote_from_bytes(ODD[odd][:2000], safe="")
    rules = app.url_map.bind("localhost")
    addresses: set[str] = set()
    unmatched: dict[str, str] = {}
    for page in PAGES:
        path = page.of(ids).partition("?")[0]
        parts = path.split("/")[1:]
        for at in range(len(parts)):
            first, *more = [*parts[:at], bytes_, *parts[at + 1 :]]
            address = "/" + "/".join([first, *more])
            if rules.test(unquote(address, errors="replace")):
                addresses.add(address)
            else:
                # What no rule matches is answered by the same page, whatever else is in the path.
                unmatched[first] = address
        addresses.add(f"{path}?" + "&".join(f"{name}={bytes_}" for name in ASKED))
    wrong = []
    for number, address in enumerate(sorted(addresses | set(unmatched.values()))):
        # Each is asked for as a page with every other value, and as a fragment with those between.
        answer = browser.get(address, fragment=(number + list(ODD).index(odd)) % 2 == 1)
        if answer.status_code >= 500:
            wrong.append(f"{address[:80]}: {answer.status_code}")
    text = ODD[odd][:2000].decode("latin-1").replace("\r", "").replace("\n", "")
    for header in ("If-None-Match", "Accept-Language", "User-Agent", "Referer", "HX-Current-URL"):
        answer = browser.get("/account", headers={header: text})
        if answer.status_code >= 500:
            wrong.append(f"{header}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


# A full disk


def limit_files(server: Server, most: int) -> None:
    """What the running workers may make of any file, in bytes: beyond it the disk is full."""
    for pid in server.workers():
        _soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, hard))


@pytest.mark.sqlite
def test_a_full_disk_is_told_and_writes_resume_by_themselves(served: Running) -> None:
    key, other = milestone_keys(served.app)[:2]
    assert served.alice.tick(key).status in (200, 303)
    served.server.wait_for_workers()
    limit_files(served.server, 1024)
    try:
        for _ in range(6):  # both workers, more than once
            answer = served.alice.tick(other)
            assert answer.status == 507, answer.text[:300]
            assert "no space left" in answer.text
            reading = served.alice.ask("GET", "/roadmaps/" + SLUG)
            assert reading.status == 200
            assert served.server.answers("/readyz")
        assert statuses(served.app, served.cast.alice) == {key: "done"}
    finally:
        limit_files(served.server, resource.RLIM_INFINITY)
    for _ in range(6):
        assert served.alice.tick(other).status in (200, 303)
    assert statuses(served.app, served.cast.alice)[other] == "done"


# A database that takes no writes: a standby, a disk that is full


@contextlib.contextmanager
def reading_only(app: Flask) -> Iterator[None]:
    """Let new connections of this application read and not write."""
    with app.app_context():
        engine = db.engine
    is_sqlite = engine.dialect.name == "sqlite"
    only = "PRAGMA query_only=ON" if is_sqlite else "SET default_transaction_read_only=on"

    def connected(connection: Any, _record: object) -> None:
        connection.execute(only)
        if not is_sqlite:
            connection.commit()

    engine.dispose()
    sa.event.listen(engine, "connect", connected)
    try:
        yield
    finally:
        sa.event.remove(engine, "connect", connected)
        engine.dispose()


def test_a_read_goes_on_where_what_it_notes_beside_cannot_be_written(
    app: Flask, cast: Cast, now: dt.datetime, caplog: pytest.LogCaptureFixture
) -> None:
    """That a session, token or link is in use, and how often somebody was refused."""
    alice, token = BrowserClient.of(app, cast.alice), ApiClient.of(app, cast.alice)
    alice.post("/portfolio/links", {"label": "Panel", "lives": "30"})
    [link] = set(
        re.findall(r'value="http://localhost(/p/[^"]+)"', alice.get("/portfolio/links").text)
    )
    for _again in range(2):
        assert alice.get("/admin").status_code == 403
    with time_machine.travel(now + dt.timedelta(minutes=15)), reading_only(app):
        assert alice.get("/evidence").status_code == 200
        assert alice.get("/admin").status_code == 403
        assert token.get("/me").status_code == 200
        assert BrowserClient.of(app, None).get(link).status_code == 200
        # What is meant to be written is refused, and so is an export, which has to leave a line.
        assert alice.post("/evidence", form_fields()).status_code == 503
        assert alice.get("/portfolio/export/markdown").status_code == 503
    lost = [line.getMessage() for line in caplog.records if "not recorded" in line.getMessage()]
    for what in ("refusals [", "session ", "token ", "public link "):
        assert any(what in line for line in lost), what
    assert not [line for line in caplog.records if line.exc_info], "a traceback"


# A database that is gone


def until(seconds: float, what: str, server: Server, path: str, wanted: int) -> float:
    """Asks until the status is the wanted one; returns how long that took."""
    began = time.monotonic()
    while True:
        status = server.status(path, timeout=seconds + 5)
        took = time.monotonic() - began
        if status == wanted:
            return took
        assert took < seconds, f"{what}: {status} after {took:.1f} s"
        time.sleep(0.05)


@pytest.mark.postgres
@pytest.mark.slow
def test_a_database_that_stops_and_comes_back(tmp_path: Path) -> None:
    """503 within ten seconds; back within five, without a restart; nothing lost."""
    with ExitStack() as stack:
        postgres = stack.enter_context(own_postgres())
        app = make_app(postgres.url, tmp_path)
        fill_database(app)
        server = Server(postgres.url, tmp_path)
        stack.callback(lambda: dispose(app))
        stack.callback(server.kill)
        server.start()
        cast = on_the_way(app)
        alice = Visitor(server, app, cast.alice)
        key, other = milestone_keys(app)[:2]
        assert alice.tick(key).status in (200, 303)
        dispose(app)
        postgres.stop()
        for path in ("/readyz", "/readyz", "/"):
            began = time.monotonic()
            answer = alice.ask("GET", path)
            assert answer.status == 503, path
            assert time.monotonic() - began < 10
        assert "cannot reach its data" in answer.text
        began = time.monotonic()
        assert alice.tick(other).status == 503
        assert time.monotonic() - began < 10
        assert server.answers("/healthz"), "the process is well, whatever the database is"
        postgres.start()
        until(5, "back", server, "/readyz", 200)
        for _ in range(6):  # every worker has found it again
            assert alice.tick(other).status in (200, 303)
        assert statuses(app, cast.alice) == {key: "done", other: "done"}


def dispose(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()


# A server that is killed, and one that is asked to end


@dataclass
class Ledger:
    """What was sent for each milestone, and what of it was acknowledged, in order."""

    sent: dict[str, str] = field(default_factory=dict)
    acknowledged: dict[str, str] = field(default_factory=dict)


def tick_until_it_dies(alice: Visitor, keys: list[str], ledger: Ledger, count: list[int]) -> None:
    """One browser: ticks and unticks its own milestones until no answer comes any more, or 503."""
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
    kill: Callable[[], object], alice: Visitor, app: Flask, person: object, ledgers: list[Ledger]
) -> int:
    """Kill while four browsers tick; return how many ticks were acknowledged, and not lost."""
    keys, count = milestone_keys(app), [0]
    browsers = [
        threading.Thread(target=tick_until_it_dies, args=(alice, keys[at::4], ledger, count))
        for at, ledger in enumerate(ledgers)
    ]
    dispose(app)
    for browser in browsers:
        browser.start()
    deadline = time.monotonic() + 10
    while count[0] < 12 and time.monotonic() < deadline:
        time.sleep(0.002)
    kill()
    for browser in browsers:
        browser.join()
    assert count[0] >= 12, "too few ticks went through to say anything"
    stored = statuses(app, person)
    for ledger in ledgers:
        for key, status in ledger.acknowledged.items():
            # The last one sent may have arrived although its answer did not.
            assert stored.get(key) in (status, ledger.sent[key]), key
            ledger.acknowledged[key] = stored[key]
    return count[0]


@pytest.mark.slow
@pytest.mark.parametrize("kills", [KILLS, pytest.param(MANY_KILLS, marks=pytest.mark.faults)])
def test_no_acknowledged_tick_is_lost_when_the_server_is_killed(kills: int, tmp_path: Path) -> None:
    with run_server(tmp_path) as (server, app):
        cast = on_the_way(app)
        alice = Visitor(server, app, cast.alice)
        ledgers = [Ledger() for _ in range(4)]
        total = 0
        for _round in range(kills):
            total += tick_and_kill(server.kill, alice, app, cast.alice, ledgers)
            server.start()
        print(f"{kills} kills of the server, none of {total} acknowledged ticks lost")
        assert server.answers("/readyz")
        if db_is_sqlite(app):
            assert integrity(app) == "ok"


@pytest.mark.faults
@pytest.mark.parametrize("what", ["PostgreSQL", "both"])
def test_no_acknowledged_tick_is_lost_when_postgresql_is_killed(what: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        postgres = stack.enter_context(own_postgres(durable=True))
        app = make_app(postgres.url, tmp_path)
        fill_database(app)
        stack.callback(lambda: dispose(app))
        server = Server(postgres.url, tmp_path)
        stack.callback(server.kill)
        server.start()
        cast = on_the_way(app)
        alice = Visitor(server, app, cast.alice)
        ledgers = [Ledger() for _ in range(4)]

        def kill() -> None:
            if what == "both":
                server.kill()
            postgres.kill()
            postgres.start()

        total = 0
        for _round in range(POSTGRES_KILLS // 2):
            total += tick_and_kill(kill, alice, app, cast.alice, ledgers)
            if what == "both":
                server.start()
            until(10, "back", server, "/readyz", 200)
        print(f"{POSTGRES_KILLS // 2} kills, none of {total} acknowledged ticks lost")


def db_is_sqlite(app: Flask) -> bool:
    with app.app_context():
        return db.engine.dialect.name == "sqlite"


def integrity(app: Flask) -> str:
    with app.app_context(), db.engine.connect() as connection:
        found: str = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
        return found


def test_a_request_under_way_is_finished_before_the_server_ends(tmp_path: Path) -> None:
    with run_server(tmp_path) as (server, app):
        cast = on_the_way(app)
        alice = Visitor(server, app, cast.alice)
        key = milestone_keys(app)[0]
        body = b"status=done"
        with socket.create_connection((HOST, server.port), timeout=15) as line:
            head = [
                f"PUT {MILESTONES}{key}/status HTTP/1.1",
                f"Host: {HOST}:{server.port}",
                f"Content-Length: {len(body)}",
                "Content-Type: application/x-www-form-urlencoded",
                # The answer to this shows that a worker has begun to read the body.
                "Expect: 100-continue",
                *(f"{name}: {value}" for name, value in alice.headers().items()),
            ]
            line.sendall("\r\n".join(head).encode() + b"\r\n\r\n")
            assert line.recv(4096).startswith(b"HTTP/1.1 100 ")
            line.sendall(body[:4])
            # As a terminal does on Ctrl-C and systemd on stop: every process gets the signal, and
            # the workers get it again from the main process.
            server.signal_all(signal.SIGTERM)
            until_closed(server)
            server.signal_all(signal.SIGINT)
            ending = threading.Thread(target=server.stop)
            ending.start()
            line.sendall(body[4:])
            answer = line.recv(4096).decode()
        ending.join()
        assert answer.startswith(("HTTP/1.1 303", "HTTP/1.1 200")), answer[:200]
        assert statuses(app, cast.alice) == {key: "done"}
        assert server.process is not None
        assert server.process.returncode == 0
        with app.app_context():
            assert db.session.get(User, cast.alice) is not None


def test_a_server_asked_to_end_while_it_starts_ends_at_once(tmp_path: Path) -> None:
    with run_server(tmp_path) as (server, _app):
        server.stop()
        for _ in range(2):
            server.start()  # one worker answers, the other may be loading the application still
            began = time.monotonic()
            assert server.stop() == 0, server.log.read_text()
            assert time.monotonic() - began < 10
        assert "refused to gracefully stop" not in server.log.read_text()


def until_closed(server: Server) -> None:
    """Waits until the server answers no new connection, whether or not it is accepted."""
    deadline = time.monotonic() + 10
    while server.answers(timeout=1):
        assert time.monotonic() < deadline, (
            f"it still answers after SIGTERM: {server.log.read_text()}"
        )
        time.sleep(0.02)
