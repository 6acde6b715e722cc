"""A restorable snapshot of the sample data, and all stored rows grouped by owner."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import Flask

from roadmap.auth.models import LoginSession
from roadmap.core.database import db
from roadmap.core.types import Base
from tests.support.browser_client import BrowserClient
from tests.support.cast import Cast
from tests.support.databases import CATALOG, without_foreign_keys
from tests.support.route_manifest import ROLES
from tests.support.sample_data import create_sample_data

# Rejected requests write to these tables as intended, so they are not compared.
LOGS = {"audit_entry", "attempt"}

Rows = dict[str, set[tuple[str, str]]]

Browsers = dict[str, BrowserClient]


@dataclass(frozen=True)
class Snapshot:
    """A copy of the sample data in extra tables, which is faster to restore than to recreate."""

    cast: Cast
    ids: dict[str, str]
    filled: list[str]  # names of tables that have rows
    keys: dict[str, tuple[str, str]]  # by role: session cookie and CSRF token

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
                connection.exec_driver_sql(
                    f'CREATE TABLE "snapshot_{name}" AS SELECT * FROM "{name}"'
                )
            connection.commit()
        return cls(cast, ids, filled, keys)

    def restore(self, app: Flask) -> None:
        """Copy all rows back into the empty tables."""
        copies = [f'INSERT INTO "{name}" SELECT * FROM "snapshot_{name}"' for name in self.filled]
        with app.app_context():
            with without_foreign_keys(db.engine) as execute:
                execute(copies)
            # A session that was not seen for ten minutes would be marked as seen by its next page.
            with db.own_transaction() as own:
                own.execute(sa.update(LoginSession).values(last_seen_at=dt.datetime.now(dt.UTC)))

    def browsers(self, app: Flask) -> Browsers:
        """Return a client for each role, using the session stored in the snapshot."""
        made = {}
        for role, (cookie, csrf_token) in self.keys.items():
            client = app.test_client()
            client.set_cookie(app.config["SESSION_COOKIE_NAME"], cookie)
            made[role] = BrowserClient(client, csrf_token)
        return made


def rows_by_owner(app: Flask) -> Rows:
    """Return all stored rows by their owner's id; rows without an owner are under "".

    The role matrix calls this a thousand times, so the rows are raw driver rows and are cached
    until another connection writes.
    """
    with app.app_context():
        raw: Any = _observer_connection(db.engine).connection.driver_connection
        is_sqlite = db.engine.dialect.name == "sqlite"
    # A value that changes with each write by another connection.
    state_query = (
        "PRAGMA data_version" if is_sqlite else "SELECT pg_snapshot_xmax(pg_current_snapshot())"
    )
    state = raw.execute(state_query).fetchone()
    if _cached_rows.get("state") != (raw, state):
        _cached_rows.update(state=(raw, state), rows=_all_rows(raw, is_sqlite=is_sqlite))
    raw.rollback()
    return _cached_rows["rows"]


# The last result of `rows_by_owner`, with the connection and state it was read from.
_cached_rows: dict[str, Any] = {}
_observers: dict[sa.Engine, sa.Connection] = {}


def _observer_connection(engine: sa.Engine) -> sa.Connection:
    """Return a persistent connection: SQLite's data_version is relative to the connection."""
    if engine not in _observers:
        _observers[engine] = engine.connect()
        sa.event.listen(engine, "engine_disposed", _close_observer, once=True)
    return _observers[engine]


def _close_observer(engine: sa.Engine) -> None:
    connection = _observers.pop(engine)
    connection.invalidate()  # its pool is already disposed
    connection.close()


def _all_rows(raw: Any, *, is_sqlite: bool) -> Rows:
    found: Rows = {}
    for name, owner, row in raw.execute(_select_all_rows(is_sqlite=is_sqlite)).fetchall():
        found.setdefault(_uuid_text(owner), set()).add((name, row))
    return found


@cache
def _uuid_text(owner: str | None) -> str:
    """Return a stored id with dashes, which SQLite stores without; "" for None."""
    return "" if owner is None else str(uuid.UUID(owner))


@cache
def _select_all_rows(*, is_sqlite: bool) -> str:
    """Return one statement for all rows as text, because one for each table takes far longer."""
    selects = []
    for name, owner in _owner_expressions().items():
        if is_sqlite:
            row = " || ',' || ".join(f'quote("{c.name}")' for c in Base.metadata.tables[name].c)
        else:
            owner, row = f"{owner}::text", "each::text"
        selects.append(f"SELECT '{name}', {owner}, {row} FROM \"{name}\" AS each")
    return " UNION ALL ".join(selects)


@cache
def _owner_expressions() -> dict[str, str]:
    """Return the SQL expression for the owner of each table's rows; NULL if they have none.

    A status list position outlives its badge and stores no owner, so the badge's owner is used.
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


def clear_attempts(app: Flask) -> None:
    """Delete the counted attempts; separate tests cover the limits on guessing."""
    with app.app_context(), db.own_transaction() as own:
        own.execute(sa.delete(Base.metadata.tables["attempt"]))
