"""API clients for the cast."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.support.api_client import ApiClient
from tests.support.cast import Cast

SLUG = "senior-ml-engineer"
MILESTONE = "design-doc-for-complex-system"
PIECE: dict[str, Any] = {
    "kind": "design_doc",
    "title": "Feature store for ranking",
    "url": "https://example.org/docs/feature-store",
    "occurred_on": "2026-03-31",
    "milestones": [MILESTONE],
}

ApiClientOf = Callable[..., ApiClient]


@pytest.fixture
def api_client_of(app: Flask) -> ApiClientOf:
    """`api_client_of(person, scope)` returns a client with a token of the person, or with none."""

    def make(person: uuid.UUID | None = None, scope: str = "write") -> ApiClient:
        return ApiClient(app, None) if person is None else ApiClient.of(app, person, scope)

    return make


@pytest.fixture
def alice(cast: Cast, api_client_of: ApiClientOf) -> ApiClient:
    return api_client_of(cast.alice)


@pytest.fixture
def bob(cast: Cast, api_client_of: ApiClientOf) -> ApiClient:
    return api_client_of(cast.bob)


@pytest.fixture
def make_evidence(alice: ApiClient) -> Callable[..., dict[str, Any]]:
    """`make_evidence(title="…")` creates evidence for Alice and returns it."""

    def make(**more: Any) -> dict[str, Any]:
        response = alice.post("/me/evidence", {**PIECE, **more})
        assert response.status_code == 201, response.text
        evidence: dict[str, Any] = response.get_json()
        return evidence

    return make
