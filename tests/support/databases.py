"""Databases for tests: SQLite files, or databases on the server that ``TEST_DATABASE_URL`` names.

Migrating and publishing take over a second, so a process does both once; what needs a database
with the schema and the shipped content gets a copy.
"""

from __future__ import annotations

import atexit
import contextlib
import datetime as dt
import functools
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from roadmap import create_app
from roadmap.catalog.actions import publish_shipped
from roadmap.core.database import db
from roadmap.core.migrations import upgrade
from roadmap.core.types import Base
from tests.support.postgres import create_database, drop_database

SECRET = "a secret of the tests, long enough"
# The tables of the shipped content, which stays between tests.
CATALOG = ("roadmap", "roadmap_revision", "milestone", "skill", "alembic_version")
# The shipped content is older than anything that a test does.
PUBLISHED_AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def make_app(database_url: str, folder: Path) -> Flask:
    """An application in this process on that database.

    It shares database and secret with the server, so that a test can write what a page reads.
    """
    return create_app({"SECRET_KEY": SECRET, "DATABASE_URL": database_url, "DATA_DIR": str(folder)})


def fill_database(app: Flask) -> None:
    """Create the schema and publish the shipped content. Leaves no connection open."""
    with app.app_context():
        upgrade()
        publish_shipped(db.session, now=PUBLISHED_AT)
        db.session.commit()
        db.session.close()
        if db.engine.dialect.name == "sqlite":
            # Everything in one file, so that it can be copied.
            with db.engine.connect() as connection:
                connection.commit()
                raw: Any = connection.connection.driver_connection
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        db.engine.dispose()


@contextlib.contextmanager
def memory_folder() -> Iterator[Path]:
    """Make a temporary folder in memory where the system has a place for it.

    Waiting for the disk is what costs most, and nothing here has to survive a power cut.
    """
    memory = Path("/dev/shm")  # noqa: S108 - a folder with a random name is made in it
    with tempfile.TemporaryDirectory(
        prefix="cairn-", dir=memory if memory.is_dir() else None
    ) as folder:
        yield Path(folder)


@contextlib.contextmanager
def temporary_database(folder: Path, *, template: str | None = None) -> Iterator[str]:
    """The URL of a database that is gone afterwards: empty, or a copy of the template."""
    server = os.environ.get("TEST_DATABASE_URL")
    if not server:
        file = folder / "served.sqlite3"
        if template is not None:
            shutil.copyfile(template, file)
        yield f"sqlite:///{file}"
        return
    name = f"served_{uuid.uuid4().hex[:12]}"
    yield create_database(server, name, template)
    drop_database(server, name)


def ready_database(folder: Path) -> contextlib.AbstractContextManager[str]:
    """The URL of a database with the schema and the shipped content, gone afterwards."""
    return temporary_database(folder, template=_template())


@functools.cache
def _template() -> str:
    """What `ready_database` copies, made once: a file's path, or a name on the server."""
    until_exit = contextlib.ExitStack()
    atexit.register(until_exit.close)
    folder = until_exit.enter_context(memory_folder())
    server = os.environ.get("TEST_DATABASE_URL")
    if not server:
        file = folder / "template.sqlite3"
        fill_database(make_app(f"sqlite:///{file}", folder))
        return str(file)
    name = f"template_{uuid.uuid4().hex[:12]}"
    fill_database(make_app(create_database(server, name), folder))
    until_exit.callback(drop_database, server, name)
    return name


def wipe(engine: sa.Engine) -> None:
    """Delete every row but the shipped content, from the tables that have any."""
    tables = [table.name for table in Base.metadata.tables.values() if table.name not in CATALOG]
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            raw: Any = connection.connection.driver_connection
            raw.execute("PRAGMA foreign_keys=OFF")
            raw.execute("BEGIN IMMEDIATE")
            for name in tables:
                raw.execute(f'DELETE FROM "{name}"')
            raw.execute("COMMIT")
            raw.execute("PRAGMA foreign_keys=ON")
            return
        # Not TRUNCATE: it gives every table and index new files, which takes ten times as long.
        filled = connection.exec_driver_sql(
            " UNION ALL ".join(
                f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in tables
            )
        ).scalars()
        deletions = [f'DELETE FROM "{name}"' for name in filled]
        if deletions:
            # Evidence and its versions name each other: no order of tables satisfies both.
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            connection.exec_driver_sql("; ".join(deletions))
        connection.commit()
