"""Rate limits of exports, searches, public links and the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from roadmap import create_app
from roadmap.core.database import db
from roadmap.core.limiter import limiter
from tests.support.api_client import ApiClient
from tests.support.browser_client import BrowserClient
from tests.support.cast import Cast


@pytest.fixture
def limited_app(database_url: str, app: Flask) -> Iterator[Flask]:
    """Make an application with rate limits, which the shared test application disables."""
    names = ("SECRET_KEY", "DATA_DIR", "PASSWORD_TIME_COST", "PASSWORD_MEMORY_KIB")
    settings = {name: app.config[name] for name in names}
    settings |= {"DATABASE_URL": database_url, "TESTING": True, "RATELIMIT_ENABLED": True}
    limited = create_app(settings)
    with limited.app_context():
        limiter.reset()
    yield limited
    limiter.enabled = False
    with limited.app_context():
        db.engine.dispose()


def assert_limited_after(request: Callable[[], int], limit: int, status: int = 200) -> None:
    """Assert that the first `limit` requests get `status`, and the next one 429."""
    assert {request() for _ in range(limit)} == {status}
    assert request() == 429


def test_team_export_limit(cast: Cast, limited_app: Flask) -> None:
    bob = BrowserClient.of(limited_app, cast.bob)
    # Requests for missing pages count too, and are cheap.
    assert_limited_after(lambda: bob.get("/teams/ranking/export/nothing").status_code, 30, 404)
    assert bob.get("/teams/ranking/export/csv").status_code == 429


def test_public_link_limit(limited_app: Flask, cast: Cast) -> None:
    anybody = BrowserClient.of(limited_app, None)
    assert_limited_after(lambda: anybody.get("/p/nothing").status_code, 120, 404)


def test_api_limit(limited_app: Flask, cast: Cast) -> None:
    alice = ApiClient.of(limited_app, cast.alice)
    path = "/me/roadmaps/nothing/milestones/nothing"
    assert_limited_after(lambda: alice.put(path, {"status": "none"}).status_code, 600, 422)


SEARCHES = {
    "evidence": ("alice", "/evidence?q=word"),
    "milestones": ("alice", "/evidence/milestones?q=word"),
    "everything": ("alice", "/search?q=word"),
    "people": ("erin", "/admin/people?q=word"),
    "matrix": ("bob", "/teams/ranking?q=word"),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_search_limit_per_person(limited_app: Flask, cast: Cast, name: str) -> None:
    who, path = SEARCHES[name]
    person = BrowserClient.of(limited_app, getattr(cast, who))
    assert_limited_after(lambda: person.get(path, fragment=True).status_code, 120)
    refused = person.get(path)
    assert "at most 120 times a minute" in refused.text
    assert 0 < int(refused.headers["Retry-After"]) <= 61
    # Other pages and other users are not limited.
    assert person.get(path.partition("?")[0]).status_code == 200
    assert BrowserClient.of(limited_app, cast.carol).get("/evidence?q=word").status_code == 200


def test_all_searches_share_one_limit_per_person(limited_app: Flask, cast: Cast) -> None:
    alice = BrowserClient.of(limited_app, cast.alice)
    assert_limited_after(
        lambda: alice.get("/evidence/milestones?q=word", fragment=True).status_code, 120
    )
    assert alice.get("/evidence?q=word").status_code == 429
    assert alice.post("/evidence/milestones", {"q": "word"}).status_code == 429
