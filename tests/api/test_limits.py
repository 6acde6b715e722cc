"""The API enforces the same maximums as the pages, and its description states them."""

from __future__ import annotations

from typing import Any

import pytest

from roadmap.evidence import actions as evidence
from roadmap.skills import actions as skills
from tests.api.conftest import PIECE, ApiClientOf
from tests.support.cast import Cast

MEMBERS_SKILL = "/teams/{slug}/people/{person_id}/skills/{key}"


@pytest.mark.parametrize(
    ("who", "method", "described", "module", "name", "body"),
    [
        ("alice", "post", "/me/evidence", evidence, "MAX_PIECES", PIECE),
        ("alice", "put", "/me/skills/{key}", skills, "MAX_ASSESSMENTS", {"level": 2}),
        ("bob", "put", MEMBERS_SKILL, skills, "MAX_ASSESSMENTS", {"level": 2}),
    ],
    ids=["evidence", "own skill", "team skill"],
)
def test_request_beyond_the_maximum_is_rejected(
    who: str,
    method: str,
    described: str,
    module: Any,
    name: str,
    body: dict[str, Any],
    cast: Cast,
    api_client_of: ApiClientOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = api_client_of(getattr(cast, who))
    path = described.format(slug="ranking", person_id=cast.alice, key="mlops")
    monkeypatch.setattr(module, name, 0)
    refused = getattr(client, method)(path, body)
    assert (refused.status_code, refused.mimetype) == (409, "application/problem+json")
    detail = refused.get_json()["detail"]
    assert "the maximum" in detail
    assert "Delete" in detail or "Try again" in detail, "the problem also says what to do"
    paths = client.get("/openapi.json").get_json()["paths"]
    assert "409" in paths[described][method]["responses"]
    monkeypatch.undo()
    assert getattr(client, method)(path, body).status_code in (200, 201)
