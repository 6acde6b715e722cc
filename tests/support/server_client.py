"""A signed-in client of the running server, and the progress that tests create and compare."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.client
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Flask

from roadmap.catalog.queries import published_roadmap
from roadmap.core.database import db
from roadmap.progress import actions as progress
from roadmap.progress.models import MilestoneStatus
from tests.support.browser_client import BrowserClient
from tests.support.cast import Cast
from tests.support.sample_data import SLUG
from tests.support.server import HOST, Server, run_server

MILESTONES = f"/roadmaps/{SLUG}/milestones/"


@dataclass
class Response:
    status: int
    text: str
    location: str = ""


class ServerClient:
    """A signed-in user who sends each request on a new connection."""

    def __init__(self, server: Server, app: Flask, person: uuid.UUID) -> None:
        self.server = server
        browser = BrowserClient.of(app, person)
        self._csrf_token = browser.csrf()
        cookie = browser.client.get_cookie(app.config["SESSION_COOKIE_NAME"])
        assert cookie is not None
        self._cookie = f"{cookie.key}={cookie.value}"

    def headers(self, **more: str) -> dict[str, str]:
        return {"Cookie": self._cookie, "X-CSRFToken": self._csrf_token, **more}

    def request(
        self, method: str, path: str, fields: dict[str, str] | None = None, timeout: float = 20
    ) -> Response:
        """Send a form. Raises OSError or HTTPException without a response."""
        connection = http.client.HTTPConnection(HOST, self.server.port, timeout=timeout)
        try:
            body = urlencode(fields or {})
            headers = self.headers(**{"Content-Type": "application/x-www-form-urlencoded"})
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Response(response.status, response.read().decode())
        finally:
            connection.close()

    def tick(self, key: str, status: str = "done", timeout: float = 20) -> Response:
        return self.request("PUT", f"{MILESTONES}{key}/status", {"status": status}, timeout)


def create_enrolled_cast(app: Flask) -> Cast:
    """Create the cast, with Alice enrolled in the roadmap."""
    with app.app_context():
        cast = Cast.create(db.session)
        found = published_roadmap(db.session, SLUG)
        assert found is not None
        now = dt.datetime.now(dt.UTC)
        progress.enroll(db.session, cast.alice, found.roadmap_id, now=now)
        db.session.commit()
        return cast


def milestone_keys(app: Flask) -> list[str]:
    with app.app_context():
        found = published_roadmap(db.session, SLUG)
        assert found is not None
        return sorted(found.content.by_key)


def milestone_statuses(app: Flask, person: uuid.UUID) -> dict[str, str]:
    table = MilestoneStatus.__table__.c
    with app.app_context(), db.engine.connect() as connection:
        rows = connection.execute(
            sa.select(table.milestone_key, table.status).where(table.user_id == person)
        )
        return {row.milestone_key: row.status for row in rows}


def dispose_engine(app: Flask) -> None:
    """Close the application's database connections."""
    with app.app_context():
        db.engine.dispose()


@dataclass
class RunningServer:
    server: Server
    app: Flask
    cast: Cast
    alice: ServerClient


@contextlib.contextmanager
def run_server_with_cast(folder: Path) -> Iterator[RunningServer]:
    """Run a server whose database contains the cast."""
    with run_server(folder) as (server, app):
        cast = create_enrolled_cast(app)
        yield RunningServer(server, app, cast, ServerClient(server, app, cast.alice))
