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


def assert_problem(response, status: int) -> dict:
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    problem = response.get_json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["type"] == "about:blank"
    assert response.headers["Cache-Control"] == "no-store"
    return problem


def test_unknown_path_returns_problem_json(alice: ApiClient) -> None:
    assert_problem(alice.get("/none"), 404)
    assert_problem(alice.get("/me/evidence/none"), 404)
    assert_problem(alice.client.get("/api/"), 404)
    assert_problem(alice.client.get("/api"), 404)
    assert alice.client.get("/apiary").mimetype == "text/html"
    assert_problem(alice.client.get("/api/v2/me"), 404)
    assert_problem(alice.get("/roadmaps/a%00b"), 404)


def test_unsupported_method_returns_allow_header(alice: ApiClient) -> None:
    response = alice.delete("/me")
    assert_problem(response, 405)
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD"}
    assert_problem(alice.call("OPTIONS", "/me/evidence"), 405)
    assert_problem(alice.call("PATCH", "/openapi.json", {}), 405)


def test_method_query_parameter_is_ignored(alice: ApiClient) -> None:
    """Only forms of pages send their method as a parameter."""
    response = alice.post("/me/evidence?_method=DELETE", PIECE)
    assert response.status_code == 201
    assert_problem(alice.post("/me?_method=PUT", {}), 405)


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
    ids=["json", "json with charset", "text", "form", "multipart", "unknown type", "no type"],
)
def test_non_json_body_is_rejected(media_type: str, status: int, alice: ApiClient) -> None:
    response = alice.call("POST", "/me/evidence", data=b"kind=talk", content_type=media_type)
    assert_problem(response, status)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"title": "\\ud800"}', b"\xff\xfe", b'{"a": 1}}', b"[" * 5000, b"{'a': 1}"],
    ids=[
        "empty",
        "unfinished",
        "surrogate",
        "not utf-8",
        "trailing brace",
        "deep",
        "single quotes",
    ],
)
def test_malformed_json_body_is_rejected(body: bytes, alice: ApiClient) -> None:
    assert_problem(
        alice.call("POST", "/me/evidence", data=body, content_type="application/json"), 400
    )


def test_chunked_body_requires_content_length(app: Flask) -> None:
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


@pytest.mark.parametrize(
    "length",
    ["abc", "-1", "5, 5", "1e3", "\u0665"],
    ids=["letters", "negative", "list", "exponent", "arabic digit"],
)
def test_invalid_content_length_is_rejected(length: str, app: Flask, alice: ApiClient) -> None:
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


def test_empty_response_has_no_content_type(alice: ApiClient) -> None:
    made = alice.post("/me/evidence", PIECE).get_json()
    response = alice.delete(f"/me/evidence/{made['id']}")
    assert (response.status_code, response.data) == (204, b"")
    assert "Content-Type" not in response.headers


def test_too_large_body_is_rejected(alice: ApiClient) -> None:
    large = {**PIECE, "description": "x" * 1_000_001}
    assert_problem(alice.post("/me/evidence", large), 413)


def test_number_of_reported_errors_is_limited(alice: ApiClient) -> None:
    problem = assert_problem(alice.post("/me/evidence", {f"x{n}": n for n in range(1000)}), 422)
    assert len(problem["errors"]) <= 50


@pytest.mark.parametrize(
    "value",
    [b"[" + b"[]," * 300_000 + b"[]]", b"9" * 900_000, b'{"a":' * 150_000, b"[" * 900_000],
    ids=["many", "digits", "deep", "open"],
)
@pytest.mark.parametrize("field", [b'{"title": %s}', b"%s"])
def test_body_with_too_many_values_is_rejected_quickly(
    field: bytes, value: bytes, alice: ApiClient
) -> None:
    began = time.thread_time()
    body = field % value
    response = alice.call("POST", "/me/evidence", data=body, content_type="application/json")
    assert time.thread_time() - began < 0.1
    assert "too many values" in assert_problem(response, 413)["detail"]


def test_brackets_in_text_do_not_count_as_values(alice: ApiClient) -> None:
    text = '[{"' * 6_000
    made = alice.post("/me/evidence", {**PIECE, "description": text})
    assert made.get_json()["description"] == text


def test_nul_in_query_string_is_rejected(alice: ApiClient) -> None:
    assert_problem(alice.get("/me/readiness?roadmap=a%00"), 400)


def test_forbidden_request_returns_problem_json(cast: Cast, api_client_of: ApiClientOf) -> None:
    assert_problem(api_client_of(cast.alice).get("/reviews"), 403)
    assert_problem(api_client_of(cast.alice, "read").put("/me/skills/mlops", {"level": 2}), 403)


@pytest.fixture
def rate_limited_app(database_url: str, app: Flask) -> Iterator[Flask]:
    """Create an application with rate limits on the same database."""
    names = ("SECRET_KEY", "DATA_DIR", "PASSWORD_TIME_COST", "PASSWORD_MEMORY_KIB")
    settings = {name: app.config[name] for name in names}
    settings |= {"DATABASE_URL": database_url, "TESTING": True, "RATELIMIT_ENABLED": True}
    limited = create_app(settings)
    yield limited
    limiter.enabled = False
    with limited.app_context():
        db.engine.dispose()


def test_requests_are_rate_limited_by_token(rate_limited_app: Flask, cast: Cast) -> None:
    """One runaway script does not block another."""
    first, second = (
        ApiClient.of(rate_limited_app, cast.alice),
        ApiClient.of(rate_limited_app, cast.alice),
    )
    path = "/me/portfolio?format=nothing"
    assert [first.get(path).status_code for _ in range(30)] == [422] * 30
    response = first.get(path)
    assert_problem(response, 429)
    assert 0 < int(response.headers["Retry-After"]) <= 61
    assert second.get(path).status_code == 422
    assert first.get("/me").status_code == 200


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (sqlite3.OperationalError("database or disk is full"), 507),
        (ZeroDivisionError("internal detail"), 500),
    ],
    ids=["disk full", "bug"],
)
def test_internal_error_hides_its_message(
    error: Exception, status: int, app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise error

    caller = ApiClient.of(app, cast.alice)
    monkeypatch.setattr(me, "memberships", fail)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    problem = assert_problem(caller.get("/me"), status)
    assert "internal detail" not in str(problem)


def test_security_headers_of_responses(app: Flask, alice: ApiClient) -> None:
    response = alice.get("/me")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "Authorization" in response.headers["Vary"]
    assert "Set-Cookie" not in response.headers
    assert "Access-Control-Allow-Origin" not in response.headers
    anonymous = IsolatedClient(app, app.response_class).get(f"{BASE}/docs")
    assert "Set-Cookie" not in anonymous.headers
