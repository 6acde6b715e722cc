"""GET /reviews and PUT /reviews/{evidence_id}."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import MILESTONE, SLUG, ApiClientOf
from tests.support.api_client import ApiClient
from tests.support.cast import Cast

Add = Callable[..., dict[str, Any]]


@pytest.fixture
def piece(make_evidence: Add, alice: ApiClient) -> dict[str, Any]:
    """Create submitted evidence of Alice."""
    made = make_evidence(
        milestones=[MILESTONE, "external-conference-talk"],
        skills=["mlops"],
        description="What was decided.",
    )
    submitted: dict[str, Any] = alice.put(f"/me/evidence/{made['id']}/submission").get_json()
    return submitted


def test_verifying_confirms_only_milestones_the_kind_proves(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient, cast: Cast
) -> None:
    alice.put(f"/me/roadmaps/{SLUG}", {})
    alice.put(f"/me/roadmaps/{SLUG}/milestones/{MILESTONE}", {"status": "done"})
    (waiting,) = bob.get("/reviews").get_json()["items"]
    assert waiting["evidence_id"] == piece["id"]
    assert waiting["person"] == {"id": str(cast.alice), "name": "Alice"}
    assert (waiting["version"], waiting["description"]) == (1, "What was decided.")
    assert [each["key"] for each in waiting["milestones"]] == piece["milestones"]
    assert [each["fits"] for each in waiting["milestones"]] == [True, False]
    assert [each["status"] for each in waiting["milestones"]] == ["done", "not_started"]
    assert all(each["done_when"] for each in waiting["milestones"])
    assert (waiting["skills"], waiting["judgements"]) == (["mlops"], [])
    before = alice.get(f"/me/roadmaps/{SLUG}").get_json()["progress"]["verified"]
    response = bob.put(f"/reviews/{piece['id']}", {"decision": "verified", "comment": "It holds."})
    assert response.status_code == 200
    review = response.get_json()
    # A design document cannot prove a talk, so one of the two milestones is confirmed.
    assert review["confirmed"] == [MILESTONE]
    assert (review["decision"], review["by"], review["version"]) == (
        "verified",
        "Bob (by token)",
        1,
    )
    assert bob.get("/reviews").get_json()["items"] == []
    assert alice.get(f"/me/roadmaps/{SLUG}").get_json()["progress"]["verified"] > before


def test_basis_of_review_is_recorded(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    path, body = f"/reviews/{piece['id']}", {"decision": "verified"}
    refused = bob.put(path, {**body, "basis": "hearsay"})
    assert (refused.status_code, [*refused.get_json()["errors"]]) == (422, ["basis"])
    assert bob.put(path, {**body, "basis": "first_hand"}).get_json()["basis"] == "first_hand"
    review = alice.get(f"/me/evidence/{piece['id']}").get_json()["review"]
    assert (review["by"], review["basis"]) == ("Bob (by token)", "first_hand")


def test_evidence_of_other_teams_and_drafts_cannot_be_reviewed(
    piece: dict[str, Any],
    make_evidence: Add,
    alice: ApiClient,
    bob: ApiClient,
    cast: Cast,
    api_client_of: ApiClientOf,
) -> None:
    body = {"decision": "verified"}
    dave = api_client_of(cast.dave)
    assert dave.get("/reviews").get_json()["items"] == []
    assert dave.put(f"/reviews/{piece['id']}", body).status_code == 404
    assert alice.put(f"/reviews/{piece['id']}", body).status_code == 403
    draft = make_evidence(title="A draft")
    assert bob.put(f"/reviews/{draft['id']}", body).status_code == 404
    assert bob.put(f"/reviews/{uuid.uuid4()}", body).status_code == 404


def test_evidence_is_returned_with_comment(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    body = {"decision": "returned", "comment": "Say what was rejected."}
    assert bob.put(f"/reviews/{piece['id']}", body).get_json()["confirmed"] == []
    seen = alice.get(f"/me/evidence/{piece['id']}").get_json()
    assert seen["review_state"] == "returned"
    assert seen["review"]["comment"] == "Say what was rejected."


def test_queue_item_contains_earlier_reviews(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    comments = ("Say what was rejected.", "Say what it cost.")
    for version, comment in enumerate(comments, 1):
        body = {"decision": "returned", "comment": comment, "version": version}
        assert bob.put(f"/reviews/{piece['id']}", body).status_code == 200
        alice.patch(f"/me/evidence/{piece['id']}", {"description": f"After {comment}"})
        alice.put(f"/me/evidence/{piece['id']}/submission")
    (waiting,) = bob.get("/reviews").get_json()["items"]
    found = [
        (each["decision"], each["comment"], each["by"], each["version"])
        for each in waiting["judgements"]
    ]
    by = "Bob (by token)"
    assert found == [("returned", comments[1], by, 2), ("returned", comments[0], by, 1)]


def test_statement_count_does_not_grow_with_evidence(
    piece: dict[str, Any], make_evidence: Add, alice: ApiClient, bob: ApiClient, statements
) -> None:
    def count_statements() -> int:
        with statements() as seen:
            assert bob.get("/reviews").status_code == 200
        return len(seen)

    count_statements()
    before = count_statements()
    for number in range(3):
        other = make_evidence(title=f"Piece {number}", milestones=[MILESTONE], skills=["mlops"])
        alice.put(f"/me/evidence/{other['id']}/submission")
    assert count_statements() == before


def test_repeated_review_changes_nothing(piece: dict[str, Any], bob: ApiClient, statements) -> None:
    body = {"decision": "verified", "comment": "It holds."}
    first = bob.put(f"/reviews/{piece['id']}", body).get_json()
    with statements() as seen:
        assert bob.put(f"/reviews/{piece['id']}", body).get_json() == first
    assert not [each for each in seen if "INSERT" in each]
    other = bob.put(f"/reviews/{piece['id']}", {"decision": "returned", "comment": "No."})
    assert other.status_code == 409


def test_verifying_no_milestone_is_rejected(piece: dict[str, Any], bob: ApiClient) -> None:
    none = bob.put(f"/reviews/{piece['id']}", {"decision": "verified", "milestones": []})
    assert none.status_code == 422
    message = "Keep at least one milestone, or return it and say what is missing."
    assert none.get_json()["errors"] == {"milestones": [message]}
    assert len(bob.get("/reviews").get_json()["items"]) == 1


def test_evidence_that_proves_nothing_can_only_be_returned(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    """Its owner unlinked the only milestone it proves after submitting it."""
    left = alice.patch(
        f"/me/evidence/{piece['id']}", {"milestones": ["external-conference-talk"]}
    ).get_json()
    assert left["review_state"] == "submitted"
    path = f"/reviews/{piece['id']}"
    for named in ({}, {"milestones": []}, {"milestones": [MILESTONE]}):
        response = bob.put(path, {"decision": "verified", **named})
        assert response.status_code == 409
        assert "there is nothing to verify" in response.get_json()["detail"]
    assert bob.put(path, {"decision": "returned", "comment": "Which one?"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "decision"),
        ({"decision": "accepted"}, "decision"),
        ({"decision": "verified", "comment": "x" * 5001}, "comment"),
        ({"decision": "verified", "milestones": ["external-conference-talk"]}, "milestones"),
        ({"decision": "verified", "milestones": ["no-such-milestone"]}, "milestones"),
        ({"decision": "verified", "version": 0}, "version"),
        ({"decision": "verified", "version": 2**63}, "version"),
        ({"decision": "verified", "reviewer": "Erin"}, "reviewer"),
    ],
    ids=[
        "no decision",
        "unknown decision",
        "long comment",
        "unprovable milestone",
        "unknown milestone",
        "version zero",
        "huge version",
        "unknown field",
    ],
)
def test_invalid_review_is_rejected(
    body: Any, field: str, piece: dict[str, Any], bob: ApiClient
) -> None:
    response = bob.put(f"/reviews/{piece['id']}", body)
    assert response.status_code == 422
    assert list(response.get_json()["errors"]) == [field]
    assert len(bob.get("/reviews").get_json()["items"]) == 1


def test_review_of_older_version_is_rejected(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    alice.patch(f"/me/evidence/{piece['id']}", {"description": "Edited."})
    late = bob.put(f"/reviews/{piece['id']}", {"decision": "verified", "version": 1})
    assert late.status_code == 409
    newest = bob.put(f"/reviews/{piece['id']}", {"decision": "verified", "version": 2})
    assert newest.status_code == 200


def test_review_of_unknown_version_is_rejected(piece: dict[str, Any], bob: ApiClient) -> None:
    """The message does not claim that there is a newer version."""
    response = bob.put(f"/reviews/{piece['id']}", {"decision": "verified", "version": 2})
    assert response.status_code == 409
    assert response.get_json()["detail"] == (
        "No such version was submitted. The newest is version 1."
    )


def test_review_response_does_not_reveal_unsubmitted_edits(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    """The response for returned evidence is the same before and after an edit."""
    bob.put(f"/reviews/{piece['id']}", {"decision": "returned", "comment": "More."})
    body = {"decision": "verified", "version": 1}
    before = bob.put(f"/reviews/{piece['id']}", body)
    alice.patch(f"/me/evidence/{piece['id']}", {"description": "A canary."})
    after = bob.put(f"/reviews/{piece['id']}", body)
    assert before.status_code == 409
    assert after.data == before.data


def test_queue_is_paginated(make_evidence: Add, alice: ApiClient, bob: ApiClient) -> None:
    made = []
    for number in range(3):
        made.append(make_evidence(title=f"Piece {number}")["id"])
        alice.put(f"/me/evidence/{made[-1]}/submission")
    first = bob.get("/reviews?limit=2").get_json()
    rest = bob.get(f"/reviews?limit=2&cursor={first['next_cursor']}").get_json()
    assert [each["evidence_id"] for each in first["items"] + rest["items"]] == made
    assert rest["next_cursor"] is None


OTHER = "hold-ml-service-levels"


def waiting_item(bob: ApiClient) -> dict[str, Any]:
    """Return the only item of the queue."""
    (item,) = bob.get("/reviews").get_json()["items"]
    return dict(item)


@pytest.mark.parametrize(
    "change",
    [
        {"title": "I led the platform"},
        {"milestones": [MILESTONE, OTHER]},
        {"milestones": [MILESTONE]},
        {"description": "Edited."},
    ],
    ids=["title", "linked", "unlinked", "version"],
)
def test_stale_if_match_is_rejected(
    change: dict[str, Any], piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    body, path = {"decision": "verified", "version": 1}, f"/reviews/{piece['id']}"
    read = waiting_item(bob)["etag"]
    assert alice.patch(f"/me/evidence/{piece['id']}", change).status_code == 200
    late = bob.put(path, body, headers={"If-Match": read})
    assert (late.status_code, late.mimetype) == (412, "application/problem+json")
    waiting = waiting_item(bob)
    assert waiting["etag"] != read
    again = bob.put(
        path, {**body, "version": waiting["version"]}, headers={"If-Match": waiting["etag"]}
    )
    assert again.status_code == 200
    assert again.get_json()["etag"] == waiting["etag"]


def test_etag_ignores_milestone_order_skills_and_reviews(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    read = waiting_item(bob)["etag"]
    order = {"milestones": list(reversed(piece["milestones"])), "skills": ["mentoring"]}
    alice.patch(f"/me/evidence/{piece['id']}", order)
    body, headers = {"decision": "verified"}, {"If-Match": read}
    assert bob.put(f"/reviews/{piece['id']}", body, headers=headers).status_code == 200
    # A review does not change the ETag, so the request can be repeated.
    assert bob.put(f"/reviews/{piece['id']}", body, headers=headers).status_code == 200


def test_version_does_not_cover_a_later_title(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    path, body = f"/reviews/{piece['id']}", {"decision": "verified", "version": 1}
    alice.patch(f"/me/evidence/{piece['id']}", {"title": "I led the platform"})
    for headers in ({}, {"If-Match": "*"}):
        late = bob.put(path, body, headers=headers)
        assert late.status_code == 409
        assert "“I led the platform”" in late.get_json()["detail"]
        assert "If-Match" in late.get_json()["detail"]
    assert waiting_item(bob)["review_state"] == "submitted"
    # Without version and ETag, the current state is reviewed.
    assert bob.put(path, {"decision": "verified"}).status_code == 200


def test_version_does_not_cover_later_links(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    path, body = f"/reviews/{piece['id']}", {"decision": "verified", "version": 1}
    alice.patch(f"/me/evidence/{piece['id']}", {"milestones": [MILESTONE, OTHER]})
    late = bob.put(path, body)
    assert late.status_code == 409
    assert OTHER in late.get_json()["detail"]
    assert MILESTONE not in late.get_json()["detail"]
    # A named milestone can be confirmed in any case.
    named = bob.put(path, {**body, "milestones": [MILESTONE]})
    assert named.get_json()["confirmed"] == [MILESTONE]
    # The next review does not confirm the left out milestone either.
    assert bob.put(path, body).get_json()["confirmed"] == [MILESTONE]
    both = bob.put(path, {**body, "milestones": [OTHER]})
    assert both.get_json()["confirmed"] == [MILESTONE, OTHER]


@pytest.mark.parametrize(
    "change",
    [{"title": "Another"}, {"milestones": [MILESTONE, OTHER]}],
    ids=["title", "milestones"],
)
def test_version_does_not_cover_changes_made_while_withdrawn(
    change: dict[str, Any], piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    """Otherwise more would be verified than the reviewer read."""
    path, body = f"/me/evidence/{piece['id']}", {"decision": "verified", "version": 1}
    assert alice.delete(f"{path}/submission").status_code == 204
    assert alice.patch(path, change).status_code == 200
    assert alice.put(f"{path}/submission").status_code == 200
    assert bob.put(f"/reviews/{piece['id']}", body).status_code == 409
    assert waiting_item(bob)["review_state"] == "submitted"


def test_unchanged_resubmission_can_be_reviewed_by_version(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    path = f"/me/evidence/{piece['id']}/submission"
    assert (alice.delete(path).status_code, alice.put(path).status_code) == (204, 200)
    response = bob.put(f"/reviews/{piece['id']}", {"decision": "verified", "version": 1})
    assert response.get_json()["confirmed"] == [MILESTONE]


def test_version_covers_changes_before_submission(
    make_evidence: Add, alice: ApiClient, bob: ApiClient
) -> None:
    made = make_evidence(milestones=[MILESTONE])
    path = f"/me/evidence/{made['id']}"
    alice.patch(path, {"title": "As it is submitted", "milestones": [MILESTONE, OTHER]})
    alice.put(f"{path}/submission")
    response = bob.put(f"/reviews/{made['id']}", {"decision": "verified", "version": 1})
    assert response.get_json()["confirmed"] == [MILESTONE, OTHER]


def test_later_link_that_cannot_be_confirmed_does_not_block_review(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    path, body = f"/reviews/{piece['id']}", {"decision": "verified", "version": 1}
    links = [*piece["milestones"], "mentor-a-junior-engineer"]
    assert alice.patch(f"/me/evidence/{piece['id']}", {"milestones": links}).status_code == 200
    assert bob.put(path, body).get_json()["confirmed"] == [MILESTONE]


def test_new_version_covers_its_title_and_links(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    change = {"title": "New", "description": "New.", "milestones": [MILESTONE, OTHER]}
    alice.patch(f"/me/evidence/{piece['id']}", change)
    response = bob.put(f"/reviews/{piece['id']}", {"decision": "verified", "version": 2})
    assert response.get_json()["confirmed"] == [MILESTONE, OTHER]


def test_repeated_review_confirms_milestones_linked_since(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient, statements
) -> None:
    path, body = f"/reviews/{piece['id']}", {"decision": "verified", "comment": "It holds."}
    assert bob.put(path, body).get_json()["confirmed"] == [MILESTONE]
    alice.patch(f"/me/evidence/{piece['id']}", {"milestones": [MILESTONE, OTHER]})
    review = bob.put(path, body).get_json()
    assert review["confirmed"] == [MILESTONE, OTHER]
    with statements() as seen:
        assert bob.put(path, body).get_json() == review
    assert not [each for each in seen if "INSERT" in each]


def test_left_out_milestone_is_confirmed_only_by_name(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    alice.patch(f"/me/evidence/{piece['id']}", {"milestones": [MILESTONE, OTHER]})
    path, body = f"/reviews/{piece['id']}", {"decision": "verified"}
    first = bob.put(path, {**body, "milestones": [OTHER]})
    assert first.get_json()["confirmed"] == [OTHER]
    assert bob.put(path, body).get_json() == first.get_json()
    alice.patch(f"/me/evidence/{piece['id']}", {"description": "A new version."})
    waiting = waiting_item(bob)
    left_out = {each["key"]: each["left_out_by"] for each in waiting["milestones"]}
    assert left_out == {MILESTONE: "Bob", OTHER: ""}
    assert bob.put(path, body).get_json()["confirmed"] == [OTHER]
    named = bob.put(path, {**body, "milestones": [MILESTONE]})
    assert named.get_json()["confirmed"] == [MILESTONE, OTHER]


def test_milestone_stays_left_out_after_review_is_undone(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    alice.patch(f"/me/evidence/{piece['id']}", {"milestones": [MILESTONE, OTHER]})
    path, body = f"/reviews/{piece['id']}", {"decision": "verified"}
    review = bob.put(path, {**body, "milestones": [OTHER]}).get_json()
    response = bob.delete(f"{path}/judgements/{review['id']}", body={"reason": "Not my call."})
    assert response.status_code == 204
    waiting = waiting_item(bob)
    left_out = {each["key"]: each["left_out_by"] for each in waiting["milestones"]}
    assert left_out == {MILESTONE: "Bob", OTHER: ""}
    assert bob.put(path, body).get_json()["confirmed"] == [OTHER]


def test_review_is_undone_by_its_reviewer_only(
    piece: dict[str, Any],
    alice: ApiClient,
    bob: ApiClient,
    cast: Cast,
    api_client_of: ApiClientOf,
) -> None:
    dave = api_client_of(cast.dave)
    path = f"/reviews/{piece['id']}"
    review = bob.put(path, {"decision": "verified", "comment": "The wrong piece."}).get_json()
    review_path = f"{path}/judgements/{review['id']}"
    assert alice.get(f"/me/evidence/{piece['id']}").get_json()["review"]["id"] == review["id"]
    why = {"reason": "Not my call."}
    assert alice.delete(review_path, body=why).status_code == 403
    assert dave.delete(review_path, body=why).status_code == 404
    assert bob.delete(f"{path}/judgements/{uuid.uuid4()}", body=why).status_code == 409
    assert bob.delete(review_path, body={}).status_code == 422
    assert bob.delete(review_path, body=why).status_code == 204
    seen = alice.get(f"/me/evidence/{piece['id']}").get_json()
    assert (seen["review_state"], seen["confirmed"], seen["review"]) == ("submitted", [], None)
    (waiting,) = bob.get("/reviews").get_json()["items"]
    assert (waiting["evidence_id"], waiting["judgements"]) == (piece["id"], [])
    again = bob.delete(review_path, body=why)
    assert again.status_code == 409
    assert again.get_json()["detail"] == "This review has already been undone."
