"""/account/password, /account/email and /account/confirm: changes that require the password."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from roadmap.auth.models import LoginSession
from roadmap.auth.queries import find_pending_email
from roadmap.people.models import AuditEntry, User
from tests.support.login import (
    OTHER_PASSWORD,
    PASSWORD,
    hidden_inputs,
    is_signed_in,
    set_password,
    sign_in,
)


@pytest.fixture
def alice(session, cast, browser_of):
    """Return a browser of Alice, who has the password PASSWORD."""
    set_password(session, cast.alice)
    return browser_of(cast.alice)


@pytest.fixture
def stale(session, alice, now):
    """Return a browser of Alice an hour after she entered her password."""
    session.execute(sa.update(LoginSession).values(fresh_at=now - dt.timedelta(hours=1)))
    session.commit()
    return alice


def test_password_change_ends_other_sessions(session, cast, alice, browser_of):
    other = browser_of(cast.alice)
    assert alice.get("/account/password").status_code == 200
    data = {"current_password": PASSWORD, "password": OTHER_PASSWORD}
    response = alice.put("/account/password", data)
    assert (response.status_code, response.location) == (303, "/account")
    assert is_signed_in(alice)
    assert not is_signed_in(other)
    assert sign_in(browser_of(), "alice@example.org", PASSWORD).status_code == 422
    assert sign_in(browser_of(), "alice@example.org", OTHER_PASSWORD).status_code == 303
    assert "password.changed" in session.scalars(sa.select(AuditEntry.action)).all()


def test_password_change_starts_new_session(alice):
    with alice.client.session_transaction() as cookie:
        before = cookie["_user_id"]
    alice.put("/account/password", {"current_password": PASSWORD, "password": OTHER_PASSWORD})
    with alice.client.session_transaction() as cookie:
        assert cookie["_user_id"] != before


@pytest.mark.parametrize(
    ("current", "new", "message"),
    [
        ("not her password", OTHER_PASSWORD, "not your current password"),
        (PASSWORD, "short", "at least 10"),
        (PASSWORD, "password1234", "attackers try first"),
        (PASSWORD, "this is alice speaking", "contains your name"),
        ("", OTHER_PASSWORD, "Enter a password."),
    ],
    ids=["wrong current", "short", "common", "name", "no current"],
)
def test_invalid_password_change_is_rejected(alice, browser_of, current, new, message):
    response = alice.put("/account/password", {"current_password": current, "password": new})
    assert response.status_code == 422
    assert message in response.text
    assert sign_in(browser_of(), "alice@example.org", PASSWORD).status_code == 303


def test_wrong_current_password_is_rate_limited(session, alice):
    data = {"current_password": "wrong wrong wrong", "password": OTHER_PASSWORD}
    results = [alice.put("/account/password", data).status_code for _ in range(11)]
    assert results == [422] * 10 + [429]
    assert alice.post("/account/confirm", {"password": PASSWORD}).status_code == 429


@pytest.mark.parametrize(
    "email",
    ["x", "", "alice@"],
    ids=["no domain", "empty", "empty domain"],
)
def test_invalid_email_is_rejected(session, cast, alice, email):
    response = alice.put("/account/email", {"email": email})
    assert response.status_code == 422
    assert f'value="{email}"' in response.text
    assert session.get(User, cast.alice).email == "alice@example.org"


def test_old_sign_in_requires_the_password_again(stale):
    response = stale.get("/account/email")
    assert (response.status_code, response.location) == (
        303,
        "/account/confirm?next=/account/email",
    )
    assert "enter your password again" in stale.get(response.location).text
    response = stale.post("/account/confirm", {"password": PASSWORD, "next": "/account/email"})
    assert (response.status_code, response.location) == (303, "/account/email")
    assert stale.get("/account/email").status_code == 200


def test_form_is_preserved_during_confirmation(session, cast, stale):
    page = stale.put("/account/email", {"email": "alice@elsewhere.org"})
    assert page.status_code == 401
    kept = hidden_inputs(page, "kept.")
    page = stale.post("/account/confirm", {"password": "wrong wrong wrong", **kept})
    assert page.status_code == 422
    page = stale.post("/account/confirm", {"password": PASSWORD, **hidden_inputs(page, "kept.")})
    assert page.status_code == 200
    assert 'action="/account/email"' in page.text
    assert stale.post("/account/email", hidden_inputs(page, "")).status_code == 303
    assert find_pending_email(session, cast.alice).email == "alice@elsewhere.org"


def test_confirmation_redirects_only_to_own_paths(alice):
    response = alice.post("/account/confirm", {"password": PASSWORD, "next": "//evil.example"})
    assert response.location == "/account"


@pytest.mark.parametrize(
    "password",
    ["", "wrong wrong wrong"],
    ids=["empty", "wrong"],
)
def test_wrong_confirmation_password_is_rejected(stale, password):
    assert stale.post("/account/confirm", {"password": password}).status_code == 422
    assert stale.get("/account/email").status_code == 303
