"""Recognize a browser that signed in to an account before, by a signed cookie.

Its wrong passwords are counted apart, so that those of others, from however many addresses, never
keep a person out of their own browser. See OWASP, "Device cookies". The cookie opens nothing.
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

# The longest that browsers keep a cookie.
LIFETIME = dt.timedelta(days=400)
# How many accounts one browser is known for; the one that signed in longest ago goes.
MAX_ACCOUNTS = 5


def find_device(user_id: uuid.UUID) -> str:
    """Return the id of this browser for an account that it signed in to, or ""."""
    return _read_cookie().get(user_id.hex, "")


def remember_device(user_id: uuid.UUID) -> None:
    """Let the response tell this browser that it signed in to an account.

    Not to an address: it may have been another account's, before somebody confirmed it.
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
        known = _serializer().loads(request.cookies.get(_cookie_name(), ""))
    except BadData:
        return {}
    return known if isinstance(known, dict) else {}


def _cookie_name() -> str:
    prefix = "__Host-" if is_over_tls() else ""
    return f"{prefix}{current_app.config['SESSION_COOKIE_NAME']}-device"


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(
        current_app.config["SECRET_KEY"],
        salt="device",
        signer_kwargs={"digest_method": hashlib.sha256},
    )
