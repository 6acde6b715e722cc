"""/account/tokens: list, create and revoke API tokens."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from roadmap.auth import api_tokens
from roadmap.auth.models import ApiToken, LoginSession
from roadmap.people.models import AuditEntry
from tests.support.api_client import ApiClient
from tests.support.login import PASSWORD, hidden_inputs, set_password

FORM = {"name": "Calendar script", "scope": "read", "days": "30"}


@pytest.fixture
def alice(cast, browser_of):
    return browser_of(cast.alice)


def token_in(page: str) -> str:
    found = re.search(r'id="token"[^>]* value="(cairn_[\w-]+)"', page)
    assert found is not None, page
    return found.group(1)


def test_token_is_created_shown_once_and_listed(app, session, cast, alice, now):
    page = " ".join(alice.get("/account/tokens").text.split())
    assert "No token yet" in page
    assert "invitations and administration are only available on pages." in page
    made = alice.post("/account/tokens", FORM)
    assert made.status_code == 201
    token = token_in(made.text)
    assert ApiClient(app, token).get("/me").get_json()["name"] == "Alice"
    page = alice.get("/account/tokens").text
    assert "Calendar script" in page
    assert "valid until" in page
    assert "last used" in page
    # Revoking requires confirmation, even without JavaScript.
    assert re.search(
        r'<details class="confirm">\s*<summary[^>]*>Revoke.*?cannot be undone', page, re.S
    )
    assert token not in page
    row = session.scalars(sa.select(ApiToken)).one()
    assert row.scope == "read"
    assert abs(row.expires_at - now - dt.timedelta(days=30)) < dt.timedelta(minutes=1)
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "token.created")).one()
    assert (entry.actor_id, entry.data["name"]) == (cast.alice, "Calendar script")
    assert token not in str(entry.data)


def test_account_page_links_to_tokens(alice):
    assert 'href="/account/tokens"' in alice.get("/account").text


def test_tokens_of_other_people_are_hidden(session, cast, browser_of, now):
    api_tokens.create(
        session, cast.alice, name="Hers", scope="read", days=9, by=cast.alice, now=now
    )
    session.commit()
    key = api_tokens.list_tokens(session, cast.alice)[0].id
    for other in (cast.bob, cast.erin, cast.mallory):
        browser = browser_of(other)
        assert "Hers" not in browser.get("/account/tokens").text
        assert browser.delete(f"/account/tokens/{key}").status_code == 404
    session.rollback()
    assert session.scalars(sa.select(ApiToken.name)).all() == ["Hers"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"name": "  "}, "Name it after the script or tool that will use it."),
        ({"name": "x" * 101}, "100"),
        ({"scope": "admin"}, "Not a valid choice"),
        ({"days": "0"}, "Between 1 and 365 days."),
        ({"days": "366"}, "Between 1 and 365 days."),
        ({"days": "soon"}, "Not a valid integer"),
        ({"days": ""}, "number of days"),
    ],
    ids=[
        "blank name",
        "long name",
        "unknown scope",
        "no days",
        "too many days",
        "days as word",
        "empty days",
    ],
)
def test_invalid_token_form_is_rejected(session, alice, more, message):
    response = alice.post("/account/tokens", {**FORM, **more})
    assert response.status_code == 422
    assert message in response.text
    assert session.scalars(sa.select(ApiToken)).all() == []


def test_token_is_revoked(app, session, cast, alice):
    caller = ApiClient(app, token_in(alice.post("/account/tokens", FORM).text))
    key = api_tokens.list_tokens(session, cast.alice)[0].id
    assert alice.delete(f"/account/tokens/{key}").status_code == 303
    assert "no longer works" in alice.get("/account/tokens").text
    assert caller.get("/me").status_code == 401
    assert alice.delete(f"/account/tokens/{key}").status_code == 404


def test_token_creation_requires_the_password_again(app, session, cast, alice, now):
    set_password(session, cast.alice)
    session.execute(sa.update(LoginSession).values(fresh_at=now - dt.timedelta(hours=1)))
    session.commit()
    response = alice.get("/account/tokens/new")
    assert (response.status_code, response.location) == (
        303,
        "/account/confirm?next=/account/tokens/new",
    )
    refused = alice.post("/account/tokens", FORM)
    assert refused.status_code == 401
    assert session.scalars(sa.select(ApiToken)).all() == []
    # After the correct password, the form is sent again.
    again = alice.post("/account/confirm", {"password": PASSWORD, **hidden_inputs(refused, "kept")})
    assert "Calendar script" in again.text
    assert alice.post("/account/tokens", FORM).status_code == 201


def test_number_of_tokens_is_limited(session, cast, alice, now):
    for _ in range(api_tokens.MAX_TOKENS):
        api_tokens.create(
            session, cast.alice, name="one", scope="read", days=1, by=cast.alice, now=now
        )
    session.commit()
    response = alice.post("/account/tokens", FORM)
    assert response.status_code == 422
    assert "at most 50 tokens" in response.text


def test_expired_token_is_labelled(session, cast, alice, now):
    api_tokens.create(
        session,
        cast.alice,
        name="Old one",
        scope="write",
        days=1,
        by=cast.alice,
        now=now - dt.timedelta(days=3),
    )
    session.commit()
    page = alice.get("/account/tokens").text
    assert "Expired" in page
    assert "never used" in page
