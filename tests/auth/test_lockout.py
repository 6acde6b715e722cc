"""Attempts of others block neither signing in nor resetting a password."""

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


@pytest.fixture(autouse=True)
def _low_limit(monkeypatch):
    """Block an account after three attempts instead of a hundred, to send fewer requests."""
    monkeypatch.setattr(rate_limits, "MAX_PER_ACCOUNT", 3)


@pytest.fixture
def guess_passwords(browser_of):
    """`guess_passwords(n)` tries n wrong passwords for Alice, each from another address."""

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
    """Return a function that waits until all mails are sent and returns their links in order."""
    bodies: list[str] = []
    monkeypatch.setattr(transport, "send", lambda _to, _subject, body: bodies.append(body))

    def links() -> list[str]:
        with app.app_context():
            transport.run_in_background(lambda: None).result(20)
        return [re.findall(r"/password/\S+", body)[0] for body in bodies]

    return links


def test_failed_sign_ins_from_many_addresses_do_not_block_known_browser(
    session, cast, browser_of, guess_passwords
):
    set_password(session, cast.alice)
    known = browser_of()
    assert sign_in(known, "alice@example.org").status_code == 303
    known.post("/logout")
    known._csrf = None
    assert guess_passwords(rate_limits.MAX_PER_ACCOUNT + 1) == [
        422
    ] * rate_limits.MAX_PER_ACCOUNT + [429]
    # Another browser is blocked; the one that signed in before is not.
    assert sign_in(browser_of(), "alice@example.org").status_code == 429
    assert sign_in(known, "alice@example.org").status_code == 303


def test_known_browser_is_limited_separately(session, cast, browser_of, now):
    set_password(session, cast.alice)
    known = browser_of()
    with time_machine.travel(now, tick=False):
        sign_in(known, "alice@example.org")
        known.post("/logout")
        known._csrf = None
        statuses = [sign_in(known, "alice@example.org", WRONG).status_code for _ in range(11)]
        assert statuses == [422] * 10 + [429]
        assert sign_in(known, "alice@example.org").status_code == 429
        # Other browsers at the same address are not blocked.
        assert sign_in(browser_of(), "alice@example.org").status_code == 303
    with time_machine.travel(now + dt.timedelta(minutes=16)):
        assert sign_in(known, "alice@example.org").status_code == 303


def test_browser_is_known_only_for_accounts_it_signed_in_to(
    session, cast, browser_of, guess_passwords
):
    set_password(session, cast.alice)
    set_password(session, cast.mallory)
    mallory = browser_of()
    sign_in(mallory, "mallory@example.org")
    mallory.post("/logout")
    mallory._csrf = None
    guess_passwords(rate_limits.MAX_PER_ACCOUNT)
    assert sign_in(mallory, "alice@example.org").status_code == 429


def test_forged_device_cookie_is_rejected(app, session, cast, browser_of, guess_passwords):
    set_password(session, cast.alice)
    known = browser_of()
    sign_in(known, "alice@example.org")
    name = f"{app.config['SESSION_COOKIE_NAME']}-device"
    cookie = known.client.get_cookie(name)
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site) == (True, "Lax")
    assert "alice" not in cookie.value
    guess_passwords(rate_limits.MAX_PER_ACCOUNT)
    for value in (f"x{cookie.value}", "x", ""):
        stranger = browser_of()
        stranger.client.set_cookie(name, value)
        assert sign_in(stranger, "alice@example.org").status_code == 429


def test_password_reset_by_mail_makes_browser_known(
    session, cast, browser_of, guess_passwords, sent_mails
):
    set_password(session, cast.alice)
    browser = browser_of()
    guess_passwords(rate_limits.MAX_PER_ACCOUNT)
    browser.post("/password/forgot", {"email": "alice@example.org"})
    [link] = sent_mails()
    assert browser.post(link, {"password": OTHER_PASSWORD}).status_code == 303
    assert sign_in(browser, "alice@example.org", OTHER_PASSWORD).status_code == 303


def test_reset_mails_are_limited_to_three_an_hour_and_newest_link_works(
    session, cast, browser_of, sent_mails, now
):
    set_password(session, cast.alice)
    browser = browser_of()

    def request_mails(times: int) -> None:
        for _ in range(times):
            response = browser.post("/password/forgot", {"email": "Alice@example.org"})
            assert response.location == "/password/sent"

    request_mails(8)
    links = sent_mails()
    assert len(links) == rate_limits.MAX_RESET_MAILS
    assert [browser.get(link).status_code for link in links] == [404, 404, 200]
    with time_machine.travel(now + dt.timedelta(minutes=59)):
        request_mails(1)
        assert len(sent_mails()) == 3
        assert browser.get(links[-1]).status_code == 200
    with time_machine.travel(now + dt.timedelta(minutes=61)):
        request_mails(1)
        newest = sent_mails()[-1]
        assert len(sent_mails()) == 4
        assert browser.get(links[-1]).status_code == 404
        assert browser.post(newest, {"password": OTHER_PASSWORD}).status_code == 303


def test_requests_of_others_do_not_block_a_persons_password_reset(cast, browser_of, sent_mails):
    stranger = browser_of()
    form = {"email": "alice@example.org", "csrf_token": stranger.csrf()}
    for number in range(rate_limits.MAX_PER_ACCOUNT + 1):
        stranger.client.post(
            "/password/forgot",
            data=form,
            environ_overrides={"REMOTE_ADDR": f"198.51.100.{number}"},
        )
    response = browser_of().post("/password/forgot", {"email": "alice@example.org"})
    assert response.status_code == 303
    # Mails requested by others are sent to her, and the newest link works.
    assert browser_of().get(sent_mails()[-1]).status_code == 200


def test_reset_mail_attempts_are_kept_for_their_longer_window(session, cast, now, app):
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
