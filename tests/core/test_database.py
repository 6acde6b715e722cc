"""Settings of the application's connections, as reported by the database."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from roadmap import create_app
from roadmap.core.database import db
from tests.support.api_client import ApiClient
from tests.support.browser_client import BrowserClient
from tests.support.cast import Cast


@pytest.fixture
def engine(app: Flask) -> sa.Engine:
    with app.app_context():
        return db.engine


def empty_app(folder: Path) -> Flask:
    """Make an application with a separate, empty database."""
    path = folder / "app.sqlite3"
    path.touch()
    return create_app(
        {
            "SECRET_KEY": "a secret of the tests, long enough",
            "DATABASE_URL": f"sqlite:///{path}",
            "DATA_DIR": str(folder),
        }
    )


def test_sqlite_connection_settings(tmp_path: Path) -> None:
    empty = empty_app(tmp_path)
    kept = {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "busy_timeout": 10_000,
        "foreign_keys": 1,
        "trusted_schema": 0,
    }
    with empty.app_context(), db.engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in kept}
    with empty.app_context():
        db.engine.dispose()
    assert found == kept


def test_failed_commit_releases_the_write_lock(tmp_path: Path) -> None:
    """A deferred foreign key fails the commit, as a full disk would."""
    empty = empty_app(tmp_path)
    with empty.app_context():
        with db.own_transaction() as made:
            made.execute(sa.text("CREATE TABLE above (id INTEGER PRIMARY KEY)"))
            made.execute(
                sa.text(
                    "CREATE TABLE below (above_id INTEGER REFERENCES above"
                    " DEFERRABLE INITIALLY DEFERRED)"
                )
            )
        with pytest.raises(sa.exc.IntegrityError), db.own_transaction() as failing:
            failing.execute(sa.text("INSERT INTO below VALUES (1)"))
        turn = (tmp_path / "app.sqlite3.lock").open()
        fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(turn, fcntl.LOCK_UN)
        with sqlite3.connect(tmp_path / "app.sqlite3", timeout=0) as other:
            other.execute("INSERT INTO above VALUES (1)")
        other.close()
        with db.own_transaction(), pytest.raises(BlockingIOError):  # the next writer gets the lock
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        turn.close()
        db.engine.dispose()


def test_invalidated_connection_releases_the_write_lock(tmp_path: Path) -> None:
    empty = empty_app(tmp_path)
    with empty.app_context():
        with db.engine.connect() as writing:
            writing.execute(sa.text("CREATE TABLE above (id INTEGER PRIMARY KEY)"))
            writing.invalidate()
        with (tmp_path / "app.sqlite3.lock").open() as turn:
            with db.own_transaction(), pytest.raises(BlockingIOError):
                fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        db.engine.dispose()


def test_file_system_without_locks_does_not_block_other_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    empty = empty_app(tmp_path)
    with empty.app_context():
        with monkeypatch.context() as patch:
            patch.setattr(fcntl, "flock", fail)
            with pytest.raises(OSError, match="No locks"), db.own_transaction():
                pass
        monkeypatch.setattr("roadmap.core.sqlite.LOCK_TIMEOUT_SECONDS", 0.1)
        turn = (tmp_path / "app.sqlite3.lock").open()
        with db.own_transaction(), pytest.raises(BlockingIOError):
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        turn.close()
        db.engine.dispose()


@pytest.mark.sqlite
def test_write_transaction_starts_after_authentication(
    app: Flask, cast: Cast, engine: sa.Engine
) -> None:
    milestone = "roadmaps/senior-ml-engineer/milestones/design-doc-for-complex-system"
    browser, api = BrowserClient.of(app, cast.alice), ApiClient.of(app, cast.alice)
    browser.post("/roadmaps/senior-ml-engineer/enrollment")
    api.get("/me")  # records the use of the token
    for table, tick in (
        ("login_session", lambda: browser.put(f"/{milestone}/completion", fragment=True)),
        ("api_token", lambda: api.put(f"/me/{milestone}", {"status": "in_progress"})),
    ):
        seen: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            seen.append(statement)  # noqa: B023 - of this round

        sa.event.listen(engine, "before_cursor_execute", note)
        answer = tick()
        sa.event.remove(engine, "before_cursor_execute", note)
        assert answer.status_code == 200
        sender = next(place for place, text in enumerate(seen) if f"FROM {table}" in text)
        assert seen.index("BEGIN IMMEDIATE") > sender, seen


@pytest.mark.postgres
def test_postgresql_connection_settings(engine: sa.Engine) -> None:
    if engine.dialect.name != "postgresql":
        pytest.skip("TEST_DATABASE_URL names no PostgreSQL")
    kept = {
        "statement_timeout": "15s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "30s",
        "TimeZone": "UTC",
    }
    with engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in kept}
    assert found == kept


@pytest.mark.postgres
def test_connection_closed_by_the_database_is_replaced(engine: sa.Engine) -> None:
    """As after a restart of the database."""
    if engine.dialect.name != "postgresql":
        pytest.skip("TEST_DATABASE_URL names no PostgreSQL")
    engine.dispose()
    with engine.connect() as connection:
        cut = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    other = sa.create_engine(engine.url)
    with other.connect() as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": cut})
    other.dispose()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one() != cut


@pytest.mark.postgres
def test_prepared_statements_survive_a_rollback(engine: sa.Engine) -> None:
    """Most requests end with a rollback, and planning takes longer than most statements."""
    prepared = sa.text("SELECT count(*) FROM pg_prepared_statements")
    numbers = set()
    for _ in range(10):
        with engine.connect() as connection:
            numbers.add(connection.scalar(prepared))
    assert max(numbers) > 0
