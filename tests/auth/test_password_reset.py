"""/password/forgot and /password/<token>: reset a forgotten password."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
import sqlalchemy as sa
import time_machine

from roadmap.auth import actions
from roadmap.auth.models import PasswordLink
from roadmap.people.models import User
from tests.support.login import OTHER_PASSWORD, PASSWORD, is_signed_in, set_password, sign_in


@pytest.fixture
def link(session, cast, now):
    """A link of Alice's; its token."""
    set_password(session, cast.alice)
    token = actions.create_password_link(session, cast.alice, by=None, now=now)
    session.commit()
    return f"/password/{token}"


def test_without_mail_the_operator_hands_it_over(app, browser_of):
    page = browser_of().get("/password/forgot")
    assert page.status_code == 200
    assert "user reset-password" in page.text
    assert "<form method" not in page.text
    assert browser_of().post("/password/forgot", {"email": "a@example.org"}).status_code == 200


def test_it_works(cast, browser_of, link):
    elsewhere, browser = browser_of(cast.alice), browser_of()
    assert "alice@example.org" in browser.get(link).text
    answer = browser.post(link, {"password": OTHER_PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/login")
    assert sign_in(browser, "alice@example.org").status_code == 422
    assert sign_in(browser, "alice@example.org", OTHER_PASSWORD).status_code == 303
    assert not is_signed_in(elsewhere)


def test_a_first_password_brings_the_time_zone_of_the_browser(session, cast, browser_of, now):
    """As of an account that the operator made; a later password changes no time zone."""
    for zone in ("Pacific/Auckland", "Europe/Paris"):
        token = actions.create_password_link(session, cast.alice, by=None, now=now)
        session.commit()
        page = browser_of().get(f"/password/{token}").text
        assert ('name="timezone"' in page) == (zone == "Pacific/Auckland")
        browser_of().post(f"/password/{token}", {"password": OTHER_PASSWORD, "timezone": zone})
        session.rollback()
        zone_now = session.scalar(sa.select(User.timezone).where(User.id == cast.alice))
        assert zone_now == "Pacific/Auckland"


def test_it_works_once(browser_of, link):
    assert browser_of().post(link, {"password": OTHER_PASSWORD}).status_code == 303
    assert browser_of().get(link).status_code == 404
    answer = browser_of().post(link, {"password": "a third heap of slate"})
    assert answer.status_code == 404
    assert "does not work" in answer.text
    assert sign_in(browser_of(), "alice@example.org", OTHER_PASSWORD).status_code == 303


def test_it_works_once_for_two_at_once(browser_of, link):
    together, answers = threading.Barrier(2), []

    def go(password: str) -> None:
        browser = browser_of()
        browser.csrf()
        together.wait(10)
        answers.append(browser.post(link, {"password": password}).status_code)

    threads = [threading.Thread(target=go, args=(f"{n} heap of slate",)) for n in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == [303, 404]


def test_it_works_for_a_day(browser_of, link, now):
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


def test_it_hides_what_is_foreign(app, browser_of):
    page = browser_of().get("/password/guessed")
    assert page.status_code == 404
    assert "does not work" in page.text
    assert browser_of().post("/password/guessed", {"password": OTHER_PASSWORD}).status_code == 404


def test_a_deactivated_person_has_no_link(session, cast, browser_of, link, now):
    actions.deactivate(session, cast.alice, by=None, now=now)
    session.commit()
    assert browser_of().get(link).status_code == 404
    assert session.scalar(sa.select(sa.func.count()).select_from(PasswordLink)) == 0


@pytest.mark.parametrize("password", ["", "short", "password1234", "alice in wonderland"])
def test_it_rejects_bad_input(browser_of, link, password):
    assert browser_of().post(link, {"password": password}).status_code == 422
    assert sign_in(browser_of(), "alice@example.org", PASSWORD).status_code == 303


def test_tries_are_counted(app, browser_of):
    browser = browser_of()
    answers = [
        browser.post(f"/password/guess{number}", {"password": OTHER_PASSWORD})
        for number in range(51)
    ]
    assert [answer.status_code for answer in answers] == [404] * 50 + [429]
    assert "Retry-After" in answers[-1].headers
