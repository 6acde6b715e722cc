"""Access with API tokens, and when they stop working."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from roadmap.auth import actions, api_tokens
from roadmap.auth.actions import prune
from roadmap.auth.models import ApiToken
from tests.api.conftest import ApiClientOf
from tests.support.api_client import BASE, ApiClient, make_token
from tests.support.browser_client import IsolatedClient
from tests.support.cast import Cast


def test_token_has_prefix_and_is_stored_as_hash(app: Flask, cast: Cast, session: Session) -> None:
    token = make_token(app, cast.alice)
    assert token.startswith("cairn_")
    assert len(token) == len("cairn_") + 43
    row = session.scalars(sa.select(ApiToken)).one()
    assert token.encode() not in bytes(row.token_hash)
    assert len(row.token_hash) == 32


@pytest.mark.parametrize(
    "header",
    [
        None,
        "Bearer wrong",
        "Bearer cairn_" + "a" * 43,
        "Bearer",
        "Bearer ",
        "Basic YWxpY2U6c2VjcmV0",
        "cairn_abc",
        "Bearer caf\u00e9",
        "Bearer \ud83d".encode("utf-8", "replace").decode(),
    ],
    ids=[
        "no header",
        "wrong token",
        "unknown token",
        "no token",
        "blank token",
        "basic",
        "no scheme",
        "not ascii",
        "replacement character",
    ],
)
def test_invalid_authorization_header_is_rejected(header: str | None, app: Flask) -> None:
    headers = {"Authorization": header.encode().decode("latin1")} if header else {}
    response = ApiClient(app, None).get("/me", headers=headers)
    assert response.status_code == 401
    assert response.mimetype == "application/problem+json"
    assert response.headers["WWW-Authenticate"].startswith('Bearer realm="cairn"')


def test_revoked_token_is_rejected(
    app: Flask, cast: Cast, session: Session, now: dt.datetime
) -> None:
    caller = ApiClient.of(app, cast.alice)
    assert caller.get("/me").status_code == 200
    token = api_tokens.list_tokens(session, cast.alice)[0]
    api_tokens.revoke(session, token, by=cast.alice, now=now)
    session.commit()
    assert caller.get("/me").status_code == 401


def test_token_ends_when_account_is_deactivated(
    app: Flask, cast: Cast, session: Session, now: dt.datetime
) -> None:
    caller = ApiClient.of(app, cast.alice)
    actions.deactivate(session, cast.alice, by=None, now=now)
    session.commit()
    assert caller.get("/me").status_code == 401
    # Reactivating the account does not restore the token.
    actions.reactivate(session, cast.alice, by=None, now=now)
    session.commit()
    assert caller.get("/me").status_code == 401


def test_token_ends_when_password_changes(
    app: Flask, cast: Cast, session: Session, now: dt.datetime
) -> None:
    caller = ApiClient.of(app, cast.alice)
    actions.set_password(session, cast.alice, "a new hash", by=cast.alice, now=now)
    session.commit()
    assert caller.get("/me").status_code == 401


def test_session_cookie_is_ignored(app: Flask, cast: Cast, browser_of) -> None:
    browser = browser_of(cast.alice)
    assert browser.get("/account").status_code == 200
    assert browser.get(f"{BASE}/me").status_code == 401
    csrf = {"X-CSRFToken": browser.csrf()}
    sent = browser.client.put(f"{BASE}/me/skills/mlops", json={"level": 2}, headers=csrf)
    assert sent.status_code == 401
    # With a token and another person's cookie, the token counts.
    token = make_token(app, cast.bob)
    both = browser.get(f"{BASE}/me", headers={"Authorization": f"Bearer {token}"})
    assert both.get_json()["name"] == "Bob"


def test_token_gives_no_access_to_pages(app: Flask, cast: Cast) -> None:
    client = IsolatedClient(app, app.response_class, use_cookies=False)
    token = make_token(app, cast.alice)
    response = client.get("/account", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 303
    assert response.location.startswith("/login")


def test_read_token_cannot_write(cast: Cast, api_client_of: ApiClientOf) -> None:
    reader = api_client_of(cast.alice, "read")
    response = reader.put("/me/skills/mlops", {"level": 2})
    assert response.status_code == 403
    assert "read" in response.get_json()["detail"]
    assert reader.get("/me/skills").get_json()["items"][0]["self"] is None


def test_last_use_is_recorded_every_ten_minutes(
    app: Flask, cast: Cast, session: Session, statements
) -> None:
    caller = ApiClient.of(app, cast.alice)

    def last_used_at() -> dt.datetime | None:
        session.rollback()
        return session.scalars(sa.select(ApiToken.last_used_at)).one()

    assert last_used_at() is None
    caller.get("/me")
    first = last_used_at()
    assert first is not None
    with statements() as seen:
        caller.get("/me")
    assert not [each for each in seen if each.startswith(("UPDATE", "INSERT"))]
    long_ago = first - dt.timedelta(minutes=11)
    session.execute(sa.update(ApiToken).values(last_used_at=long_ago))
    session.commit()
    # A rejected request counts as use.
    assert caller.put("/me/skills/mlops", {"level": 9}).status_code == 422
    again = last_used_at()
    assert again is not None
    assert again > long_ago


def test_wrong_tokens_are_rate_limited_by_address(app: Flask, cast: Cast) -> None:
    wrong, right = ApiClient(app, "cairn_" + "b" * 43), ApiClient.of(app, cast.alice)
    here = {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}
    results = [wrong.get("/me", **here).status_code for _ in range(51)]
    assert results == [401] * 50 + [429]
    late = wrong.get("/me", **here)
    assert int(late.headers["Retry-After"]) > 0
    assert late.mimetype == "application/problem+json"
    # Valid tokens at the same address and other addresses are not blocked.
    assert right.get("/me", **here).status_code == 200
    elsewhere = {"environ_base": {"REMOTE_ADDR": "192.0.2.8"}}
    assert wrong.get("/me", **elsewhere).status_code == 401


def test_number_of_tokens_is_limited(session: Session, cast: Cast, now: dt.datetime) -> None:
    for _ in range(api_tokens.MAX_TOKENS):
        api_tokens.create(
            session, cast.alice, name="one", scope="read", days=1, by=cast.alice, now=now
        )
    with pytest.raises(api_tokens.TooManyTokens):
        api_tokens.create(
            session, cast.alice, name="one", scope="read", days=1, by=cast.alice, now=now
        )


def test_expired_tokens_do_not_count_towards_the_limit(
    session: Session, cast: Cast, now: dt.datetime
) -> None:
    def make(at: dt.datetime) -> None:
        api_tokens.create(
            session, cast.alice, name="one", scope="read", days=1, by=cast.alice, now=at
        )

    for _ in range(api_tokens.MAX_TOKENS):
        make(now)
    later = now + dt.timedelta(days=1)
    make(later)
    # Expired tokens are listed for 90 days, so that their owner sees why a script stopped.
    prune(session, now=later + dt.timedelta(days=89))
    assert len(api_tokens.list_tokens(session, cast.alice)) == api_tokens.MAX_TOKENS + 1
    prune(session, now=later + dt.timedelta(days=90, minutes=1))
    assert len(api_tokens.list_tokens(session, cast.alice)) == 1


@pytest.mark.parametrize(("scope", "days"), [("admin", 1), ("read", 0), ("read", 366)])
def test_invalid_scope_or_lifetime_is_rejected(
    scope: str, days: int, session: Session, cast: Cast, now: dt.datetime
) -> None:
    with pytest.raises(ValueError, match=r"scope|days"):
        api_tokens.create(
            session, cast.alice, name="one", scope=scope, days=days, by=cast.alice, now=now
        )
