"""Nobody can lock another person out of signing in or of resetting a password."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
import time_machine

from roadmap.auth import rate_limits
from roadmap.auth.models import Attempt
from roadmap.mail import transport
from tests.support.login import OTHER_PASSWORD, set_password, sign_in

WRONG = "wrong wrong wrong"


@pytest.fixture
def guess(browser_of):
    """`guess(n)`: n wrong passwords for Alice, each from another address."""

    def send(count: int) -> list[int]:
        browser = browser_of()
        form = {"email": "alice@example.org", "password": WRONG, "csrf_token": browser.csrf()}
        return [
            browser.client.post(
                "/login",
                data=form,
                environ_overrides={"REMOTE_ADDR": f"198.51.{number // 250}.{number % 250}"},
            ).status_code
            for number in range(count)
        ]

    return send


@pytest.fixture
def sent_mails(app, with_mail, monkeypatch):
    """The links that were mailed, in their order, after `transport` has sent all."""
    bodies: list[str] = []
    monkeypatch.setattr(transport, "send", lambda _to, _subject, body: bodies.append(body))

    def links() -> list[str]:
        with app.app_context():
            transport.run_in_background(lambda: None).result(20)
        return [re.findall(r"/password/\S+", body)[0] for body in bodies]

    return links


def test_wrong_tries_from_many_addresses_do_not_block_a_known_browser(
    session, cast, browser_of, guess
):
    set_password(session, cast.alice)
    known = browser_of()
    assert sign_in(known, "alice@example.org").status_code == 303
    known.post("/logout")
    known._csrf = None
    assert guess(rate_limits.MAX_PER_ACCOUNT + 1) == [422] * rate_limits.MAX_PER_ACCOUNT + [429]
    # Another browser has to wait; the one that signed in before does not.
    assert sign_in(browser_of(), "alice@example.org").status_code == 429
    assert sign_in(known, "alice@example.org").status_code == 303


def test_a_known_browser_has_a_count_of_its_own(session, cast, browser_of, now):
    set_password(session, cast.alice)
    known = browser_of()
    with time_machine.travel(now, tick=False):
        sign_in(known, "alice@example.org")
        known.post("/logout")
        known._csrf = None
        statuses = [sign_in(known, "alice@example.org", WRONG).status_code for _ in range(11)]
        assert statuses == [422] * 10 + [429]
        assert sign_in(known, "alice@example.org").status_code == 429
        # It blocks nobody else at the same address.
        assert sign_in(browser_of(), "alice@example.org").status_code == 303
    with time_machine.travel(now + dt.timedelta(minutes=16)):
        assert sign_in(known, "alice@example.org").status_code == 303


def test_a_browser_is_known_for_the_accounts_that_it_signed_in_to(session, cast, browser_of, guess):
    set_password(session, cast.alice)
    set_password(session, cast.mallory)
    mallory = browser_of()
    sign_in(mallory, "mallory@example.org")
    mallory.post("/logout")
    mallory._csrf = None
    guess(rate_limits.MAX_PER_ACCOUNT)
    assert sign_in(mallory, "alice@example.org").status_code == 429


def test_a_forged_cookie_is_no_known_browser(app, session, cast, browser_of, guess):
    set_password(session, cast.alice)
    known = browser_of()
    sign_in(known, "alice@example.org")
    name = f"{app.config['SESSION_COOKIE_NAME']}-device"
    cookie = known.client.get_cookie(name)
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site) == (True, "Lax")
    assert "alice" not in cookie.value
    guess(rate_limits.MAX_PER_ACCOUNT)
    for value in (f"x{cookie.value}", "x", ""):
        stranger = browser_of()
        stranger.client.set_cookie(name, value)
        assert sign_in(stranger, "alice@example.org").status_code == 429


def test_who_opened_a_mailed_link_is_known(session, cast, browser_of, guess, sent_mails):
    set_password(session, cast.alice)
    browser = browser_of()
    guess(rate_limits.MAX_PER_ACCOUNT)
    browser.post("/password/forgot", {"email": "alice@example.org"})
    [link] = sent_mails()
    assert browser.post(link, {"password": OTHER_PASSWORD}).status_code == 303
    assert sign_in(browser, "alice@example.org", OTHER_PASSWORD).status_code == 303


def test_one_person_gets_three_mails_an_hour_and_the_newest_link_works(
    session, cast, browser_of, sent_mails, now
):
    set_password(session, cast.alice)
    browser = browser_of()

    def ask(times: int) -> None:
        for _ in range(times):
            answer = browser.post("/password/forgot", {"email": "Alice@example.org"})
            assert answer.location == "/password/sent"

    ask(8)
    links = sent_mails()
    assert len(links) == rate_limits.MAX_RESET_MAILS
    assert [browser.get(link).status_code for link in links] == [404, 404, 200]
    with time_machine.travel(now + dt.timedelta(minutes=59)):
        ask(1)
        assert len(sent_mails()) == 3
        assert browser.get(links[-1]).status_code == 200
    with time_machine.travel(now + dt.timedelta(minutes=61)):
        ask(1)
        newest = sent_mails()[-1]
        assert len(sent_mails()) == 4
        assert browser.get(links[-1]).status_code == 404
        assert browser.post(newest, {"password": OTHER_PASSWORD}).status_code == 303


def test_others_cannot_keep_a_person_from_asking_for_a_link(cast, browser_of, sent_mails):
    """A hundred requests from as many addresses for somebody else refused theirs."""
    stranger = browser_of()
    form = {"email": "alice@example.org", "csrf_token": stranger.csrf()}
    for number in range(rate_limits.MAX_PER_ACCOUNT + 1):
        stranger.client.post(
            "/password/forgot",
            data=form,
            environ_overrides={"REMOTE_ADDR": f"198.51.100.{number}"},
        )
    asked = browser_of().post("/password/forgot", {"email": "alice@example.org"})
    assert asked.status_code == 303
    # What was mailed on the stranger's behalf is hers, and its newest link works.
    assert browser_of().get(sent_mails()[-1]).status_code == 200


def test_mails_that_were_counted_outlive_the_window_of_other_tries(session, cast, now, app):
    limits = rate_limits.reset_mail_limits(cast.alice)
    window = {"window": rate_limits.RESET_WINDOW}
    for _ in range(rate_limits.MAX_RESET_MAILS):
        assert rate_limits.count_attempt(limits, **window, now=now) == 0
    later = now + rate_limits.WINDOW + dt.timedelta(minutes=2)
    rate_limits.count_attempt({"other": 5}, now=later)
    assert rate_limits.count_attempt(limits, **window, now=later) > 0
    much_later = now + rate_limits.LONGEST_WINDOW + dt.timedelta(minutes=2)
    rate_limits.count_attempt({"other": 5}, now=much_later)
    session.rollback()
    mails = sa.select(sa.func.count()).where(Attempt.bucket.startswith("reset-mail"))
    assert session.scalar(mails) == 0
