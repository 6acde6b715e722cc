"""The role matrix: every route, requested by each role, as a page and as a fragment.

The expectations are in `tests/support/route_manifest.py`. Stored rows are compared as well as
statuses: rejected requests change nothing, and accepted ones nothing of other people's data.
"""

from __future__ import annotations

import uuid

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from roadmap.core.database import db
from roadmap.core.problems import is_api_path
from roadmap.core.types import Base
from tests.support.cast import Cast
from tests.support.route_manifest import CHANGES, PAGES, ROLES, Change, Page
from tests.support.snapshot import Browsers, Snapshot, clear_attempts, rows_by_owner

MODES = ("page", "fragment")


@pytest.fixture
def ids(snapshot: Snapshot) -> dict[str, str]:
    return snapshot.ids


@pytest.fixture
def cast(snapshot: Snapshot) -> Cast:
    return snapshot.cast


@pytest.fixture
def browsers(app: Flask, snapshot: Snapshot) -> Browsers:
    return snapshot.browsers(app)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.url)
def test_page_status_by_role(
    page: Page, app: Flask, ids: dict[str, str], browsers: Browsers
) -> None:
    before = rows_by_owner(app)
    for mode in MODES:
        expected = page.pages if mode == "page" else page.fragments
        responses = {
            role: browsers[role].get(page.of(ids), fragment=mode == "fragment") for role in ROLES
        }
        assert {role: responses[role].status_code for role in ROLES} == dict(expected), mode
        for role in ROLES:
            check_response(responses[role], page, role, mode)
    assert rows_by_owner(app) == before, "a GET wrote something"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.title)
def test_change_status_and_effects_by_role(
    change: Change,
    mode: str,
    app: Flask,
    ids: dict[str, str],
    cast: Cast,
    browsers: Browsers,
) -> None:
    expected = change.pages if mode == "page" else change.fragments
    got = {}
    before = rows_by_owner(app)
    # Rejected roles first, while the data still exists.
    for role in sorted(ROLES, key=lambda role: expected[role] < 400):
        response = browsers[role].send(
            change.method, change.of(ids), change.body(ids, role), fragment=mode == "fragment"
        )
        got[role] = response.status_code
        check_response(response, change, role, mode)
        after = rows_by_owner(app)
        if response.status_code >= 400 or role == "nobody":
            assert after == before, f"{role} was refused and changed something"
        others = before.keys() | after.keys()
        for owner in others - {owner_of(cast, name) for name in (role, *change.affects)}:
            assert after.get(owner) == before.get(owner), f"{role} changed what is of {owner}"
        clear_attempts(app)
        before = after  # counted attempts are not in the rows
    assert got == dict(expected)


def owner_of(cast: Cast, name: str) -> str:
    """Return a role's key in `rows_by_owner`."""
    return "" if name == "nobody" else str(getattr(cast, name))


def check_response(response: TestResponse, row: Page | Change, role: str, mode: str) -> None:
    """Check properties of every response."""
    assert response.status_code < 500
    if response.mimetype == "text/html" and response.text.strip():
        is_page = "<!doctype html" in response.text.lower()
        if mode == "page":
            assert is_page, f"{role} was answered with a fragment"
        elif response.status_code in (403, 404) and row.permission != "public":
            assert not is_page, f"{role} was answered with a whole page into a part of one"
    if role == "nobody" and response.status_code == 204:
        assert response.headers["HX-Redirect"].startswith("/login")
    if role == "nobody" and response.status_code == 303:
        assert response.location.startswith("/login")


def test_forbidden_request_is_in_the_audit_log(
    app: Flask, ids: dict[str, str], browsers: Browsers
) -> None:
    """A 403 is in the audit log; a 404 does not reveal that the data exists."""
    address = f"/evidence/{ids['verified']}/edit"
    assert browsers["bob"].get(address).status_code == 403
    assert browsers["carol"].get(address).status_code == 404
    table = Base.metadata.tables["audit_entry"]
    refused = sa.select(table.c.target).where(table.c.action == "access.refused")
    with app.app_context(), db.engine.connect() as connection:
        assert list(connection.execute(refused).scalars()) == [f"GET {address}"]


def needs_csrf_token(change: Change) -> bool:
    """The API ignores cookies, so it needs no CSRF token."""
    return change.pages["nobody"] != 404 and not is_api_path(change.rule)


@pytest.mark.parametrize(
    "change", [each for each in CHANGES if needs_csrf_token(each)], ids=lambda each: each.title
)
def test_change_without_csrf_token_is_rejected(
    change: Change, app: Flask, ids: dict[str, str], browsers: Browsers
) -> None:
    before = rows_by_owner(app)
    response = browsers["alice"].client.open(
        change.of(ids), method=change.method, data=change.body(ids, "alice")
    )
    assert response.status_code == 400
    assert rows_by_owner(app) == before


def test_foreign_and_missing_evidence_get_the_same_404(
    ids: dict[str, str], browsers: Browsers
) -> None:
    foreign = browsers["alice"].get(f"/evidence/{ids['foreign']}")
    none = browsers["alice"].get(f"/evidence/{uuid.uuid4()}")
    assert foreign.status_code == none.status_code == 404
    assert without_csrf_token(foreign.text) == without_csrf_token(none.text)


def without_csrf_token(page: str) -> str:
    """Return the page without its CSRF token, which differs in each response."""
    return "\n".join(line for line in page.splitlines() if "csrf" not in line.lower())
