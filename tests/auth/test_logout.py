"""/logout: going out."""

from __future__ import annotations

import sqlalchemy as sa

from roadmap.auth.models import LoginSession
from tests.support.login import is_signed_in


def test_it_works(session, cast, browser_of):
    browser = browser_of(cast.alice)
    assert "Sign out?" in browser.get("/logout").text
    assert is_signed_in(browser)
    answer = browser.post("/logout")
    assert (answer.status_code, answer.location) == (303, "/login")
    assert not is_signed_in(browser)
    assert session.scalar(sa.select(sa.func.count()).select_from(LoginSession)) == 0


def test_it_works_as_a_resource_that_is_deleted(cast, browser_of):
    browser = browser_of(cast.alice)
    assert browser.delete("/logout").status_code == 303
    assert not is_signed_in(browser)


def test_it_works_for_htmx(cast, browser_of):
    answer = browser_of(cast.alice).post("/logout", fragment=True)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/login")


def test_nobody_has_nothing_to_leave(app, browser_of):
    assert browser_of().get("/logout").location == "/login"
    assert browser_of().post("/logout").status_code == 303


def test_it_needs_the_seal_of_its_form(cast, browser_of):
    browser = browser_of(cast.alice)
    assert browser.client.post("/logout").status_code == 400
    assert is_signed_in(browser)
