"""Callers: clients of the API in the name of one of the cast."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.support.caller import Caller
from tests.support.cast import Cast

SLUG = "senior-ml-engineer"
MILESTONE = "design-doc-for-complex-system"
PIECE: dict[str, Any] = {
    "kind": "design_doc",
    "title": "Feature store for ranking",
    "url": "https://example.org/docs/feature-store",
    "occurred_on": "2026-03-31",
}

CallerOf = Callable[..., Caller]


@pytest.fixture
def caller_of(app: Flask) -> CallerOf:
    """`caller_of(person, scope)` calls in that person's name; without one, without a token."""

    def make(person: uuid.UUID | None = None, scope: str = "write") -> Caller:
        return Caller(app, None) if person is None else Caller.of(app, person, scope)

    return make


@pytest.fixture
def alice(cast: Cast, caller_of: CallerOf) -> Caller:
    return caller_of(cast.alice)


@pytest.fixture
def bob(cast: Cast, caller_of: CallerOf) -> Caller:
    return caller_of(cast.bob)


@pytest.fixture
def add(alice: Caller) -> Callable[..., dict[str, Any]]:
    """`add(title="…")` records a piece of Alice's and answers it."""

    def make(**more: Any) -> dict[str, Any]:
        answer = alice.post("/me/evidence", {**PIECE, **more})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.get_json()
        return made

    return make
