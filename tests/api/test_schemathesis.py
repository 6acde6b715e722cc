"""Schemathesis tests every API operation against the OpenAPI description.

All checks run: examples, boundary values, generated valid and invalid values, and sequences of
calls, on a year of sample data. An engineer's write token is used for everything, a manager's for
operations an engineer may not call. A read-only token gets valid values only, because it is
rejected before values are validated. The seed is fixed, so failures are reproducible.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from flask import Flask
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.support.api_client import BASE, make_token
from tests.support.snapshot import Snapshot

SLUG = "senior-ml-engineer"
# 422: rules that a schema cannot express (a date not in the future, an existing key);
# 409 and 412: conflicts with the stored state; 304: `If-None-Match: *`.
EXPECTED_STATUSES = ["2xx", "304", "403", "404", "409", "412", "422"]

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def with_rotating_addresses(app: Flask) -> Wsgi:
    """Call the application from a new address each time, so that wrong tokens are not limited."""
    numbers = itertools.count()

    def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        number = next(numbers)
        environ["REMOTE_ADDR"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        return app.wsgi_app(environ, start_response)

    return call


class QuietRequestHandler(WSGIRequestHandler):
    """Does not log requests."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - overrides
        """Do nothing."""


@contextlib.contextmanager
def run_server(app: Flask) -> Iterator[str]:
    """Serve the application on a local port and yield its address."""
    server = make_server(
        "127.0.0.1",
        0,
        with_rotating_addresses(app),
        threaded=True,
        request_handler=QuietRequestHandler,
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Caller:
    """Whose token calls which operations, with how many generated values for each."""

    person: str
    scope: str
    examples: int
    paths: str = "^/"
    mode: str = "all"


def build_config(token: str, ids: dict[str, str], caller: Caller) -> SchemathesisConfig:
    def of(pattern: str, **parameters: Any) -> dict[str, Any]:
        return {"include-path-regex": pattern, "parameters": parameters}

    return SchemathesisConfig.from_dict(
        {
            "seed": 20_261_123,
            "headers": {"Authorization": f"Bearer {token}"},
            "generation": {
                "deterministic": True,
                "database": "none",
                "max-examples": caller.examples,
                "mode": caller.mode,
                "no-shrink": True,
            },
            "checks": {"positive_data_acceptance": {"expected-statuses": EXPECTED_STATUSES}},
            "operations": [
                of("roadmaps/", slug=SLUG, key=ids["open"]),
                of("^/me/skills/", key="mlops"),
                of("^/reviews/", evidence_id=ids["submitted"]),
                of("^/teams/", slug="ranking", person_id=ids["alice"], key="mlops"),
                {"exclude-path-regex": caller.paths, "enabled": False},
            ],
        }
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("caller", "minimums"),
    [
        pytest.param(Caller("alice", "write", 4), {200: 100, 422: 400}, id="engineer"),
        pytest.param(
            Caller("bob", "write", 4, paths="^/(reviews|teams)"),
            {200: 40, 422: 80},
            id="manager",
        ),
        pytest.param(
            Caller("alice", "read", 1, mode="positive"),
            {200: 40, 403: 200},
            id="read token",
        ),
    ],
)
def test_responses_match_the_openapi_description(
    caller: Caller, minimums: dict[int, int], app: Flask, snapshot: Snapshot
) -> None:
    token = make_token(app, getattr(snapshot.cast, caller.person), caller.scope)
    with run_server(app) as address:
        schema = schemathesis.openapi.from_url(
            f"{address}{BASE}/openapi.json", config=build_config(token, snapshot.ids, caller)
        )
        faults, calls = collect_results(from_schema(schema).execute())
    assert not faults, f"{len(faults)} of {sum(calls.values())}\n" + "\n\n".join(faults[:20])
    assert {status: calls[status] for status in minimums if calls[status] < minimums[status]} == {}


def collect_results(stream: Iterable[events.EngineEvent]) -> tuple[list[str], Counter[int]]:
    """Return the failures, and the number of responses by status."""
    faults: list[str] = []
    calls: Counter[int] = Counter()
    for event in stream:
        if isinstance(event, events.ScenarioFinished):
            for interaction in event.recorder.interactions.values():
                if interaction.response is not None:
                    calls[interaction.response.status_code] += 1
            for checks in event.recorder.checks.values():
                for check in checks:
                    if check.failure_info is not None:
                        failure = check.failure_info
                        faults.append(f"{check.name}: {failure.failure}\n{failure.code_sample}")
        elif isinstance(event, events.NonFatalError):
            faults.append(f"{event.label}: {event.info}")
        elif isinstance(event, events.FatalError):
            raise event.exception
    return faults, calls
