"""Each migration goes up and down with data in the tables, and the models equal the newest one.

On a database of its own: SQLite, or PostgreSQL where `TEST_DATABASE_URL` names one.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from roadmap import create_app
from roadmap.catalog.actions import sync_shipped
from roadmap.core import config
from roadmap.core.database import alembic, db, schema_is_current, upgrade
from tests.support.cast import Cast
from tests.support.furnish import furnish
from tests.support.server import SECRET, own_database

FOLDER = config.ROOT / "migrations"
FILES = sorted(FOLDER.glob("*.py"))


def make_app(url: str, folder: Path) -> Flask:
    return create_app({"SECRET_KEY": SECRET, "DATABASE_URL": url, "DATA_DIR": str(folder)})


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Flask]:
    """An application on an empty database."""
    with own_database(tmp_path) as url:
        app = make_app(url, tmp_path)
        with app.app_context():
            yield app
            db.session.close()
            db.engine.dispose()


def revisions() -> list[str]:
    """From the first to the newest."""
    return [script.revision for script in alembic.script_directory.walk_revisions()][::-1]


def differences() -> list[object]:
    """What autogeneration would write into the next migration."""
    found = list(alembic.compare_metadata())
    # The connection that Alembic keeps would hold its transaction, and with it the writers' lock.
    alembic.migration_context.connection.rollback()
    return found


def rows() -> dict[str, int]:
    """How many rows each table holds."""
    count = sa.select(sa.func.count())
    with db.engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        return {
            name: connection.execute(count.select_from(sa.table(name))).scalar_one()
            for name in names
            if name != "alembic_version"
        }


def broken_keys() -> list[tuple[object, ...]]:
    """Foreign keys that point nowhere. PostgreSQL allows none at any time."""
    if db.engine.dialect.name != "sqlite":
        return []
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql("PRAGMA foreign_key_check")]


def fill() -> dict[str, int]:
    now = dt.datetime.now(dt.UTC)
    sync_shipped(db.session, now=now)
    db.session.commit()
    furnish(db.session, Cast.create(db.session), now)
    db.session.close()
    return rows()


def test_the_models_equal_the_newest_migration(bare: Flask) -> None:
    upgrade()
    assert differences() == []
    assert schema_is_current()


def test_an_old_schema_is_noticed(bare: Flask) -> None:
    upgrade()
    with db.engine.connect() as connection:
        connection.execution_options(writes=True)
        connection.execute(sa.text("DELETE FROM alembic_version"))
        connection.commit()
    assert not schema_is_current()


def test_each_migration_goes_down_and_up_again_with_data_in_the_tables(bare: Flask) -> None:
    upgrade()
    before = fill()
    assert all(before[name] for name in ("user", "evidence", "milestone_status", "assessment"))
    all_revisions = revisions()
    for place in range(len(all_revisions) - 1, -1, -1):
        below = all_revisions[place - 1] if place else "base"
        alembic.downgrade(below)
        kept = rows()
        assert kept == {name: before[name] for name in kept}, f"going down to {below} lost rows"
        assert broken_keys() == []
        alembic.upgrade(all_revisions[place])
        assert {name: rows()[name] for name in kept} == kept, f"going up from {below} lost rows"
        assert broken_keys() == []
        alembic.downgrade(below)
    assert rows() == {}
    upgrade()
    assert differences() == []
    assert fill() == before


def test_two_starts_at_once_migrate_once(tmp_path: Path) -> None:
    """Two servers that start together on an empty database: one migrates, the other waits."""
    with own_database(tmp_path) as url:

        def start(_number: int) -> bool:
            app = make_app(url, tmp_path)
            with app.app_context():
                upgrade()
                current = schema_is_current()
                db.engine.dispose()
            return current

        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(start, range(2))) == [True, True]


def test_migrations_have_dates_in_their_names_and_one_line_of_descent(bare: Flask) -> None:
    assert FILES
    for path in FILES:
        assert re.fullmatch(r"20\d\d_\d\d_\d\d_[a-z0-9_]+\.py", path.name), path.name
    assert len(alembic.script_directory.get_heads()) == 1
    assert len(revisions()) == len(FILES)


def test_migrations_hold_no_data_and_nothing_of_the_application(bare: Flask) -> None:
    """A migration must mean in a year what it means today, so it imports no code of ours."""
    for path in FILES:
        text = path.read_text("utf-8")
        assert not re.search(r"^\s*(from|import) roadmap\b", text, re.MULTILINE), path.name
        assert "bulk_insert" not in text, path.name
