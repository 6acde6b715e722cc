"""All errors below /api/ are returned as application/problem+json."""

from __future__ import annotations

import io
import sqlite3
import time
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from roadmap import create_app
from roadmap.api import me
from roadmap.core.database import db
from roadmap.core.limiter import limiter
from tests.api.conftest import PIECE, ApiClientOf
from tests.support.api_client import BASE, ApiClient
from tests.support.browser_client import IsolatedClient
from tests.support.cast import Cast


def check(answer, status: int) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    problem = answer.get_json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["type"] == "about:blank"
    assert answer.headers["Cache-Control"] == "no-store"
    return problem


def test_an_address_that_is_not_there(alice: ApiClient) -> None:
    check(alice.get("/none"), 404)
    check(alice.get("/me/evidence/none"), 404)
    check(alice.client.get("/api/"), 404)
    check(alice.client.get("/api"), 404)
    assert alice.client.get("/apiary").mimetype == "text/html"
    check(alice.client.get("/api/v2/me"), 404)
    check(alice.get("/roadmaps/a%00b"), 404)


def test_a_method_that_is_not_there(alice: ApiClient) -> None:
    answer = alice.delete("/me")
    check(answer, 405)
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD"}
    check(alice.call("OPTIONS", "/me/evidence"), 405)
    check(alice.call("PATCH", "/openapi.json", {}), 405)


def test_no_method_is_read_from_an_address(alice: ApiClient) -> None:
    """Forms of pages say their method in the address; who speaks to the API has every verb."""
    answer = alice.post("/me/evidence?_method=DELETE", PIECE)
    assert answer.status_code == 201
    check(alice.post("/me?_method=PUT", {}), 405)


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/json", 400),
        ("application/json; charset=utf-8", 400),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data", 415),
        ("application/jsonx", 415),
        ("", 415),
    ],
)
def test_a_body_that_is_no_json(media_type: str, status: int, alice: ApiClient) -> None:
    answer = alice.call("POST", "/me/evidence", data=b"kind=talk", content_type=media_type)
    check(answer, status)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"title": "\\ud800"}', b"\xff\xfe", b'{"a": 1}}', b"[" * 5000, b"{'a': 1}"],
)
def test_a_body_that_cannot_be_read(body: bytes, alice: ApiClient) -> None:
    check(alice.call("POST", "/me/evidence", data=body, content_type="application/json"), 400)


def test_a_body_without_its_length(app: Flask) -> None:
    builder = EnvironBuilder(
        path=f"{BASE}/me/evidence",
        method="POST",
        input_stream=io.BytesIO(b"{}"),
        headers={"Transfer-Encoding": "chunked"},
    )
    body, status, headers = run_wsgi_app(app.wsgi_app, builder.get_environ())
    assert status.startswith("411")
    assert headers["Content-Type"] == "application/problem+json"
    assert b'"status": 411' in b"".join(body)


@pytest.mark.parametrize("length", ["abc", "-1", "5, 5", "1e3", "\u0665"])
def test_a_length_that_is_no_number(length: str, app: Flask, alice: ApiClient) -> None:
    builder = EnvironBuilder(
        path=f"{BASE}/me/evidence",
        method="POST",
        headers={"Authorization": f"Bearer {alice.token}", "Content-Type": "application/json"},
    )
    environ = {**builder.get_environ(), "CONTENT_LENGTH": length}
    body, status, headers = run_wsgi_app(app.wsgi_app, environ)
    assert status.startswith("400")
    assert headers["Content-Type"] == "application/problem+json"
    assert b"Content-Length" in b"".join(body)


def test_nothing_has_no_type(alice: ApiClient) -> None:
    made = alice.post("/me/evidence", PIECE).get_json()
    answer = alice.delete(f"/me/evidence/{made['id']}")
    assert (answer.status_code, answer.data) == (204, b"")
    assert "Content-Type" not in answer.headers


