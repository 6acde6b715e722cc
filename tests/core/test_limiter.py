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
def counting_app(database_url: str, app: Flask) -> Iterator[Flask]:
    """An application that counts, on the same database: the tests' own one does not."""
    names = ("SECRET_KEY", "DATA_DIR", "PASSWORD_TIME_COST", "PASSWORD_MEMORY_KIB")
    settings = {name: app.config[name] for name in names}
    settings |= {"DATABASE_URL": database_url, "TESTING": True, "RATELIMIT_ENABLED": True}
    own = create_app(settings)
    with own.app_context():
        limiter.reset()
    yield own
    limiter.enabled = False
    with own.app_context():
        db.engine.dispose()


def answered(ask: Callable[[], int], most: int, other: int = 200) -> None:
    """The first `most` are answered, and then no more."""
    assert {ask() for _ in range(most)} == {other}
    assert ask() == 429


def test_the_matrix_as_a_file(cast: Cast, counting_app: Flask) -> None:
    bob = BrowserClient.of(counting_app, cast.bob)
    # What is not there costs nothing and counts all the same.
    answered(lambda: bob.get("/teams/ranking/export/nothing").status_code, 30, 404)
    assert bob.get("/teams/ranking/export/csv").status_code == 429


def test_a_public_link(counting_app: Flask, cast: Cast) -> None:
    anybody = BrowserClient.of(counting_app, None)
    answered(lambda: anybody.get("/p/nothing").status_code, 120, 404)


def test_the_api(counting_app: Flask, cast: Cast) -> None:
    alice = ApiClient.of(counting_app, cast.alice)
    path = "/me/roadmaps/nothing/milestones/nothing"
    answered(lambda: alice.put(path, {"status": "none"}).status_code, 600, 422)


SEARCHES = {
    "evidence": ("alice", "/evidence?q=word"),
    "milestones": ("alice", "/evidence/milestones?q=word"),
    "everything": ("alice", "/search?q=word"),
    "people": ("erin", "/admin/people?q=word"),
    "matrix": ("bob", "/teams/ranking?q=word"),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search(counting_app: Flask, cast: Cast, name: str) -> None:
    who, path = SEARCHES[name]
    person = BrowserClient.of(counting_app, getattr(cast, who))
    answered(lambda: person.get(path, fragment=True).status_code, 120)
    refused = person.get(path)
    assert "at most 120 times a minute" in refused.text
    assert 0 < int(refused.headers["Retry-After"]) <= 61
    # What is no search is answered, and so is somebody else's.
    assert person.get(path.partition("?")[0]).status_code == 200
    assert BrowserClient.of(counting_app, cast.carol).get("/evidence?q=word").status_code == 200


def test_all_searches_of_a_person_count_together(counting_app: Flask, cast: Cast) -> None:
    alice = BrowserClient.of(counting_app, cast.alice)
    answered(lambda: alice.get("/evidence/milestones?q=word", fragment=True).status_code, 120)
    assert alice.get("/evidence?q=word").status_code == 429
    assert alice.post("/evidence/milestones", {"q": "word"}).status_code == 429
