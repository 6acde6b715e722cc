"""POST /login: sign in."""

from __future__ import annotations

import contextlib
import datetime as dt

import pytest
import sqlalchemy as sa
import time_machine

from roadmap.auth import actions, deletion, passwords
from roadmap.auth.actions import change_email
from roadmap.auth.email_addresses import parse_email
from roadmap.auth.models import Attempt, LoginSession
from roadmap.core.database import db
from roadmap.people.models import AuditEntry, User
from tests.support.concurrency import call_concurrently
from tests.support.login import (
    OTHER_PASSWORD,
    PASSWORD,
    is_signed_in,
    set_password,
    sign_in,
)


def audited_actions(session) -> list[str]:
    session.rollback()
    return list(session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))


def test_sign_in_starts_audited_session(session, cast, browser_of):
    set_password(session, cast.alice)
    browser = browser_of()
    assert "Sign in" in browser.get("/login").text
    response = sign_in(browser, "alice@example.org")
    assert (response.status_code, response.location) == (303, "/")
    assert is_signed_in(browser)
    assert audited_actions(session) == ["session.begun"]


@pytest.mark.parametrize(
    "email",
    ["ALICE@example.org", "  alice@Example.ORG ", "ａlice@example.org"],
    ids=["upper case", "spaces", "full width"],
)
def test_email_is_normalized(session, cast, browser_of, email):
    set_password(session, cast.alice)
    assert sign_in(browser_of(), email).status_code == 303


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("info@bücher.example", "info@xn--bcher-kva.example"),
        ("info@bücher.example", "Info@BÜCHER.example"),
        ("info@xn--bcher-kva.example", "info@bücher.example"),
        ("info@straße.example", "info@xn--strae-oqa.example"),
        ("ünfo@bücher.example", "ünfo@XN--bcher-kva.example"),
    ],
    ids=["punycode", "upper case", "unicode", "sharp s", "international user"],
)
def test_international_domain_matches_unicode_and_punycode(
    session, cast, browser_of, stored, typed
):
    """Chromium sends the domain of an e-mail field as punycode."""
    change_email(
        session, cast.alice, parse_email(stored), by=cast.alice, address="192.0.2.1",
        now=dt.datetime.now(dt.UTC),
    )  # fmt: skip
    set_password(session, cast.alice)
    assert sign_in(browser_of(), typed).status_code == 303


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("alice@example.org", "granite scree and moss"),
        ("alice@example.org", PASSWORD + " "),
        ("nobody@example.org", PASSWORD),
        ("not an address", PASSWORD),
        ("al\x00\x00x@example.org", PASSWORD),
        ("alice@example.org", "\x00"),
    ],
    ids=[
        "wrong password",
        "trailing space",
        "unknown email",
        "malformed email",
        "nul in email",
        "nul as password",
    ],
)
def test_wrong_email_or_password_is_rejected(session, cast, browser_of, email, password):
    set_password(session, cast.alice)
    browser = browser_of()
    response = sign_in(browser, email, password)
    assert response.status_code == 422
    assert "The e-mail address or the password is wrong" in response.text
    assert password not in response.text
    assert not is_signed_in(browser)
    assert audited_actions(session) == ["session.failed"]


def test_missing_password_is_rejected(browser_of, app):
    response = browser_of().post("/login", {"email": "alice@example.org"})
    assert response.status_code == 422
    assert "Enter a password." in response.text
    assert 'value="alice@example.org"' in response.text


def test_person_without_password_cannot_sign_in(browser_of):
    assert sign_in(browser_of(), "bob@example.org", "anything at all").status_code == 422


@pytest.mark.parametrize("end", [actions.deactivate, deletion.request_deletion])
def test_only_the_right_password_shows_that_an_account_is_deactivated(
    session, cast, browser_of, now, end
):
    set_password(session, cast.alice)
    end(session, cast.alice, by=cast.erin, now=now)
    session.commit()
    for password, is_right in ((PASSWORD, True), ("granite scree and moss", False)):
        browser = browser_of()
        response = sign_in(browser, "alice@example.org", password)
        assert response.status_code == 422
        assert ("Your account is deactivated" in response.text) is is_right
        assert ("password is wrong" in response.text) is not is_right
        assert not is_signed_in(browser)
    assert audited_actions(session)[-1] == "session.failed"


def test_sign_in_requires_csrf_token(session, cast, app):
    set_password(session, cast.alice)
    data = {"email": "alice@example.org", "password": PASSWORD}
    assert app.test_client().post("/login", data=data).status_code == 400


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/skills?a=1", "/skills?a=1"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
    ],
    ids=["own path", "no scheme", "other site", "backslash", "javascript", "newline"],
)
def test_sign_in_redirects_only_to_own_paths(session, cast, browser_of, target, location):
    set_password(session, cast.alice)
    assert sign_in(browser_of(), "alice@example.org", next=target).location == location


def test_signed_in_person_is_redirected_from_login(cast, browser_of):
    response = browser_of(cast.alice).get("/login?next=/account")
    assert (response.status_code, response.location) == (303, "/account")


def test_anonymous_request_is_redirected_to_login(cast, browser_of):
    response = browser_of().get("/account/password?x=1")
    assert response.status_code == 303
    assert response.location == "/login?next=/account/password?x%3D1"


