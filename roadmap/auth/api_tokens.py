"""Personal API tokens: create, list and revoke them, and authenticate requests.

Only the SHA-256 of a token is stored. Tokens start with `cairn_`, so that secret scanners recognise
them.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, current_app, g, request
from flask_login import AnonymousUserMixin
from sqlalchemy.orm import Session

from roadmap.auth import rate_limits
from roadmap.auth.models import SCOPES, ApiToken
from roadmap.auth.queries import select_actor
from roadmap.auth.refusals import audit_refusal
from roadmap.auth.tokens import form_token, hash_token
from roadmap.core import web
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.problems import is_api, problem_response
from roadmap.core.proxy import client_address
from roadmap.core.types import form_id
from roadmap.people.actor import Actor
from roadmap.people.audit import record_audit
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user
from roadmap.people.permissions import find_token_refusal, permission_of

PREFIX = "cairn_"
MAX_TOKENS = 50
MAX_DAYS = 365
DEFAULT_DAYS = 90
LAST_USED_INTERVAL = dt.timedelta(minutes=10)
REALM = 'Bearer realm="cairn"'

_TOKENS: Any = ApiToken.__table__
_SELECT_ACTOR = select_actor(
    _TOKENS,
    _TOKENS.c.id.label("token_id"),
    _TOKENS.c.name.label("token_name"),
    _TOKENS.c.expires_at,
    _TOKENS.c.last_used_at,
    _TOKENS.c.scope,
).where(sa.or_(_TOKENS.c.expires_at.is_(None), _TOKENS.c.expires_at > sa.bindparam("now")))


class TooManyTokens(ValueError):
    """The person has the maximum number of valid tokens."""


def create(
    session: Session,
    user_id: uuid.UUID,
    *,
    name: str,
    scope: str,
    days: int,
    by: uuid.UUID | None,
    address: str = "",
    now: dt.datetime,
    key: str = "",
) -> str:
    """Create and return a token that is valid for `days`. It is not stored.

    Repeated calls with the same form `key` return the same token. Raises TooManyTokens, and
    ValueError for an invalid scope or number of days.
    """
    if scope not in SCOPES:
        raise ValueError(f"no such scope: {scope}")
    if not 1 <= days <= MAX_DAYS:
        raise ValueError(f"a token is valid for 1 to {MAX_DAYS} days, not {days}")
    # Concurrent requests must not both pass the limit.
    lock_user(session, user_id)
    row_id = form_id(key, user_id, name, scope, days)
    mine = list_tokens(session, user_id)
    for made in mine:
        if made.id == row_id:
            return PREFIX + form_token(key, row_id, made.created_at)
    if sum(each.expires_at is None or each.expires_at > now for each in mine) >= MAX_TOKENS:
        raise TooManyTokens
    token = PREFIX + form_token(key, row_id, now)
    session.add(
        ApiToken(
            id=row_id,
            user_id=user_id,
            name=name,
            token_hash=hash_token(token),
            scope=scope,
            created_at=now,
            expires_at=now + dt.timedelta(days=days),
        )
    )
    session.flush()
    record_audit(
        session, "token.created", user_id, by=by, now=now, address=address, name=name, scope=scope,
        days=days,
    )  # fmt: skip
    record_history(session, user_id, "account.token_created", by=by, now=now, name=name)
    return token


def revoke(
    session: Session, token: ApiToken, *, by: uuid.UUID | None, address: str = "", now: dt.datetime
) -> None:
    """Revoke a token immediately."""
    session.delete(token)
    session.flush()
    record_audit(
        session, "token.revoked", token.user_id, by=by, now=now, address=address, name=token.name
    )


def list_tokens(session: Session, user_id: uuid.UUID) -> Sequence[ApiToken]:
    """Return the tokens of a person, newest first, including expired ones."""
    return session.scalars(
        sa.select(ApiToken)
        .where(ApiToken.user_id == user_id)
        .order_by(ApiToken.created_at.desc(), ApiToken.id.desc())
    ).all()


def authenticate_bearer() -> Response | None:
    """Set the actor of an API request, or refuse it with 401 or 403.

    Tokens have 256 bits and cannot be guessed. Wrong ones are counted only to limit the load.
    """
    if not is_api():
        return None
    # Prevents Flask-Login from reading the session cookie.
    g._login_user = AnonymousUserMixin()
    permission = permission_of(current_app, request.endpoint) if request.endpoint else "public"
    if permission == "public":
        return None
    sent = request.authorization
    if sent is None:
        return _unauthorized(_("This address needs a personal token."))
    token = sent.token if sent.type == "bearer" else None
    parameters = {"token_hash": hash_token(token or ""), "now": web.now()}
    with db.read_connection() as connection:
        found = connection.execute(_SELECT_ACTOR, parameters).first()
    if found is None:
        return _reject_wrong_token()
    attributes = dict(found._mapping)
    token_id, last_used_at = attributes.pop("token_id"), attributes.pop("last_used_at")
    if last_used_at is None or web.now() - last_used_at > LAST_USED_INTERVAL:
        used = sa.update(ApiToken).where(ApiToken.id == token_id)
        used = used.values(last_used_at=web.now())
        db.write_or_log(lambda own: own.execute(used), what=f"token {token_id} was used")
    g.token_id, g.token_expires_at = token_id, attributes.pop("expires_at")
    g._login_user = actor = Actor(
        **attributes, judges_by_token=current_app.config["REVIEW_BY_TOKEN"], session=db.session
    )
    if permission and (refusal := find_token_refusal(actor, permission)):
        return problem_response(403, refusal)
    return None


def _reject_wrong_token() -> Response:
    limits = rate_limits.attempt_limits("token", address=client_address())
    if wait := rate_limits.count_attempt(limits, now=web.now()):
        audit_refusal("token.refused")
        answer = problem_response(429, _("Too many wrong tokens came from this address."))
        answer.headers["Retry-After"] = str(wait)
        return answer
    return _unauthorized(
        _("This token does not work: it is wrong, expired or revoked."), error="invalid_token"
    )


def _unauthorized(detail: str, error: str = "") -> Response:
    """Return a 401 with the header that RFC 6750 requires."""
    answer = problem_response(401, detail)
    answer.headers["WWW-Authenticate"] = f'{REALM}, error="{error}"' if error else REALM
    return answer


def init_bearer(app: Flask) -> None:
    app.before_request(authenticate_bearer)
