"""Databases for tests: SQLite files, or databases on the server at ``TEST_DATABASE_URL``.

Migrating and publishing take over a second, so each process does both once and copies the result.
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
from collections.abc import Callable, Iterator, Sequence
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
# Tables of the shipped content, which is kept between tests.
CATALOG = ("roadmap", "roadmap_revision", "milestone", "skill", "alembic_version")
# Earlier than anything a test does.
PUBLISHED_AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def make_app(database_url: str, folder: Path) -> Flask:
    """Create an application in this process for a database.

    It shares the database and secret key with the server, so a test can write data a page shows.
    """
    return create_app({"SECRET_KEY": SECRET, "DATABASE_URL": database_url, "DATA_DIR": str(folder)})


def fill_database(app: Flask) -> None:
    """Create the schema, publish the shipped content and close all connections."""
    with app.app_context():
        upgrade()
        publish_shipped(db.session, now=PUBLISHED_AT)
        db.session.commit()
        db.session.close()
        if db.engine.dialect.name == "sqlite":
            # Move everything into one file, so that it can be copied.
            with db.engine.connect() as connection:
                connection.commit()
                raw: Any = connection.connection.driver_connection
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        db.engine.dispose()


@contextlib.contextmanager
def memory_folder() -> Iterator[Path]:
    """Create a temporary folder, in memory if the system has /dev/shm.

    Disk waits dominate the run time, and test data does not have to survive a power cut.
    """
    memory = Path("/dev/shm")  # noqa: S108 - a folder with a random name is made in it
    with tempfile.TemporaryDirectory(
        prefix="cairn-", dir=memory if memory.is_dir() else None
    ) as folder:
        yield Path(folder)


@contextlib.contextmanager
def temporary_database(folder: Path, *, template: str | None = None) -> Iterator[str]:
    """Create a database, empty or copied from `template`; yield its URL and drop it afterwards."""
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
    """Create a temporary database with the schema and the shipped content; yield its URL."""
    return temporary_database(folder, template=_template())


@functools.cache
def _template() -> str:
    """Return the template of `ready_database`, created once: a file path or a database name."""
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


@contextlib.contextmanager
def without_foreign_keys(engine: sa.Engine) -> Iterator[Callable[[Sequence[str]], object]]:
    """Yield a function that executes statements in one transaction without foreign key checks.

    Evidence and its versions reference each other, so no insert order satisfies both.
    """
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        if engine.dialect.name == "sqlite":
            raw.execute("PRAGMA foreign_keys=OFF")
            raw.execute("BEGIN IMMEDIATE")
            yield lambda statements: [raw.execute(statement) for statement in statements]
            raw.execute("COMMIT")
            raw.execute("PRAGMA foreign_keys=ON")
        else:
            # All in one message: a round trip takes longer than a statement.
            yield lambda statements: raw.execute(
                "; ".join(["SET LOCAL session_replication_role = replica", *statements])
            )
            raw.commit()


def wipe(engine: sa.Engine) -> None:
    """Delete all rows except the shipped content."""
    # TRUNCATE creates new files for every table and index and takes ten times as long.
    with without_foreign_keys(engine) as execute:
        execute([f'DELETE FROM "{name}"' for name in Base.metadata.tables if name not in CATALOG])