@pytest.mark.parametrize("limit", ["-1", "0", "-99999999999"])
def test_a_limit_that_is_too_small(limit: str, alice: ApiClient) -> None:
    problem = check(alice.get(f"/me/evidence?limit={limit}"), 422)
    assert problem["errors"] == {"limit": ["This must be at least 1."]}


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("201", "This must be at most 200."),
        ("9" * 30, "This must be at most 200."),
        ("two", "This is not a whole number."),
        ("1.5", "This is not a whole number."),
        ("", "This is not a whole number."),
    ],
)
def test_a_limit_that_is_none(limit: str, said: str, alice: ApiClient) -> None:
    problem = check(alice.get(f"/me/evidence?limit={limit}"), 422)
    assert problem["errors"] == {"limit": [said]}


def test_a_body_that_is_too_large(alice: ApiClient) -> None:
    large = {**PIECE, "description": "x" * 1_000_001}
    check(alice.post("/me/evidence", large), 413)


def test_a_body_of_nothing_but_mistakes(alice: ApiClient) -> None:
    problem = check(alice.post("/me/evidence", {f"x{n}": n for n in range(1000)}), 422)
    assert len(problem["errors"]) <= 50


@pytest.mark.parametrize(
    "value",
    [b"[" + b"[]," * 300_000 + b"[]]", b"9" * 900_000, b'{"a":' * 150_000, b"[" * 900_000],
    ids=["many", "digits", "deep", "open"],
)
@pytest.mark.parametrize("field", [b'{"title": %s}', b"%s"])
def test_a_body_of_more_values_than_any_request_needs(
    field: bytes, value: bytes, alice: ApiClient
) -> None:
    began = time.thread_time()
    body = field % value
    answer = alice.call("POST", "/me/evidence", data=body, content_type="application/json")
    assert time.thread_time() - began < 0.1
    assert "more values" in check(answer, 413)["detail"]


def test_brackets_in_a_text_are_no_values(alice: ApiClient) -> None:
    text = '[{"' * 6_000
    made = alice.post("/me/evidence", {**PIECE, "description": text})
    assert made.get_json()["description"] == text


def test_an_address_that_holds_a_nul(alice: ApiClient) -> None:
    check(alice.get("/me/readiness?roadmap=a%00"), 400)


def test_a_request_that_is_not_permitted(cast: Cast, api_client_of: ApiClientOf) -> None:
    check(api_client_of(cast.alice).get("/reviews"), 403)
    check(api_client_of(cast.alice, "read").put("/me/skills/mlops", {"level": 2}), 403)


@pytest.fixture
def counting_app(database_url: str, app: Flask) -> Iterator[Flask]:
    """An application that counts, on the same database: the tests' own one does not."""
    names = ("SECRET_KEY", "DATA_DIR", "PASSWORD_TIME_COST", "PASSWORD_MEMORY_KIB")
    settings = {name: app.config[name] for name in names}
    settings |= {"DATABASE_URL": database_url, "TESTING": True, "RATELIMIT_ENABLED": True}
    own = create_app(settings)
    yield own
    limiter.enabled = False
    with own.app_context():
        db.engine.dispose()


def test_many_requests(counting_app: Flask, cast: Cast) -> None:
    """They are counted by token: one script that runs wild keeps no other out."""
    first, second = ApiClient.of(counting_app, cast.alice), ApiClient.of(counting_app, cast.alice)
    path = "/me/portfolio?format=nothing"
    assert [first.get(path).status_code for _ in range(30)] == [422] * 30
    answer = first.get(path)
    check(answer, 429)
    assert 0 < int(answer.headers["Retry-After"]) <= 61
    assert second.get(path).status_code == 422
    assert first.get("/me").status_code == 200


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (sqlite3.OperationalError("database or disk is full"), 507),
        (ZeroDivisionError("a mistake of ours"), 500),
    ],
)
def test_a_fault_of_the_server(
    error: Exception, status: int, app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise error

    caller = ApiClient.of(app, cast.alice)
    monkeypatch.setattr(me, "memberships", fail)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    problem = check(caller.get("/me"), status)
    assert "mistake of ours" not in str(problem)


def test_headers_of_every_answer(app: Flask, alice: ApiClient) -> None:
    answer = alice.get("/me")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Authorization" in answer.headers["Vary"]
    assert "Set-Cookie" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers
    anonymous = IsolatedClient(app, app.response_class).get(f"{BASE}/docs")
    assert "Set-Cookie" not in anonymous.headers
