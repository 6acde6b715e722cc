"""Reviews and assessments by token require the setting REVIEW_BY_TOKEN."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from roadmap.evidence.models import Evidence
from roadmap.people.permissions import PERMISSIONS
from roadmap.people.scopes import JUDGEMENTS, SCOPES
from tests.api.conftest import MILESTONE
from tests.evidence.builders import DESIGN
from tests.portfolio.evidence_rows import choose
from tests.support.api_client import ApiClient
from tests.support.cast import Cast

VERIFIED = {"decision": "verified", "basis": "first_hand"}


def test_scopes_name_existing_permissions() -> None:
    assert PERMISSIONS.keys() >= JUDGEMENTS
    found = {name: {each for each in PERMISSIONS if scope.permits(each)}
             for name, scope in SCOPES.items()}  # fmt: skip
    assert found["draft"] == {
        *("public", "mcp.call", "roadmap.read", "progress.read"),
        *("evidence.read", "evidence.draft"),
    }
    assert not {each for each in found["read"] if each.endswith((".write", ".draft", ".submit"))}
    assert found["write"] == PERMISSIONS.keys()


@pytest.fixture
def piece(make_evidence, alice: ApiClient) -> dict[str, Any]:
    made: dict[str, Any] = make_evidence(milestones=[MILESTONE])
    assert alice.put(f"/me/evidence/{made['id']}/submission").status_code == 200
    return made


def test_review_by_token_is_forbidden_by_default(
    app: Flask, cast: Cast, piece: dict[str, Any], bob: ApiClient, browser_of, monkeypatch
) -> None:
    monkeypatch.setitem(app.config, "REVIEW_BY_TOKEN", False)
    path = f"/reviews/{piece['id']}"
    assessed = f"/teams/ranking/people/{cast.alice}/skills/mlops"
    for refused in (
        bob.put(path, VERIFIED),
        bob.put(path, {"decision": "returned", "comment": "More."}),
        bob.delete(f"{path}/judgements/{piece['id']}", body={"reason": "Not mine."}),
        bob.put(assessed, {"level": 3}),
    ):
        assert refused.status_code == 403
        assert "signed-in person" in refused.get_json()["detail"]
        assert "ROADMAP_REVIEW_BY_TOKEN" in refused.get_json()["detail"]
    # The queue can still be read, and the evidence reviewed on its page.
    (waiting,) = bob.get("/reviews").get_json()["items"]
    assert waiting["review_state"] == "submitted"
    assert browser_of(cast.bob).get(path).status_code == 200
    # A self-assessment is not a review.
    assert bob.put("/me/skills/mlops", {"level": 2}).get_json()["self"]["by"] == "Bob"


def test_review_by_token_is_labelled_everywhere(
    app: Flask, session: Session, cast: Cast, piece: dict[str, Any], alice: ApiClient,
    bob: ApiClient, browser_of, reword,
) -> None:  # fmt: skip
    review = bob.put(f"/reviews/{piece['id']}", VERIFIED).get_json()
    assert (review["by"], review["by_token"]) == ("Bob (by token)", True)
    assert review["confirmed_by"][MILESTONE]["by_token"] is True
    seen = alice.get(f"/me/evidence/{piece['id']}").get_json()
    assert (seen["review"]["by"], seen["review"]["by_token"]) == ("Bob (by token)", True)
    choose(session, session.get_one(Evidence, uuid.UUID(piece["id"])))
    session.commit()
    path = f"/teams/ranking/people/{cast.alice}/skills/mlops"
    level = bob.put(path, {"level": 3}).get_json()
    assert (level["manager"]["by"], level["manager"]["by_token"]) == ("Bob (by token)", True)
    pages = (
        (cast.alice, f"/evidence/{piece['id']}"),
        (cast.bob, f"/reviews/{piece['id']}"),
        (cast.bob, f"/teams/ranking/people/{cast.alice}"),
        (cast.alice, "/skills/mlops"),
        (cast.alice, "/portfolio/preview"),
        (cast.alice, "/portfolio/export/markdown"),
        (cast.alice, "/portfolio/export/json-resume"),
    )
    for person, address in pages:
        assert "Bob (by token" in browser_of(person).get(address).text, address


def test_review_on_page_is_not_labelled_by_token(
    cast: Cast, session: Session, piece: dict[str, Any], alice: ApiClient, browser_of
) -> None:
    stored = session.scalars(sa.select(Evidence)).one()
    form = {
        "decision": "verified", "basis": "first_hand", "comment": "",
        "milestones": [MILESTONE], "version_id": str(stored.current_id), "title": stored.title,
    }  # fmt: skip
    assert browser_of(cast.bob).put(f"/reviews/{piece['id']}", form).status_code == 303
    review = alice.get(f"/me/evidence/{piece['id']}").get_json()["review"]
    assert (review["by"], review["by_token"]) == ("Bob", False)


def test_waiting_version_contains_confirmed_wordings(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient, reword
) -> None:
    assert MILESTONE == DESIGN
    review = bob.put(f"/reviews/{piece['id']}", VERIFIED).get_json()
    assert review["confirmed_wordings"] == {}
    reword(DESIGN, title="Design for two teams", done_when="Two teams sign it.")
    alice.patch(f"/me/evidence/{piece['id']}", {"description": "A second version."})
    (waiting,) = bob.get("/reviews").get_json()["items"]
    assert (waiting["confirmed"], waiting["verified_before"]) == ([DESIGN], True)
    assert waiting["confirmed_by"][DESIGN]["by"] == "Bob (by token)"
    wording = waiting["confirmed_wordings"][DESIGN]
    assert wording["revision"] == 1
    assert wording["title"] != "Design for two teams" == waiting["milestones"][0]["title"]
