"""A test client that behaves like a browser: it keeps cookies and sends the CSRF token."""

from __future__ import annotations

import contextvars
import datetime as dt
import re
import secrets
import uuid
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Flask, g, has_app_context
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from roadmap.auth.models import LoginSession
from roadmap.auth.tokens import new_token
from roadmap.core.database import db

_SESSIONS: Any = LoginSession.__table__
_INSERT_SESSION = sa.insert(_SESSIONS)


class IsolatedClient(FlaskClient):
    """A client whose requests do not share the test's application context.

    Flask would otherwise reuse a context that the test holds, including the current user, the clock
    and the CSRF token. Uncommitted changes of the test's session are rolled back, so that its locks
    do not block the request forever.
    """

    def open(self, *args: Any, **more: Any) -> TestResponse:
        rollback_session()
        more.setdefault("buffered", True)  # closes a file sent as the response
        return contextvars.Context().run(super().open, *args, **more)


def rollback_session() -> None:
    if has_app_context() and "_db_session" in g:
        db.session.rollback()


class BrowserClient:
    """A test client that adds the CSRF token to unsafe requests."""

    def __init__(self, client: FlaskClient, csrf_token: str | None = None) -> None:
        self.client = client
        self._csrf = csrf_token

    @classmethod
    def of(cls, app: Flask, person: uuid.UUID | None) -> BrowserClient:
        client = IsolatedClient(app, app.response_class, use_cookies=True)
        csrf_token = None
        if person is not None:
            rollback_session()
            token, token_hash = new_token()
            now = dt.datetime.now(dt.UTC)
            with app.app_context():
                timestamps = dict.fromkeys(("created_at", "last_seen_at", "fresh_at"), now)
                db.session.execute(
                    _INSERT_SESSION, {"user_id": person, "token_hash": token_hash, **timestamps}
                )
                db.session.commit()
            raw_token = secrets.token_hex(20)
            with client.session_transaction() as cookie:
                cookie["_user_id"] = token
                cookie["_fresh"] = True
                cookie["csrf_token"] = raw_token
            # Signed as Flask-WTF does, which saves requesting a page for the token.
            signer = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="wtf-csrf-token")
            csrf_token = signer.dumps(raw_token)
        return cls(client, csrf_token)

    def csrf(self) -> str:
        """Return the CSRF token from a page of this browser's session."""
        if self._csrf is None:
            # /logout is a small page for signed-in users and redirects everyone else.
            page = self.client.get("/logout")
            if page.status_code != 200:
                page = self.client.get("/login")
            found = re.search(r'name="?csrf_token"?[^>]*value="([^"]+)"', page.text)
            assert found is not None, "no page of this browser carries a CSRF token"
            self._csrf = found.group(1)
        return self._csrf

    def get(self, path: str, *, fragment: bool = False, **more: Any) -> TestResponse:
        headers = {**more.pop("headers", {}), **({"HX-Request": "true"} if fragment else {})}
        return self.client.get(path, headers=headers, **more)

    def send(
        self, method: str, path: str, data: dict[str, Any] | None = None, *, fragment: bool = False
    ) -> TestResponse:
        headers = {"X-CSRFToken": self.csrf()}
        if fragment:
            headers["HX-Request"] = "true"
        return self.client.open(path, method=method, data=data or {}, headers=headers)

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        return self.send("POST", path, data, **more)

    def put(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        return self.send("PUT", path, data, **more)

    def delete(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        return self.send("DELETE", path, data, **more)


# The type of the `browser_of` fixture.
BrowserOf = Callable[..., BrowserClient]


def csrf_field(browser: BrowserClient, page: str) -> dict[str, str]:
    """Return the hidden field of a page's CSRF token, which identifies this copy of the form."""
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', browser.get(page).text)
    assert found, "the form has no CSRF token"
    return {"csrf_token": found[1]}
