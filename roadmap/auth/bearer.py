"""Authenticate requests of the API by bearer token. Cookies are ignored there."""

from __future__ import annotations

import datetime as dt

from flask import Flask, Response, current_app, g, request
from flask_babel import gettext as _
from flask_login import AnonymousUserMixin

from roadmap.auth import api_tokens, rate_limits
from roadmap.auth.login_throttle import audit_refusal_throttled, end_transaction
from roadmap.core.database import SAFE_METHODS, db
from roadmap.core.problems import is_api, problem_response
from roadmap.core.proxy import client_address
from roadmap.core.web import now
from roadmap.people.permissions import permission_of

REALM = 'Bearer realm="cairn"'
LAST_USED_INTERVAL = dt.timedelta(minutes=10)


def authenticate_bearer() -> Response | None:
    """Set the actor of a request of the API, or refuse it with 401 or 403.

    A token has 256 random bits and cannot be guessed. Wrong ones are counted to limit the work.
    """
    if not is_api():
        return None
    # Keeps Flask-Login from reading the session cookie.
    g._login_user = AnonymousUserMixin()
    if request.endpoint is None or permission_of(current_app, request.endpoint) == "public":
        return None
    sent = request.authorization
    if sent is None:
        return _unauthorized(_("This address needs a personal token."))
    token = sent.token if sent.type == "bearer" else None
    found = api_tokens.find(db.session, token, now=now()) if token else None
    if found is None:
        return _reject_wrong_token()
    last = found.last_used_at
    if last is None or now() - last > LAST_USED_INTERVAL:
        # Nothing is written yet: the request continues in a new transaction.
        end_transaction()
        with db.own_transaction() as own:
            api_tokens.record_use(own, found.id, now=now())
    g.token = found
    g._login_user = found.actor
    if found.actor.scope != "write" and request.method not in SAFE_METHODS:
        return problem_response(
            403, _("This token can only read. Create one with the scope write.")
        )
    return None


def _reject_wrong_token() -> Response:
    limits = rate_limits.attempt_limits("token", address=client_address())
    if wait := rate_limits.count_attempt(limits, now=now()):
        audit_refusal_throttled("token.refused")
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
