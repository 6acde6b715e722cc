"""GET and POST /signup: create the first account."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from roadmap.auth import passwords
from roadmap.people.models import AuditEntry, User
from tests.support.browser_client import csrf_field
from tests.support.concurrency import call_concurrently
from tests.support.login import OTHER_PASSWORD, PASSWORD, is_signed_in

ADA = {"name": "Ada", "email": "Ada@Example.org", "password": PASSWORD}


def test_first_sign_up_creates_administrator(session, browser_of):
    browser = browser_of()
    assert "administrator" in browser.get("/signup").text
    response = browser.post("/signup", ADA)
    assert (response.status_code, response.location) == (303, "/")
    assert is_signed_in(browser)
    ada = session.scalars(sa.select(User)).one()
    assert (ada.is_admin, ada.email, ada.email_key) == (True, "Ada@example.org", "ada@example.org")
    assert passwords.verify(ada.password_hash, PASSWORD)
    audited = list(session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))
    assert audited == ["account.created", "session.begun"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Pacific/Auckland", "Pacific/Auckland"),
        ("Asia/Calcutta", "Asia/Calcutta"),
        ("", "UTC"),
        ("Middle-earth/Bree", "UTC"),
        ("../../etc/passwd", "UTC"),
        ("Etc/GMT+3", "UTC"),
    ],
    ids=["zone", "alias", "empty", "unknown", "path", "not offered"],
)
def test_account_gets_time_zone_of_browser(session, browser_of, sent, kept):
    browser = browser_of()
    assert 'name="timezone"' in browser.get("/signup").text
    browser.post("/signup", {**ADA, "timezone": sent})
    assert session.scalar(sa.select(User.timezone)) == kept
    assert f'<option selected value="{kept}">' in browser.get("/account").text


@pytest.mark.parametrize("has_session", [True, False], ids=["same browser", "other browser"])
def test_double_submit_signs_the_same_person_in(session, browser_of, has_session):
    first = browser_of()
    sent = ADA | csrf_field(first, "/signup")
    response = first.post("/signup", sent)
    again = first if has_session else browser_of()
    second = again.post("/signup", sent if has_session else ADA)
    if second.location == "/signup":
        second = again.get("/signup")
    assert (second.status_code, second.location) == (response.status_code, response.location)
    assert is_signed_in(again)
    assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 1


@pytest.mark.parametrize("other", ["password", "email", "later"])
def test_second_sign_up_is_rejected_if_different_or_later(session, browser_of, other):
    browser_of().post("/signup", ADA)
    sent = dict(ADA)
    if other == "later":
        hour = dt.timedelta(hours=1)
        session.execute(sa.update(User).values(created_at=dt.datetime.now(dt.UTC) - hour))
        session.commit()
    else:
        sent[other] = {"password": OTHER_PASSWORD, "email": "eve@example.org"}[other]
    browser = browser_of()
    assert browser.post("/signup", sent).status_code == 403
    assert not is_signed_in(browser)


def test_sign_up_is_closed_after_first_account(session, cast, browser_of):
    browser = browser_of()
    page = browser.get("/signup")
    assert page.status_code == 200
    assert "by invitation" in page.text
    assert "user create" in page.text
    response = browser.post("/signup", ADA)
    assert response.status_code == 403
    assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 6


def test_sign_up_is_closed_by_setting(app, session, browser_of):
    app.config["SIGNUP"] = "invite"
    try:
        assert "by invitation" in browser_of().get("/signup").text
        assert browser_of().post("/signup", ADA).status_code == 403
    finally:
        app.config["SIGNUP"] = "open"
    assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 0


def test_concurrent_sign_ups_create_one_administrator(app, session, browser_of):
    browsers = {"first": browser_of(), "second": browser_of()}
    for browser in browsers.values():
        browser.csrf()

    def sign_up(name: str) -> int:
        data = {**ADA, "name": name, "email": f"{name}@example.org"}
        return browsers[name].post("/signup", data).status_code

    assert sorted(call_concurrently(sign_up, list(browsers))) == [303, 403]
    assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "  "}, "Enter your name."),
        ({"name": "x" * 201}, "name"),
        ({"email": "ada"}, "This is not an e-mail address."),
        ({"email": "=?utf-8?q?ceo?=@example.org"}, "This is not an e-mail address."),
        ({"email": "a" * 65 + "@example.org"}, "This is not an e-mail address."),
        ({"password": "short"}, "Use at least 10 characters"),
        ({"password": "ß" * 600}, "at most 1024 bytes"),
        ({"password": "password123"}, "attackers try first"),
        ({"password": "Sunshine2026!"}, "attackers try first"),
        ({"password": "abcabcabcabc"}, "is repetitive"),
        ({"password": "qwertyuiop12345"}, "attackers try first"),
        ({"password": "lkjhgfdsa98765"}, "easily guessed"),
        ({"password": "zyxwvutsrqpo"}, "sequence of keys"),
        ({"name": "Ada Lovelace", "password": "i am lovelace herself"}, "contains your name"),
        ({"email": "countess@example.org", "password": "the countess 1815"}, "contains your name"),
    ],
    ids=[
        "blank name",
        "long name",
        "malformed email",
        "encoded word as email",
        "long email",
        "short password",
        "long password",
        "common password",
        "common word and year",
        "repetition",
        "keyboard row",
        "reversed keyboard row",
        "reversed alphabet",
        "name in password",
        "email in password",
    ],
)
def test_invalid_sign_up_is_rejected(session, browser_of, change, message):
    response = browser_of().post("/signup", {**ADA, **change})
    assert response.status_code == 422
    assert message in response.text
    assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 0
