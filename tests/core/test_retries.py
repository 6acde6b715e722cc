"""Transactions that lose a conflict are retried, on a real PostgreSQL; clients see one response.

Two conflicts are tested: two requests that lock two people in opposite order, and a serialization
failure after another transaction changes a row that was read.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa
from flask import Flask, flash, g, request, session
from flask.testing import FlaskClient
from sqlalchemy import event

from roadmap import create_app
from roadmap.core.database import db
from roadmap.core.dates import PartialDate
from roadmap.core.retries import MAX_RETRIES, RetryMiddleware
from roadmap.core.web import now
from roadmap.evidence import actions as evidence
from roadmap.evidence.rules import EvidenceInput
from roadmap.notifications.models import Notification
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user
from roadmap.people.models import HistoryEntry, Team, User
from roadmap.people.permissions import permit
from roadmap.people.queries import find_team
from tests.support.browser_client import BrowserClient


def postgres(test):
    """Mark a test as PostgreSQL only."""
    return pytest.mark.postgres(pytest.mark.usefixtures("on_postgres")(test))


@pytest.fixture
def on_postgres(app: Flask) -> None:
    with app.app_context():
        if db.engine.dialect.name != "postgresql":
            pytest.skip("TEST_DATABASE_URL names no PostgreSQL")


WAIT_SECONDS = 20  # limit of waiting for the other thread


@dataclass
class Trial:
    """An application with views that conflict, and a record of their runs."""

    app: Flask
    # The number of runs of `/lose` that fail before one succeeds.
    losses: int = 0
    runs: list[dict[str, object]] = field(default_factory=list)
    # The two requests of `/cross` wait here for each other, in their first run only.
    meeting: threading.Barrier = field(default_factory=lambda: threading.Barrier(2))

    def client(self) -> FlaskClient:
        return self.app.test_client()

    def note_run(self) -> None:
        self.runs.append(
            {
                "thread": threading.get_ident(),
                "body": request.get_data(cache=True),
                "moment": now(),
                "flashes": list(session.get("_flashes", [])),
                "first of its g": "seen" not in g,
            }
        )
        g.seen = True

    def is_first_run(self) -> bool:
        mine = [run for run in self.runs if run["thread"] == threading.get_ident()]
        return len(mine) == 1


@pytest.fixture
def trial(app: Flask, database_url: str, cast, tmp_path) -> Iterator[Trial]:
    trial_app = create_app(
        {
            "SECRET_KEY": "a secret of the tests, long enough",
            "DATABASE_URL": database_url,
            "DATA_DIR": str(tmp_path),
            "TESTING": True,
            # As on a server, an error becomes a page.
            "PROPAGATE_EXCEPTIONS": False,
            "WTF_CSRF_ENABLED": False,
            "RATELIMIT_ENABLED": False,
        }
    )
    trial = Trial(trial_app)
    people = [cast.alice, cast.bob]

    def write(user_id) -> None:
        lock_user(db.session, user_id)
        record_history(
            db.session, user_id=user_id, by=user_id, action="plan.set", subject="x", now=now()
        )

    @permit("public")
    def cross() -> str:
        """Lock both users, starting with the one of the query."""
        trial.note_run()
        first, second = people if request.args["first"] == "alice" else reversed(people)
        write(first)
        if trial.is_first_run():
            trial.meeting.wait(WAIT_SECONDS)
        if request.args.get("at") == "commit":
            # As the stored summary, which is written when the commit begins.
            event.listen(db.session, "before_commit", lambda _session: write(second), once=True)
        else:
            write(second)
        flash("written")
        return f"text={request.form['text']}"

    @permit("public")
    def lose() -> str:
        """Read a user whose row another transaction changes before this request does."""
        trial.note_run()
        connection = db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        connection.execute(sa.select(User.version).where(User.id == cast.alice))
        if len(trial.runs) <= trial.losses:
            with db.own_transaction() as another:
                lock_user(another, cast.alice)
        write(cast.alice)
        flash("written")
        return request.get_data(as_text=True)

    for path, view in (("/cross", cross), ("/lose", lose), ("/api/v1/lose", lose)):
        trial_app.add_url_rule(path, path, view, methods=["GET", "POST", "PUT"])
    yield trial
    with trial_app.app_context():
        db.engine.dispose()


def count_history_entries(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).select_from(HistoryEntry)) or 0


def run_in_threads(*calls: Callable[[], object]) -> list[object]:
    """Make each call in a separate thread and return the results."""
    answers: list[object] = [None] * len(calls)

    def run(place: int, call: Callable[[], object]) -> None:
        answers[place] = call()

    threads = [
        threading.Thread(target=run, args=pair, name=str(pair[0])) for pair in enumerate(calls)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@postgres
@pytest.mark.parametrize("at", ["view", "commit"])
def test_both_requests_of_a_deadlock_succeed(trial, caplog, at):
    with caplog.at_level(logging.WARNING):
        one, other = run_in_threads(
            lambda: trial.client().post(f"/cross?first=alice&at={at}", data={"text": "mine"}),
            lambda: trial.client().post(f"/cross?first=bob&at={at}", data={"text": "yours"}),
        )
    assert (one.status_code, other.status_code) == (200, 200)
    assert (one.text, other.text) == ("text=mine", "text=yours")
    assert len(trial.runs) == 3, "one request is retried"
    assert count_history_entries(trial.app) == 4, "each request writes to both users once"
    assert "deadlock detected" in caplog.text
    # Operators need not act on a handled conflict.
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@postgres
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize("losses", [1, MAX_RETRIES])
def test_retried_request_is_unchanged_and_writes_once(trial, method, losses):
    trial.losses = losses
    body = b"x" * 200_000
    client = trial.client()
    answer = client.open("/lose", method=method, data=body, content_type="text/plain")
    assert answer.status_code == 200
    assert answer.data == body
    assert [run["body"] for run in trial.runs] == [body] * (losses + 1)
    assert all(run["first of its g"] for run in trial.runs)
    assert len({run["moment"] for run in trial.runs}) == losses + 1, "the clock is read again"
    assert not any(run["flashes"] for run in trial.runs)
    with client.session_transaction() as kept:
        assert kept["_flashes"] == [("message", "written")], "flashed once"
    assert count_history_entries(trial.app) == (0 if method == "GET" else 1)


@postgres
@pytest.mark.parametrize("path", ["/lose", "/api/v1/lose"])
def test_request_that_keeps_conflicting_gets_503(trial, caplog, path):
    trial.losses = 100
    client = trial.client()
    with caplog.at_level(logging.WARNING):
        answer = client.post(path, data={"text": "mine"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "is lost" in answer.text
    assert answer.headers["Content-Security-Policy"]
    assert len(trial.runs) == MAX_RETRIES + 1
    assert count_history_entries(trial.app) == 0
    last = caplog.records[-1]
    assert (last.levelname, last.message.partition(":")[0]) == ("ERROR", "database unavailable")
    # The next request is served as usual.
    trial.losses = 0
    assert client.post(path).status_code == 200


@postgres
def test_request_is_retried_after_a_migration_changed_a_column(trial):
    """As for the previous release, which keeps running on the new schema."""

    @permit("public")
    def read() -> str:
        trial.note_run()
        return str(db.session.scalar(sa.text("SELECT name FROM migrated")))

    trial.app.add_url_rule("/read", "read", read)
    client = trial.client()
    with trial.app.app_context():
        migrating = sa.create_engine(db.engine.url)
    try:
        with migrating.begin() as connection:
            connection.execute(sa.text("CREATE TABLE migrated AS SELECT 'row'::varchar(9) AS name"))
        before = [client.get("/read").text for _ in range(8)]
        with migrating.begin() as connection:
            connection.execute(sa.text("ALTER TABLE migrated ALTER name TYPE varchar(99)"))
        assert client.get("/read").text == before[0] == "row"
        assert len(trial.runs) == len(before) + 2
    finally:
        with migrating.begin() as connection:
            connection.execute(sa.text("DROP TABLE IF EXISTS migrated"))
        migrating.dispose()


@postgres
def test_other_errors_are_not_retried(trial):
    @permit("public")
    def broken() -> str:
        trial.note_run()
        db.session.execute(sa.text("SELECT 1 / 0"))
        return ""

    trial.app.add_url_rule("/broken", "/broken", broken)
    assert trial.client().get("/broken").status_code == 500
    assert len(trial.runs) == 1


@postgres
def test_too_large_body_gets_413(trial):
    answer = trial.client().post("/lose", data={"text": "x" * 1_000_001})
    assert answer.status_code == 413
    assert "half a megabyte" in answer.text


@postgres
def test_team_move_and_deletion_at_the_same_time_both_succeed(app, session, cast):
    """One request waits for the other. The team is deleted either way, and Dave, who no longer
    manages Alice, keeps no notification about her."""
    ranking = find_team(session, "ranking")
    ranking.parent_id = cast.other_team
    fields = EvidenceInput(
        kind="talk",
        title="A talk",
        occurred_on=PartialDate("2026-01-05"),
        visibility="team",
        url="https://example.org/talk",
    )
    alice, moment = cast.actor(session, cast.alice), dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    entry = evidence.create(
        session, alice.id, fields, milestones=["internal-tech-talks"], by=alice, now=moment
    )
    evidence.submit(session, entry, by=alice, now=moment)
    session.commit()
    assert cast.dave in set(session.scalars(sa.select(Notification.user_id)))
    session.rollback()

    deleting, moving = BrowserClient.of(app, cast.erin), BrowserClient.of(app, cast.erin)
    deleting.csrf(), moving.csrf()
    took_back, teams_held = threading.Event(), threading.Event()

    def before(_connection, _cursor, statement, *_more) -> None:
        name = threading.current_thread().name
        if name == "0" and statement.startswith("DELETE FROM team "):
            took_back.set()
            teams_held.wait(WAIT_SECONDS)
        elif name == "1" and "FROM team" in statement and "FOR UPDATE" in statement:
            # Start while the deletion holds the locks.
            took_back.wait(WAIT_SECONDS)
            teams_held.set()

    event.listen(db.engine, "before_cursor_execute", before)
    try:
        deleted, moved = run_in_threads(
            lambda: deleting.delete("/admin/teams/ranking"),
            lambda: moving.put("/admin/teams/ranking", {"name": "Ranking", "parent": ""}),
        )
    finally:
        event.remove(db.engine, "before_cursor_execute", before)
    assert deleted.status_code == 303
    assert moved.status_code in (303, 404), "moved before or after the deletion"
    with app.app_context():
        assert set(db.session.scalars(sa.select(Team.slug))) == {"vision"}
        # Its members are notified of the deletion, and so is Dave if the team was still below his.
        told = db.session.execute(sa.select(Notification.user_id, Notification.kind)).all()
        assert {kind for user, kind in told if user != cast.dave} == {"team_deleted"}
        assert {kind for user, kind in told if user == cast.dave} <= {"team_below_deleted"}


@pytest.mark.sqlite
def test_sqlite_app_has_no_retry_middleware(app):
    layer = app.wsgi_app
    while layer is not None:
        assert not isinstance(layer, RetryMiddleware)
        layer = getattr(layer, "app", None)
