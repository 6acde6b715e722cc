"""Migrations with Flask-Alembic. Workers never import this, because Alembic takes 9 MiB."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic.util import CommandError
from flask import Flask
from flask_alembic import Alembic

from roadmap.core.config import ConfigError
from roadmap.core.database import NEWER_SCHEMA, db
from roadmap.core.types import Base

log = logging.getLogger(__name__)

MIGRATION_LOCK = 727_274
NEEDS_NO_POOLER = (
    "ROADMAP_DATABASE_URL names a pooler of connections, through which migrations cannot hold a "
    "lock: name PostgreSQL itself for `.venv/bin/flask --app roadmap db upgrade`."
)
WAITING_MESSAGE = "Another process migrates this database; waiting for it to end."


class SafeAlembic(Alembic):
    """Migrations that preserve child rows and hold a lock against concurrent starts.

    SQLite's batch mode drops and re-creates tables. With foreign keys enabled, ON DELETE CASCADE
    would delete the child rows.
    """

    def run_migrations(self, fn: Callable[..., Any], **kwargs: Any) -> None:
        connection = self.migration_context.connection
        if connection is None:
            raise RuntimeError("migrations need a connection")
        # End the transaction before waiting, because on SQLite it holds the write lock.
        connection.rollback()
        if getattr(connection.connection.driver_connection, "is_pooled", False):
            raise ConfigError(NEEDS_NO_POOLER)
        with _migration_file_lock(connection.engine.url):
            self._run_alone(connection, fn, **kwargs)

    def _run_alone(self, connection: sa.Connection, fn: Callable[..., Any], **kwargs: Any) -> None:
        sqlite = connection.dialect.name == "sqlite"
        raw: Any = connection.connection.driver_connection
        if sqlite:
            raw.execute("PRAGMA foreign_keys=OFF")  # has no effect inside a transaction
        else:
            # Another process may migrate for longer than the default timeouts.
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.exec_driver_sql("SET lock_timeout = 0")
            free = connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({MIGRATION_LOCK})")
            if not free.scalar_one():
                log.warning(WAITING_MESSAGE)
                connection.exec_driver_sql(f"SELECT pg_advisory_lock({MIGRATION_LOCK})")
            connection.exec_driver_sql("RESET lock_timeout")
            connection.commit()
        try:
            super().run_migrations(fn, **kwargs)
            if sqlite and (broken := raw.execute("PRAGMA foreign_key_check").fetchall()):
                raise RuntimeError(f"a migration broke foreign keys: {broken[:5]}")
        finally:
            if connection.in_transaction():
                connection.rollback()
            if sqlite:
                raw.execute("PRAGMA foreign_keys=ON")
            else:
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({MIGRATION_LOCK})")
                connection.exec_driver_sql("RESET statement_timeout")
                connection.commit()


@contextlib.contextmanager
def _migration_file_lock(url: sa.URL) -> Iterator[None]:
    """Hold the lock file of an SQLite database."""
    if not url.drivername.startswith("sqlite"):
        yield
        return
    lock = os.open(f"{url.database}.migrating", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.warning(WAITING_MESSAGE)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _render_item(kind: str, item: Any, _context: Any) -> str | bool:
    """Render plain SQLAlchemy types, so that migrations do not depend on our own types."""
    if kind == "type" and isinstance(item, sa.TypeDecorator):
        return "sa." + repr(item.impl_instance)
    return False


alembic = SafeAlembic(metadatas=Base.metadata, run_mkdir=False)


def init_migrations(app: Flask) -> None:
    app.config["ALEMBIC"] = {
        "script_location": str(app.config["ROOT"] / "migrations"),
        # The date is first, so that files sort in order.
        "file_template": "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s",
        "timezone": "UTC",
    }
    app.config["ALEMBIC_CONTEXT"] = {
        "render_as_batch": True,
        "compare_type": True,
        "render_item": _render_item,
        "compare_server_default": False,  # The two databases report defaults differently.
    }
    alembic.init_app(app)


def applied_revisions() -> set[str]:
    """Return the applied revisions. Raises ConfigError if they are from a newer release."""
    try:
        applied = {script.revision for script in alembic.current()}
    except CommandError:
        raise ConfigError(NEWER_SCHEMA) from None
    # Alembic keeps the connection, whose transaction holds SQLite's write lock.
    if alembic.migration_context.connection is not None:
        alembic.migration_context.connection.rollback()
    return applied


def upgrade(target: str = "heads") -> None:
    """Upgrade the database's schema if it is not current. Raises ConfigError."""
    db.create_file()
    newest = {script.revision for script in alembic.heads()}
    if target != "heads" or applied_revisions() != newest:
        alembic.upgrade(target)
