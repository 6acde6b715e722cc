"""The database: one engine per application, one session per request."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app, g, has_request_context, request
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker

from roadmap.core import sqlite
from roadmap.core.config import ROOT, ensure_data_folder, ensure_private_file
from roadmap.core.types import Base

log = logging.getLogger(__name__)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
NEWER_SCHEMA = (
    "The database has migrations that this release does not know: it is of a newer Cairn. "
    "Put the newer code back, or restore a backup into a new database."
)


def normalize_url(raw: str) -> sa.URL:
    """Return the URL with the psycopg 3 driver for `postgres://` and `postgresql://`."""
    url = sa.make_url(raw)
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    return url


class Database:
    """The connection between Flask and SQLAlchemy."""

    def init_app(self, app: Flask) -> None:
        url = normalize_url(app.config["DATABASE_URL"])
        if url.drivername.startswith("sqlite"):
            engine = sqlite.make_engine(url, _is_writing)
        else:
            from roadmap.core import postgres  # avoids loading its driver for SQLite

            engine = postgres.make_engine(url)
        # Flask-Alembic looks for engines and metadata under this key.
        app.extensions["sqlalchemy"] = SimpleNamespace(
            engines={"default": engine},
            metadata=Base.metadata,
            sessionmaker=sessionmaker(engine, autoflush=False, expire_on_commit=False),
        )
        app.teardown_appcontext(self.discard_session)

    @property
    def engine(self) -> sa.Engine:
        engine: sa.Engine = current_app.extensions["sqlalchemy"].engines["default"]
        return engine

    @property
    def session(self) -> Session:
        """Return the session of this request or application context."""
        if "_db_session" not in g:
            g._db_session = current_app.extensions["sqlalchemy"].sessionmaker()
        session: Session = g._db_session
        return session

    def has_file(self) -> bool:
        """Return whether the SQLite file exists. Always true for PostgreSQL."""
        url = self.engine.url
        return self.engine.dialect.name != "sqlite" or Path(url.database or "").exists()

    def create_file(self) -> None:
        """Create an empty SQLite file if it is missing. Only migrations should call this."""
        url = self.engine.url
        if url.database and self.engine.dialect.name == "sqlite":
            ensure_data_folder(Path(url.database).parent)
            # SQLite itself reports files that cannot be created.
            with contextlib.suppress(OSError):
                ensure_private_file(Path(url.database))

    def rewrite_file(self) -> None:
        """Vacuum the SQLite file, because deleted rows stay in it until they are overwritten."""
        if self.engine.dialect.name != "sqlite":
            return
        connection = self.engine.raw_connection()
        try:
            for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                connection.cursor().execute(statement)
        except sqlite.MODULE.OperationalError as error:
            log.warning("deleted rows stay in the unused parts of the database: %s", error)
        finally:
            connection.close()

    @contextlib.contextmanager
    def read_connection(self) -> Iterator[sa.Connection]:
        """Open a connection for reads before a request knows whether it may write.

        Reading through the session would take SQLite's write lock in an unsafe request.
        """
        if request.method in SAFE_METHODS or self.engine.dialect.name != "sqlite":
            yield self.session.connection()
        else:
            with self.engine.connect() as connection:
                yield connection.execution_options(writes=False)

    @contextlib.contextmanager
    def own_transaction(self) -> Iterator[Session]:
        """Open a separate write transaction. The request's session must not be writing."""
        maker = current_app.extensions["sqlalchemy"].sessionmaker
        with maker() as session:
            session.connection(execution_options={"writes": True})
            yield session
            session.commit()

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """Open a connection with a consistent read-only snapshot of the database."""
        with self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection = connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            else:
                connection = connection.execution_options(writes=False)
            yield connection
            connection.rollback()

    def write_or_log(self, write: Callable[[Session], object], *, what: str) -> None:
        """End the request's transaction and write in another; log if the database is read-only.

        For bookkeeping that must not make the request fail, such as a last-used time. The request
        must not have written anything yet.
        """
        self.session.rollback()
        try:
            with self.own_transaction() as own:
                write(own)
        except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
            reason = str(getattr(error, "orig", error)).splitlines()[0]
            log.error("not recorded, the database takes no writes: %s: %s", reason, what)

    @staticmethod
    def discard_session(_error: BaseException | None = None) -> None:
        """Close the session of this request, if any, and roll back what is not committed."""
        if (session := g.pop("_db_session", None)) is not None:
            session.close()


def _is_writing(connection: sa.Connection) -> bool:
    """Return whether this transaction takes SQLite's write lock when it begins.

    A deferred transaction that upgrades to a write lock can fail at once under load, regardless of
    the busy timeout.
    """
    option = connection.get_execution_options().get("writes")
    if option is not None:
        return bool(option)
    return not has_request_context() or request.method not in SAFE_METHODS


db = Database()


@event.listens_for(Session, "after_soft_rollback")
def _forget_marks(session: Session, transaction: SessionTransaction) -> None:
    """Drop what a transaction that was rolled back marked in `Session.info` for its commit.

    The marks are kept when a savepoint is rolled back, because unnecessary ones do no harm.
    """
    if not transaction.nested:
        session.info.clear()


def count_changed(session: Session, statement: sa.UpdateBase) -> int:
    """Execute an UPDATE or DELETE and return the number of affected rows."""
    # `Session.execute` is typed as returning rows.
    done: Any = session.execute(statement)
    return int(done.rowcount)


def lock_name(session: Session, name: str | int) -> None:
    """Take a transaction-level advisory lock. On SQLite, writers are serialised anyway."""
    if session.get_bind().dialect.name == "postgresql":
        key = name if isinstance(name, int) else sa.func.hashtextextended(name, 0)
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def init_database(app: Flask) -> None:
    db.init_app(app)


class Schema(StrEnum):
    """How the database's schema compares with this release's."""

    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"


def compare_schema() -> Schema:
    """Compare the database's schema with this release's. Runs one statement."""
    # Declared as a read, so that it does not wait for the write lock.
    with db.engine.connect().execution_options(writes=False) as connection:
        rows = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars()
        applied = set(rows)
    if applied == newest_migrations():
        return Schema.CURRENT
    return Schema.OLDER if applied <= _read_migrations("revision") else Schema.NEWER


def newest_migrations() -> frozenset[str]:
    """Return the head migrations."""
    return _read_migrations("revision") - _read_migrations("down_revision")


@cache
def _read_migrations(name: str) -> frozenset[str]:
    """Return each migration's `revision` or `down_revision`. Avoids Alembic, which takes 9 MiB."""
    texts = [path.read_text("utf-8") for path in (ROOT / "migrations").glob("*.py")]
    pattern = re.compile(rf'^{name} = "(\w+)"', re.MULTILINE)
    return frozenset(found for text in texts for found in pattern.findall(text))


def describe_database() -> str:
    """Return the database product and version as one line for the log."""
    engine = db.engine
    if engine.dialect.name == "sqlite":
        is_fixed = sqlite.MODULE.sqlite_version_info >= sqlite.WAL_RESET_FIXED
        note = "" if is_fixed else " (has the WAL-reset bug, see the operator's guide)"
        return f"SQLite {sqlite.MODULE.sqlite_version}{note}"
    with engine.connect() as connection:
        return "PostgreSQL " + str(connection.exec_driver_sql("SHOW server_version").scalar())
