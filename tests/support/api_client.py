"""A REST API client that sends a personal token and JSON."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from roadmap.auth import api_tokens
from roadmap.core.database import db
from tests.support.browser_client import IsolatedClient, rollback_session

BASE = "/api/v1"


class ApiClient:
    """Send requests below `/api/v1` with a token."""

    def __init__(self, app: Flask, token: str | None) -> None:
        self.client = IsolatedClient(app, app.response_class, use_cookies=False)
        self.token = token

    @classmethod
    def of(cls, app: Flask, person: uuid.UUID, scope: str = "write") -> ApiClient:
        return cls(app, make_token(app, person, scope))

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> TestResponse:
        sent = dict(headers or {})
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if body is not None:
            more["json"] = body
        return self.client.open(BASE + path, method=method, headers=sent, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> TestResponse:
        return self.call("POST", path, body, **more)

    def put(self, path: str, body: Any = None, **more: Any) -> TestResponse:
        return self.call("PUT", path, body, **more)

    def patch(self, path: str, body: Any = None, **more: Any) -> TestResponse:
        return self.call("PATCH", path, body, **more)

    def delete(self, path: str, **more: Any) -> TestResponse:
        return self.call("DELETE", path, **more)


def make_token(app: Flask, person: uuid.UUID, scope: str = "write", *, days: int = 30) -> str:
    """Create a token for a person. A negative `days` makes it already expired."""
    rollback_session()
    moment = dt.datetime.now(dt.UTC)
    with app.app_context():
        token = api_tokens.create(
            db.session,
            person,
            name=f"{scope} of a test",
            scope=scope,
            days=30,
            by=person,
            now=moment,
        )
        if days < 0:
            row = api_tokens.list_tokens(db.session, person)[0]
            row.expires_at = moment + dt.timedelta(days=days)
        db.session.commit()
    return token
