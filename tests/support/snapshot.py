"""The sample data kept as rows, to be put back before each test, and all rows by their owner."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from flask import Flask

from roadmap.core.database import db
from roadmap.core.types import Base
from tests.support.browser_client import BrowserClient
from tests.support.cast import Cast
from tests.support.databases import CATALOG
from tests.support.route_manifest import ROLES
from tests.support.sample_data import create_sample_data

# The log of refusals and the counted tries are there to be written to.
LOGS = {"audit_entry", "attempt"}

Rows = dict[str, set[tuple[str, object]]]


Browsers = dict[str, BrowserClient]


@dataclass(frozen=True)
class Snapshot:
    """The sample data as rows: to put them back is quicker than to write them again."""

    cast: Cast
    ids: dict[str, str]
    rows: dict[str, list[dict[str, Any]]]
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
            rows = {
                table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
                for table in Base.metadata.tables.values()
                if table.name not in CATALOG
            }
        return cls(cast, ids, rows, keys)

    def restore(self, app: Flask) -> None:
        """Write every row as it was, into empty tables."""
        with app.app_context(), db.engine.connect() as connection:
            sqlite = connection.dialect.name == "sqlite"
            raw: Any = connection.connection.driver_connection
            # Evidence and its versions name each other: no order of tables satisfies both.
            if sqlite:
                raw.execute("PRAGMA foreign_keys=OFF")
            else:
                connection.exec_driver_sql("SET session_replication_role = replica")
            for name, rows in self.rows.items():
                if rows:
                    connection.execute(sa.insert(Base.metadata.tables[name]), rows)
            if not sqlite:
                connection.exec_driver_sql("SET session_replication_role = origin")
            connection.commit()
            if sqlite:
                raw.execute("PRAGMA foreign_keys=ON")

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

    The rows are as the driver gives them: a matrix of roles looks at everything a thousand times.
    """
    found: Rows = {}
    with app.app_context(), db.engine.connect() as connection:
        # What a JSON column holds is a text of SQLite's, but a dictionary of PostgreSQL's.
        kept = tuple if connection.dialect.name == "sqlite" else repr
        raw: Any = connection.connection.driver_connection
        for table in Base.metadata.sorted_tables:
            if table.name in LOGS:
                continue
            rows = raw.execute(f'SELECT * FROM "{table.name}"')
            names = [column[0] for column in rows.description]
            of = "user_id" if "user_id" in names else "id" if table.name == "user" else None
            at = None if of is None else names.index(of)
            for row in rows.fetchall():
                owner = "" if at is None or row[at] is None else written(row[at])
                found.setdefault(owner, set()).add((table.name, kept(row)))
    return found


@lru_cache
def written(key: object) -> str:
    """Write an id in one way: SQLite keeps 32 digits, PostgreSQL answers with a UUID."""
    return str(uuid.UUID(str(key)))


def forget_tries(app: Flask) -> None:
    """Delete the counted tries: limits on guessing have tests of their own."""
    with app.app_context(), db.own_transaction() as own:
        own.execute(sa.delete(Base.metadata.tables["attempt"]))
