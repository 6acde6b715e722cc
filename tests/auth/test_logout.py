"""/logout: sign out."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from roadmap.auth import actions
from roadmap.auth.models import LoginSession
from roadmap.people.actions import change_role
from roadmap.people.models import Team
from tests.support.login import is_signed_in, set_password, sign_in


def test_sign_out_ends_session(session, cast, browser_of):
    browser = browser_of(cast.alice)
    assert "Sign out?" in browser.get("/logout").text
    assert is_signed_in(browser)
    response = browser.post("/logout")
    assert (response.status_code, response.location) == (303, "/login")
    assert not is_signed_in(browser)
    assert session.scalar(sa.select(sa.func.count()).select_from(LoginSession)) == 0


def test_delete_request_signs_out(cast, browser_of):
    browser = browser_of(cast.alice)
    assert browser.delete("/logout").status_code == 303
    assert not is_signed_in(browser)


def test_htmx_sign_out_redirects_to_login(cast, browser_of):
    response = browser_of(cast.alice).post("/logout", fragment=True)
    assert (response.status_code, response.headers["HX-Redirect"]) == (204, "/login")


def test_sign_out_without_session_redirects_to_login(app, browser_of):
    assert browser_of().get("/logout").location == "/login"
    assert browser_of().post("/logout").status_code == 303


@pytest.mark.parametrize("is_fragment", [False, True])
def test_second_sign_out_redirects_to_login(cast, browser_of, is_fragment):
    """By a double click, or in another tab whose page is from before."""
    browser = browser_of(cast.alice)
    assert browser.post("/logout").status_code == 303
    response = browser.post("/logout", fragment=is_fragment)
    target = response.headers["HX-Redirect"] if is_fragment else response.location
    assert (response.status_code, target) == (204 if is_fragment else 303, "/logout")
    assert browser.get("/logout").location == "/login"


def test_sign_out_requires_csrf_token(cast, browser_of):
    browser = browser_of(cast.alice)
    assert browser.client.post("/logout").status_code == 400
    assert is_signed_in(browser)


@pytest.mark.parametrize("path", ["/", "/evidence"])
@pytest.mark.parametrize("change", ["team", "administrator"])
def test_sign_out_by_role_change_is_explained_once(session, cast, browser_of, path, change):
    set_password(session, cast.alice)
    browser = browser_of()
    sign_in(browser, "alice@example.org")
    assert is_signed_in(browser)
    later = dt.datetime.now(dt.UTC)
    if change == "team":
        team = session.get_one(Team, cast.team)
        bob = cast.actor(session, cast.bob)
        change_role(session, team, cast.alice, "manager", by=bob, now=later)
    else:
        erin = cast.actor(session, cast.erin)
        actions.set_admin(session, cast.alice, True, by=erin, now=later)
    session.commit()
    response = browser.get(path)
    assert response.location.startswith("/login")
    assert "Your role was changed, so you were signed out." in browser.get(response.location).text
    # The message is shown once.
    assert browser.get("/").status_code == 200


def test_role_change_after_sign_out_is_not_explained(session, cast, browser_of):
    set_password(session, cast.alice)
    browser = browser_of()
    sign_in(browser, "alice@example.org")
    browser.post("/logout")
    team = session.get_one(Team, cast.team)
    later = dt.datetime.now(dt.UTC)
    change_role(session, team, cast.alice, "manager", by=cast.actor(session, cast.bob), now=later)
    session.commit()
    assert browser.get("/").status_code == 200
