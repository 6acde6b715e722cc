"""Recognize a browser that has signed in to an account before, by a signed cookie.

Its failed attempts are counted separately, so that attackers cannot lock people out of their own
browsers. See OWASP, "Device cookies". The cookie alone does not grant access.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import uuid

from flask import after_this_request, current_app, request
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

from roadmap.core.proxy import is_over_tls

# The maximum lifetime of a cookie in browsers.
LIFETIME = dt.timedelta(days=400)
# The maximum number of accounts per browser; the oldest sign-in is removed first.
MAX_ACCOUNTS = 5


def find_device(user_id: uuid.UUID) -> str:
    """Return the id of this browser for an account that it has signed in to, or ""."""
    return _read_cookie().get(user_id.hex, "")


def remember_device(user_id: uuid.UUID) -> None:
    """Set a cookie that marks this browser as known to an account.

    It names the account and not the address, which may belong to another account later.
    """
    known, account = _read_cookie(), user_id.hex
    device = known.pop(account, "") or secrets.token_urlsafe(16)
    kept = dict([*known.items(), (account, device)][-MAX_ACCOUNTS:])

    @after_this_request
    def set_cookie(response: Response) -> Response:
        response.set_cookie(
            _cookie_name(), _serializer().dumps(kept), max_age=LIFETIME, path="/",
            secure=is_over_tls(), httponly=True, samesite="Lax",
        )  # fmt: skip
        return response


def _read_cookie() -> dict[str, str]:
    try:
        known: dict[str, str] = _serializer().loads(request.cookies.get(_cookie_name(), ""))
    except BadData:
        return {}
    return known


def _cookie_name() -> str:
    prefix = "__Host-" if is_over_tls() else ""
    return f"{prefix}{current_app.config['SESSION_COOKIE_NAME']}-device"


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(
        current_app.config["SECRET_KEY"],
        salt="device",
        signer_kwargs={"digest_method": hashlib.sha256},
    )