def test_sign_in_replaces_previous_session(session, cast, browser_of):
    set_password(session, cast.alice)
    browser = browser_of(cast.alice)
    with browser.client.session_transaction() as cookie:
        before = cookie["_user_id"]
    sign_in(browser, "alice@example.org")
    with browser.client.session_transaction() as cookie:
        assert cookie["_user_id"] != before
    session.rollback()
    assert session.scalar(sa.select(sa.func.count()).select_from(LoginSession)) == 1


def test_password_is_rehashed_when_parameters_change(app, session, cast, browser_of):
    set_password(session, cast.alice)
    old = session.scalar(sa.select(User.password_hash).where(User.id == cast.alice))
    app.config["PASSWORD_TIME_COST"] = 2
    try:
        assert sign_in(browser_of(), "alice@example.org").status_code == 303
        session.rollback()
        new = session.scalar(sa.select(User.password_hash).where(User.id == cast.alice))
        assert new != old
        assert not passwords.needs_rehash(new)
        assert sign_in(browser_of(), "alice@example.org").status_code == 303
    finally:
        app.config["PASSWORD_TIME_COST"] = 1


def test_ten_failed_sign_ins_block_account_for_15_minutes(session, cast, browser_of):
    set_password(session, cast.alice)
    start = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
    with time_machine.travel(start, tick=False):
        browser = browser_of()
        for _ in range(10):
            assert sign_in(browser, "alice@example.org", "wrong wrong wrong").status_code == 422
        response = sign_in(browser, "alice@example.org")
        assert response.status_code == 429
        assert 0 < int(response.headers["Retry-After"]) <= 901
        assert "Wait 15 minutes" in response.text
        assert 'value="alice@example.org"' in response.text
    # Other accounts at the same address are not blocked.
    with time_machine.travel(start + dt.timedelta(minutes=5), tick=False):
        set_password(session, cast.bob)
        assert sign_in(browser_of(), "bob@example.org").status_code == 303
        assert sign_in(browser_of(), "Alice@example.org").status_code == 429
    with time_machine.travel(start + dt.timedelta(minutes=15, seconds=1), tick=False):
        assert sign_in(browser_of(), "alice@example.org").status_code == 303
    assert "session.refused" in audited_actions(session)


def test_concurrent_failed_sign_ins_are_limited(session, cast, browser_of):
    set_password(session, cast.alice)
    browsers = [browser_of() for _ in range(24)]
    for browser in browsers:
        browser.csrf()

    def try_password(browser) -> int:
        return sign_in(browser, "alice@example.org", "wrong wrong wrong").status_code

    results = call_concurrently(try_password, browsers)
    assert sorted(set(results)) == [422, 429]
    assert 10 <= results.count(422) < 10 + passwords.MAX_CONCURRENT_HASHES


def test_successful_sign_ins_are_not_counted(session, cast, browser_of):
    set_password(session, cast.alice)
    for _ in range(11):
        assert sign_in(browser_of(), "alice@example.org").status_code == 303
    session.rollback()
    assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 0


def test_fifty_failed_sign_ins_block_an_address(cast, browser_of):
    browser = browser_of()
    results = [
        sign_in(browser, f"person{number}@example.org", "wrong wrong wrong").status_code
        for number in range(51)
    ]
    assert results == [422] * 50 + [429]


def test_successful_sign_in_clears_failures_of_the_account(session, cast, browser_of):
    set_password(session, cast.alice)
    browser = browser_of()
    for _ in range(9):
        sign_in(browser, "alice@example.org", "wrong wrong wrong")
    assert sign_in(browser, "alice@example.org").status_code == 303
    for _ in range(9):
        assert sign_in(browser_of(), "alice@example.org", "wrong wrong").status_code == 422
    # The failures still count for the address.
    session.rollback()
    counted = sa.select(sa.func.count()).where(Attempt.bucket.startswith("sign-in:address:"))
    assert session.scalar(counted) == 18


def test_old_attempts_are_pruned(app, session, cast, browser_of):
    start = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
    with time_machine.travel(start, tick=False):
        sign_in(browser_of(), "one@example.org", "wrong wrong wrong")
    with time_machine.travel(start + dt.timedelta(hours=1), tick=False):
        sign_in(browser_of(), "two@example.org", "wrong wrong wrong")
    assert session.scalar(sa.select(sa.func.min(Attempt.attempted_at))) == start + dt.timedelta(
        hours=1
    )


@pytest.fixture
def password_changed_while_waiting(app, session, cast, monkeypatch):
    """Change the password of Alice while her request waits to compute a hash."""
    set_password(session, cast.alice)
    hashed = passwords.hash_password(OTHER_PASSWORD)
    slot = passwords.hashing_slot

    @contextlib.contextmanager
    def wait():
        with app.app_context(), db.own_transaction() as own:
            own.execute(sa.update(User).where(User.id == cast.alice).values(password_hash=hashed))
        with slot():
            yield

    monkeypatch.setattr(passwords, "hashing_slot", wait)


def test_sign_in_uses_concurrently_changed_password(
    cast, browser_of, password_changed_while_waiting
):
    assert sign_in(browser_of(), "alice@example.org").status_code == 422
    assert sign_in(browser_of(), "alice@example.org", OTHER_PASSWORD).status_code == 303


def test_confirmation_with_concurrently_changed_password_is_rejected(
    cast, browser_of, password_changed_while_waiting
):
    alice = browser_of(cast.alice)
    assert alice.post("/account/confirm", {"password": PASSWORD}).status_code == 422
