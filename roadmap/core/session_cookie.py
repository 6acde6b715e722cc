"""The session's cookie: over TLS it is `Secure`, and its name binds it to this one host.

That is decided for each request: behind a proxy that speaks TLS the cookie must be safe although no
operator wrote down an address, and refusing to start would stop servers that run well.
"""

from __future__ import annotations

from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from roadmap.core.config import COOKIE_NAME, SECURE_COOKIE_NAME
from roadmap.core.proxy import is_over_tls


class SessionCookieInterface(SecureCookieSessionInterface):
    """Flask's signed cookie, with name and `Secure` by what the request came over."""

    def get_cookie_name(self, app: Flask) -> str:
        return SECURE_COOKIE_NAME if is_over_tls() else COOKIE_NAME

    def get_cookie_secure(self, app: Flask) -> bool:
        return is_over_tls()
