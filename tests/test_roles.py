"""The role matrix: every route, asked for by each of the cast, as a page and as a fragment.

The expectations stand in `tests/support/route_manifest.py`. Whatever a status says, the rows say
more:
who is refused changes nothing, and who is let in changes nothing of anybody else's.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from roadmap.core.database import db
from roadmap.core.types import Base
from tests.conftest import CATALOG
from tests.support.browser_client import BrowserClient
from tests.support.cast import Cast
from tests.support.route_manifest import CHANGES, PAGES, ROLES, Change, Page
from tests.support.sample_data import create_sample_data

FACES = ("page", "fragment")
# The log of refusals and the counted tries are there to be written to.
LOGS = {"audit_entry", "attempt"}

Rows = dict[str, set[tuple[str, object]]]


Browsers = dict[str, BrowserClient]


@dataclass(frozen=True)
class World:
    """The furnished house, kept as rows: putting them back is quicker than writing them anew."""

    cast: Cast
    ids: dict[str, str]
    rows: dict[str, list[dict[str, Any]]]
    keys: dict[str, tuple[str, str]]  # by role: the cookie of a session, and its seal

    @classmethod
    def make(cls, app: Flask) -> World:
        with app.app_context():
            cast = Cast.create(db.session)
            ids = create_sample_data(db.session, cast, dt.datetime.now(dt.UTC))
        keys = {}
        for role in ROLES:
            browser = BrowserClient.of(app, getattr(cast, role, None))
            seal = browser.csrf()
            cookie = browser.client.get_cookie("cairn")
            assert cookie is not None
            keys[role] = cookie.value, seal
        with app.app_context(), db.engine.connect() as connection:
            rows = {
                table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
                for table in Base.metadata.tables.values()
                if table.name not in CATALOG
            }
        return cls(cast, ids, rows, keys)

    def put_back(self, app: Flask) -> None:
        """Writes every row as it was."""
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
        """The cast, each with the session that is among the rows."""
        made = {}
        for role, (cookie, seal) in self.keys.items():
            client = app.test_client()
            client.set_cookie("cairn", cookie)
            made[role] = BrowserClient(client, seal)
        return made


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    return []


@pytest.fixture
def world(app: Flask, worlds: list[World]) -> World:
    """The house furnished: made once, put back for every further test."""
    if worlds:
        worlds[0].put_back(app)
    else:
        worlds.append(World.make(app))
    return worlds[0]


@pytest.fixture
def ids(world: World) -> dict[str, str]:
    return world.ids


@pytest.fixture
def cast(world: World) -> Cast:
    return world.cast


@pytest.fixture
def browsers(app: Flask, world: World) -> Browsers:
    return world.browsers(app)


def rows_by_owner(app: Flask) -> Rows:
    """All that is stored, by whose it is; what is nobody's stands under the empty name.

    As the driver gives it: a matrix looks at everything some thousand times.
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
    """An id in one way of writing: SQLite keeps 32 digits, PostgreSQL answers with a UUID."""
    return str(uuid.UUID(str(key)))


def forget_tries(app: Flask) -> None:
    """The limits on guessing have tests of their own; here each role starts anew."""
    with app.app_context(), db.own_transaction() as own:
        own.execute(sa.delete(Base.metadata.tables["attempt"]))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.url)
def test_who_sees_a_page(page: Page, app: Flask, ids: dict[str, str], browsers: Browsers) -> None:
    before = rows_by_owner(app)
    for face in FACES:
        expected = page.pages if face == "page" else page.fragments
        answers = {
            role: browsers[role].get(page.of(ids), fragment=face == "fragment") for role in ROLES
        }
        assert {role: answers[role].status_code for role in ROLES} == dict(expected), face
        for role in ROLES:
            check_answer(answers[role], page, role, face)
    assert rows_by_owner(app) == before, "a GET wrote something"


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.title)
def test_who_changes_what(
    change: Change,
    face: str,
    app: Flask,
    ids: dict[str, str],
    cast: Cast,
    browsers: Browsers,
) -> None:
    expected = change.pages if face == "page" else change.fragments
    got = {}
    before = rows_by_owner(app)
    # The refused ones first, so that what they are refused is still there.
    for role in sorted(ROLES, key=lambda role: expected[role] < 400):
        answer = browsers[role].send(
            change.method, change.of(ids), change.body(ids, role), fragment=face == "fragment"
        )
        got[role] = answer.status_code
        check_answer(answer, change, role, face)
        after = rows_by_owner(app)
        if answer.status_code >= 400 or role == "nobody":
            assert after == before, f"{role} was refused and changed something"
        others = before.keys() | after.keys()
        for owner in others - {owner_of(cast, name) for name in (role, *change.affects)}:
            assert after.get(owner) == before.get(owner), f"{role} changed what is of {owner}"
        forget_tries(app)
        before = after  # the counted tries are not among the rows
    assert got == dict(expected)


def owner_of(cast: Cast, name: str) -> str:
    """Whose rows these are, as `rows_by_owner` names them."""
    return "" if name == "nobody" else str(getattr(cast, name))


def check_answer(answer: TestResponse, row: Page | Change, role: str, face: str) -> None:
    """What holds for every answer, whoever asked."""
    assert answer.status_code < 500
    if answer.mimetype == "text/html" and answer.text.strip():
        is_page = "<!doctype html" in answer.text.lower()
        if face == "page":
            assert is_page, f"{role} was answered with a fragment"
        elif answer.status_code in (403, 404) and row.permission != "public":
            assert not is_page, f"{role} was answered with a whole page into a part of one"
    if role == "nobody" and answer.status_code == 204:
        assert answer.headers["HX-Redirect"].startswith("/login")
    if role == "nobody" and answer.status_code == 303:
        assert answer.location.startswith("/login")


def test_what_is_refused_is_noted(app: Flask, ids: dict[str, str], browsers: Browsers) -> None:
    """A 403 stands in the audit log; a 404 says nothing, not even that there is something."""
    address = f"/evidence/{ids['verified']}/edit"
    assert browsers["bob"].get(address).status_code == 403
    assert browsers["carol"].get(address).status_code == 404
    table = Base.metadata.tables["audit_entry"]
    refused = sa.select(table.c.target).where(table.c.action == "access.refused")
    with app.app_context(), db.engine.connect() as connection:
        assert list(connection.execute(refused).scalars()) == [f"GET {address}"]


def is_sealed(change: Change) -> bool:
    """The API looks at no cookie, so it needs no seal either."""
    return change.pages["nobody"] != 404 and not change.rule.startswith("/api/")


@pytest.mark.parametrize(
    "change", [each for each in CHANGES if is_sealed(each)], ids=lambda each: each.title
)
def test_a_change_without_the_seal_of_the_page_is_refused(
    change: Change, app: Flask, ids: dict[str, str], browsers: Browsers
) -> None:
    before = rows_by_owner(app)
    answer = browsers["alice"].client.open(
        change.of(ids), method=change.method, data=change.body(ids, "alice")
    )
    assert answer.status_code == 400
    assert rows_by_owner(app) == before


def test_a_foreign_piece_and_none_at_all_are_told_apart_by_nobody(
    ids: dict[str, str], browsers: Browsers
) -> None:
    foreign = browsers["alice"].get(f"/evidence/{ids['foreign']}")
    none = browsers["alice"].get(f"/evidence/{uuid.uuid4()}")
    assert foreign.status_code == none.status_code == 404
    assert without_seal(foreign.text) == without_seal(none.text)


def without_seal(page: str) -> str:
    """The page without the token that is signed anew each time."""
    return "\n".join(line for line in page.splitlines() if "csrf" not in line.lower())
