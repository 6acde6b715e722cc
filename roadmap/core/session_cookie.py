"""The session cookie: over TLS it is `Secure`, and its name binds it to one host.

This is decided per request, because behind a TLS proxy the cookie must be safe even if the operator
configured no public address.
"""

from __future__ import annotations

from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from roadmap.core.config import COOKIE_NAME, SECURE_COOKIE_NAME
from roadmap.core.proxy import is_over_tls


class SessionCookieInterface(SecureCookieSessionInterface):
    """Flask's signed cookie; its name and `Secure` depend on the request's scheme."""

    def get_cookie_name(self, app: Flask) -> str:
        return SECURE_COOKIE_NAME if is_over_tls() else COOKIE_NAME

    def get_cookie_secure(self, app: Flask) -> bool:
        return is_over_tls()
