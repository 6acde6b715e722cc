"""GET /me/activity: changes to the person's own records."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from tests.api.conftest import SLUG, ApiClientOf
from tests.evidence.builders import add_evidence, review_evidence, submit_evidence
from tests.support.api_client import ApiClient
from tests.support.cast import Cast

PATH = "/me/activity"
KEY = "design-doc-for-complex-system"


@pytest.fixture
def verified_id(session: Session, cast: Cast, now: dt.datetime) -> str:
    piece = add_evidence(session, cast, cast.alice, now, title="A design", milestones=[KEY])
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    return str(piece.id)


def test_review_appears_in_activity(alice: ApiClient, verified_id: str) -> None:
    newest = alice.get(f"{PATH}?kind=reviews").get_json()["items"][0]
    assert newest["text"].startswith("Verified: A design, for ")
    assert (newest["action"], newest["subject"]) == ("evidence.verified", verified_id)
    assert (newest["by"], newest["by_me"], newest["kind"]) == ("Bob", False, "reviews")
    assert newest["path"] == f"/evidence/{verified_id}"
    assert newest["at"].endswith("Z")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("kind=nope", "Choose one of"),
        ("who=nope", "Choose one of"),
        ("on=nope", "Write a day"),
        ("since=soon", "Write a day"),
        ("roadmap=nope", f"Choose one of: {SLUG}"),
        ("milestone=nope", "No roadmap has or had"),
        ("cursor=x", "next_cursor"),
    ],
    ids=["kind", "who", "on", "since", "roadmap", "milestone", "cursor"],
)
def test_invalid_filter_is_rejected(query: str, message: str, alice: ApiClient) -> None:
    response = alice.get(f"{PATH}?{query}")
    assert response.status_code == 422
    [(name, [text])] = response.get_json()["errors"].items()
    assert name == query.partition("=")[0]
    assert message in text


def test_filters_select_activity(alice: ApiClient, verified_id: str) -> None:
    alice.put(f"/me/roadmaps/{SLUG}", {})
    for query, number in (
        ("who=others", 1), ("who=me&kind=evidence", 2), (f"roadmap={SLUG}", 4),
        ("on=2001-01-01", 0), ("since=2001-01-01", 4), ("to=2001-01-01", 0),
        ("milestone=kubernetes-model-deployment", 0),
    ):  # fmt: skip
        response = alice.get(f"{PATH}?{query}")
        found = [each for each in response.get_json()["items"] if not is_account_activity(each)]
        assert len(found) == number, query


def is_account_activity(item: dict[str, str]) -> bool:
    """Whether the item is about the token that the test created."""
    return item["kind"] == "account"


def test_change_by_token_names_the_token(cast: Cast, api_client_of: ApiClientOf) -> None:
    caller = api_client_of(cast.alice, "write")
    name = caller.get("/me").get_json()["token"]["name"]
    caller.put(f"/me/roadmaps/{SLUG}", {"hours_per_week": 5})
    caller.put(
        f"/me/roadmaps/{SLUG}/milestones/{KEY}", {"status": "done", "target_on": "2027-01-01"}
    )
    caller.put("/me/skills/mlops", {"level": 3})
    items = [each for each in caller.get(PATH).get_json()["items"] if not is_account_activity(each)]
    assert {each["action"] for each in items} == {
        "enrollment.begun", "status.set", "plan.set", "skill.assessed"
    }  # fmt: skip
    assert {each["by"] for each in items} == {f"You, by the token “{name}”"}


def test_cursor_continues_with_the_next_page(alice: ApiClient, verified_id: str) -> None:
    first = alice.get(f"{PATH}?limit=2&who=me&kind=evidence").get_json()
    assert first["next_cursor"] is None
    first = alice.get(f"{PATH}?limit=1&kind=evidence").get_json()
    second = alice.get(f"{PATH}?limit=1&kind=evidence&cursor={first['next_cursor']}").get_json()
    assert [each["items"][0]["action"] for each in (first, second)] == [
        "evidence.submitted", "evidence.created"
    ]  # fmt: skip
    assert second["next_cursor"] is None


def test_activity_requires_read_scope_and_shows_own_records_only(
    cast: Cast, api_client_of: ApiClientOf, verified_id: str
) -> None:
    assert "A design" in api_client_of(cast.alice, "read").get(PATH).text
    assert api_client_of(cast.alice, "draft").get(PATH).status_code == 403
    assert "A design" not in api_client_of(cast.bob, "read").get(PATH).text
    assert api_client_of().get(PATH).status_code == 401
