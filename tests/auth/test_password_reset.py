"""/password/forgot and /password/<token>: reset a forgotten password."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
import time_machine

from roadmap.auth import actions
from roadmap.auth.models import PasswordLink
from roadmap.people.models import User
from tests.support.concurrency import call_concurrently
from tests.support.login import OTHER_PASSWORD, PASSWORD, is_signed_in, set_password, sign_in


@pytest.fixture
def link(session, cast, now):
    """Create a password link for Alice and return its path."""
    set_password(session, cast.alice)
    token = actions.create_password_link(session, cast.alice, by=None, now=now)
    session.commit()
    return f"/password/{token}"


def test_forgot_page_without_mail_names_the_command(app, browser_of):
    page = browser_of().get("/password/forgot")
    assert page.status_code == 200
    assert "user reset-password" in page.text
    assert "<form method" not in page.text
    assert browser_of().post("/password/forgot", {"email": "a@example.org"}).status_code == 200


def test_reset_changes_password_and_ends_sessions(cast, browser_of, link):
    elsewhere, browser = browser_of(cast.alice), browser_of()
    assert "alice@example.org" in browser.get(link).text
    response = browser.post(link, {"password": OTHER_PASSWORD})
    assert (response.status_code, response.location) == (303, "/login")
    assert sign_in(browser, "alice@example.org").status_code == 422
    assert sign_in(browser, "alice@example.org", OTHER_PASSWORD).status_code == 303
    assert not is_signed_in(elsewhere)


def test_only_first_password_sets_time_zone_of_browser(session, cast, browser_of, now):
    """An account created by the operator has no time zone until then."""
    for zone in ("Pacific/Auckland", "Europe/Paris"):
        token = actions.create_password_link(session, cast.alice, by=None, now=now)
        session.commit()
        page = browser_of().get(f"/password/{token}").text
        assert ('name="timezone"' in page) == (zone == "Pacific/Auckland")
        browser_of().post(f"/password/{token}", {"password": OTHER_PASSWORD, "timezone": zone})
        session.rollback()
        zone_now = session.scalar(sa.select(User.timezone).where(User.id == cast.alice))
        assert zone_now == "Pacific/Auckland"


def test_link_works_once(browser_of, link):
    assert browser_of().post(link, {"password": OTHER_PASSWORD}).status_code == 303
    assert browser_of().get(link).status_code == 404
    response = browser_of().post(link, {"password": "a third heap of slate"})
    assert response.status_code == 404
    assert "does not work" in response.text
    assert sign_in(browser_of(), "alice@example.org", OTHER_PASSWORD).status_code == 303


def test_concurrent_uses_of_link_succeed_once(browser_of, link):
    browsers = [browser_of(), browser_of()]
    for browser in browsers:
        browser.csrf()

    def set_new_password(browser) -> int:
        return browser.post(link, {"password": OTHER_PASSWORD}).status_code

    assert sorted(call_concurrently(set_new_password, browsers)) == [303, 404]


def test_link_expires_after_a_day(browser_of, link, now):
    with time_machine.travel(now + dt.timedelta(hours=23, minutes=59)):
        assert browser_of().get(link).status_code == 200
    with time_machine.travel(now + dt.timedelta(hours=24, minutes=1)):
        assert browser_of().get(link).status_code == 404
        assert browser_of().post(link, {"password": OTHER_PASSWORD}).status_code == 404


def test_only_the_newest_link_works(session, cast, browser_of, link, now):
    newer = actions.create_password_link(session, cast.alice, by=None, now=now)
    session.commit()
    assert browser_of().get(link).status_code == 404
    assert browser_of().post(link, {"password": OTHER_PASSWORD}).status_code == 404
    assert browser_of().post(f"/password/{newer}", {"password": OTHER_PASSWORD}).status_code == 303


def test_unknown_link_is_not_found(app, browser_of):
    page = browser_of().get("/password/guessed")
    assert page.status_code == 404
    assert "does not work" in page.text
    assert browser_of().post("/password/guessed", {"password": OTHER_PASSWORD}).status_code == 404


def test_deactivation_deletes_link(session, cast, browser_of, link, now):
    actions.deactivate(session, cast.alice, by=None, now=now)
    session.commit()
    assert browser_of().get(link).status_code == 404
    assert session.scalar(sa.select(sa.func.count()).select_from(PasswordLink)) == 0


@pytest.mark.parametrize(
    "password",
    ["", "short", "password1234", "alice in wonderland"],
    ids=["empty", "short", "common", "name"],
)
def test_weak_password_is_rejected(browser_of, link, password):
    assert browser_of().post(link, {"password": password}).status_code == 422
    assert sign_in(browser_of(), "alice@example.org", PASSWORD).status_code == 303


def test_unknown_links_are_rate_limited(app, browser_of):
    browser = browser_of()
    results = [
        browser.post(f"/password/guess{number}", {"password": OTHER_PASSWORD})
        for number in range(51)
    ]
    assert [response.status_code for response in results] == [404] * 50 + [429]
    assert "Retry-After" in results[-1].headers
