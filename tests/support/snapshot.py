"""The sample data, to be put back before each test, and all rows by their owner."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import Flask

from roadmap.core.database import db
from roadmap.core.types import Base
from tests.support.browser_client import BrowserClient
from tests.support.cast import Cast
from tests.support.databases import CATALOG, without_foreign_keys
from tests.support.route_manifest import ROLES
from tests.support.sample_data import create_sample_data

# The log of refusals and the counted tries are there to be written to.
LOGS = {"audit_entry", "attempt"}

Rows = dict[str, set[tuple[str, object]]]


Browsers = dict[str, BrowserClient]


@dataclass(frozen=True)
class Snapshot:
    """The sample data, kept in tables beside: to put it back is quicker than to write it again."""

    cast: Cast
    ids: dict[str, str]
    filled: list[str]  # the names of tables that have rows
    keys: dict[str, tuple[str, str]]  # by role: the cookie of a session, and its CSRF token

    @classmethod
    def create(cls, app: Flask) -> Snapshot:
        with app.app_context():
            cast = Cast.create(db.session)
            ids = create_sample_data(db.session, cast, dt.datetime.now(dt.UTC))
        keys = {}
        for role in ROLES:
            browser = BrowserClient.of(app, getattr(cast, role, None))
            csrf_token = browser.csrf()
            cookie = browser.client.get_cookie(app.config["SESSION_COOKIE_NAME"])
            assert cookie is not None
            keys[role] = cookie.value, csrf_token
        with app.app_context(), db.engine.connect() as connection:
            filled = [
                name
                for name in Base.metadata.tables
                if name not in CATALOG
                and connection.exec_driver_sql(f'SELECT EXISTS (SELECT 1 FROM "{name}")').scalar()
            ]
            for name in filled:
                connection.exec_driver_sql(f'CREATE TABLE "kept_{name}" AS SELECT * FROM "{name}"')
            connection.commit()
        return cls(cast, ids, filled, keys)

    def restore(self, app: Flask) -> None:
        """Write every row as it was, into empty tables."""
        copies = [f'INSERT INTO "{name}" SELECT * FROM "kept_{name}"' for name in self.filled]
        with app.app_context(), without_foreign_keys(db.engine) as execute:
            execute(copies)

    def browsers(self, app: Flask) -> Browsers:
        """Return a client for each of the cast, with the session that is among the rows."""
        made = {}
        for role, (cookie, csrf_token) in self.keys.items():
            client = app.test_client()
            client.set_cookie(app.config["SESSION_COOKIE_NAME"], cookie)
            made[role] = BrowserClient(client, csrf_token)
        return made


def rows_by_owner(app: Flask) -> Rows:
    """Return all that is stored by its owner's id; what is nobody's has the empty one.

    A matrix of roles looks at everything a thousand times, so it is read anew only where somebody
    wrote meanwhile, and the rows are as the driver gives them.
    """
    with app.app_context():
        raw: Any = _watching(db.engine).connection.driver_connection
        is_sqlite = db.engine.dialect.name == "sqlite"
    # What changes with each write of another connection.
    moment = (
        "PRAGMA data_version" if is_sqlite else "SELECT pg_snapshot_xmax(pg_current_snapshot())"
    )
    state = raw.execute(moment).fetchone()
    if _read.get("state") != (raw, state):
        _read.update(state=(raw, state), rows=_all_rows(raw, is_sqlite=is_sqlite))
    raw.rollback()
    return _read["rows"]


# The last answer of `rows_by_owner`, and what it was read from.
_read: dict[str, Any] = {}
_watched: dict[sa.Engine, sa.Connection] = {}


def _watching(engine: sa.Engine) -> sa.Connection:
    """Return a connection that stays: SQLite tells each of its own what others wrote since."""
    if engine not in _watched:
        _watched[engine] = engine.connect()
        sa.event.listen(engine, "engine_disposed", _stop_watching, once=True)
    return _watched[engine]


def _stop_watching(engine: sa.Engine) -> None:
    connection = _watched.pop(engine)
    connection.invalidate()  # its pool is gone
    connection.close()


def _all_rows(raw: Any, *, is_sqlite: bool) -> Rows:
    found: Rows = {}
    if is_sqlite:
        for name, owner in _owners().items():
            for of, *row in raw.execute(f'SELECT {owner}, * FROM "{name}" AS each').fetchall():
                found.setdefault(_written(of), set()).add((name, tuple(row)))
    else:
        # A statement for each table takes ten times as long.
        every = " UNION ALL ".join(
            f"SELECT '{name}', {owner}::text, each::text FROM \"{name}\" AS each"
            for name, owner in _owners().items()
        )
        for name, of, row in raw.execute(every).fetchall():
            found.setdefault(of or "", set()).add((name, row))
    return found


@cache
def _written(owner: str | None) -> str:
    """Write an id as PostgreSQL does: SQLite keeps its 32 digits."""
    return "" if owner is None else str(uuid.UUID(owner))


@cache
def _owners() -> dict[str, str]:
    """Return each table with the column of its rows' owner; NULL where they have none.

    A place in the status list outlives its badge, so it knows no owner; the badge does.
    """
    of_badge = "(SELECT user_id FROM badge WHERE badge.position = each.position)"
    return {
        table.name: of_badge
        if table.name == "badge_status"
        else "user_id"
        if "user_id" in table.c
        else "id"
        if table.name == "user"
        else "NULL"
        for table in Base.metadata.sorted_tables
        if table.name not in LOGS
    }


def forget_tries(app: Flask) -> None:
    """Delete the counted tries: limits on guessing have tests of their own."""
    with app.app_context(), db.own_transaction() as own:
        own.execute(sa.delete(Base.metadata.tables["attempt"]))
