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
def piece(add: Add, alice: ApiClient) -> dict[str, Any]:
    """A piece of Alice's that waits."""
    made = add(
        milestones=[MILESTONE, "external-conference-talk"],
        skills=["mlops"],
        description="What was decided.",
    )
    asked: dict[str, Any] = alice.put(f"/me/evidence/{made['id']}/submission").get_json()
    return asked


def test_it_works(piece: dict[str, Any], alice: ApiClient, bob: ApiClient, cast: Cast) -> None:
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
    answer = bob.put(f"/reviews/{piece['id']}", {"decision": "verified", "comment": "It holds."})
    assert answer.status_code == 200
    said = answer.get_json()
    # A design document cannot prove a talk: of two linked milestones one is confirmed.
    assert said["confirmed"] == [MILESTONE]
    assert (said["decision"], said["by"], said["version"]) == ("verified", "Bob (by token)", 1)
    assert bob.get("/reviews").get_json()["items"] == []
    assert alice.get(f"/me/roadmaps/{SLUG}").get_json()["progress"]["verified"] > before


def test_it_says_what_it_rests_on(piece: dict[str, Any], alice: ApiClient, bob: ApiClient) -> None:
    path, body = f"/reviews/{piece['id']}", {"decision": "verified"}
    refused = bob.put(path, {**body, "basis": "hearsay"})
    assert (refused.status_code, [*refused.get_json()["errors"]]) == (422, ["basis"])
    assert bob.put(path, {**body, "basis": "first_hand"}).get_json()["basis"] == "first_hand"
    review = alice.get(f"/me/evidence/{piece['id']}").get_json()["review"]
    assert (review["by"], review["basis"]) == ("Bob (by token)", "first_hand")


def test_it_needs_a_token(piece: dict[str, Any], api_client_of: ApiClientOf) -> None:
    assert api_client_of().get("/reviews").status_code == 401
    body = {"decision": "verified"}
    assert api_client_of().put(f"/reviews/{piece['id']}", body).status_code == 401


def test_it_hides_what_is_foreign(
    piece: dict[str, Any],
    add: Add,
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
    draft = add(title="A draft")
    assert bob.put(f"/reviews/{draft['id']}", body).status_code == 404
    assert bob.put(f"/reviews/{uuid.uuid4()}", body).status_code == 404


def test_it_is_returned(piece: dict[str, Any], alice: ApiClient, bob: ApiClient) -> None:
    body = {"decision": "returned", "comment": "Say what was rejected."}
    assert bob.put(f"/reviews/{piece['id']}", body).get_json()["confirmed"] == []
    seen = alice.get(f"/me/evidence/{piece['id']}").get_json()
    assert seen["review_state"] == "returned"
    assert seen["review"]["comment"] == "Say what was rejected."


def test_what_was_said_before_comes_along(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    said = ("Say what was rejected.", "Say what it cost.")
    for version, comment in enumerate(said, 1):
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
    assert found == [("returned", said[1], by, 2), ("returned", said[0], by, 1)]


def test_the_statements_do_not_grow_with_the_pieces(
    piece: dict[str, Any], add: Add, alice: ApiClient, bob: ApiClient, statements
) -> None:
    def taken() -> int:
        with statements() as seen:
            assert bob.get("/reviews").status_code == 200
        return len(seen)

    taken()
    before = taken()
    for number in range(3):
        other = add(title=f"Piece {number}", milestones=[MILESTONE], skills=["mlops"])
        alice.put(f"/me/evidence/{other['id']}/submission")
    assert taken() == before


def test_the_same_twice_is_the_same_as_once(
    piece: dict[str, Any], bob: ApiClient, statements
) -> None:
    body = {"decision": "verified", "comment": "It holds."}
    first = bob.put(f"/reviews/{piece['id']}", body).get_json()
    with statements() as seen:
        assert bob.put(f"/reviews/{piece['id']}", body).get_json() == first
    assert not [each for each in seen if "INSERT" in each]
    other = bob.put(f"/reviews/{piece['id']}", {"decision": "returned", "comment": "No."})
    assert other.status_code == 409


def test_named_milestones_alone(piece: dict[str, Any], bob: ApiClient) -> None:
    none = bob.put(f"/reviews/{piece['id']}", {"decision": "verified", "milestones": []})
    assert none.status_code == 422
    said = "Keep at least one milestone, or return it and say what is missing."
    assert none.get_json()["errors"] == {"milestones": [said]}
    assert len(bob.get("/reviews").get_json()["items"]) == 1


def test_what_proves_nothing_any_more_is_only_returned(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    """Its author removed the only milestone that it proves while it waited."""
    left = alice.patch(
        f"/me/evidence/{piece['id']}", {"milestones": ["external-conference-talk"]}
    ).get_json()
    assert left["review_state"] == "submitted"
    path = f"/reviews/{piece['id']}"
    for named in ({}, {"milestones": []}, {"milestones": [MILESTONE]}):
        answer = bob.put(path, {"decision": "verified", **named})
        assert answer.status_code == 409
        assert "there is nothing to verify" in answer.get_json()["detail"]
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
)
def test_it_rejects_bad_input(body: Any, field: str, piece: dict[str, Any], bob: ApiClient) -> None:
    answer = bob.put(f"/reviews/{piece['id']}", body)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]
    assert len(bob.get("/reviews").get_json()["items"]) == 1


def test_a_version_that_is_not_the_newest(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    alice.patch(f"/me/evidence/{piece['id']}", {"description": "Edited."})
    late = bob.put(f"/reviews/{piece['id']}", {"decision": "verified", "version": 1})
    assert late.status_code == 409
    newest = bob.put(f"/reviews/{piece['id']}", {"decision": "verified", "version": 2})
    assert newest.status_code == 200


def test_a_version_that_is_not_there(piece: dict[str, Any], bob: ApiClient) -> None:
    """There is no newer one than was read, and it is not said that there were."""
    answer = bob.put(f"/reviews/{piece['id']}", {"decision": "verified", "version": 2})
    assert answer.status_code == 409
    assert answer.get_json()["detail"] == (
        "No such version was submitted. The newest is version 1."
    )


def test_what_was_saved_and_not_submitted_is_nobodys_business(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    """A returned piece answers alike, whether its author works on it or not."""
    bob.put(f"/reviews/{piece['id']}", {"decision": "returned", "comment": "More."})
    body = {"decision": "verified", "version": 1}
    before = bob.put(f"/reviews/{piece['id']}", body)
    alice.patch(f"/me/evidence/{piece['id']}", {"description": "A canary."})
    after = bob.put(f"/reviews/{piece['id']}", body)
    assert before.status_code == 409
    assert after.data == before.data


def test_it_is_read_in_parts(add: Add, alice: ApiClient, bob: ApiClient) -> None:
    made = []
    for number in range(3):
        made.append(add(title=f"Piece {number}")["id"])
        alice.put(f"/me/evidence/{made[-1]}/submission")
    first = bob.get("/reviews?limit=2").get_json()
    rest = bob.get(f"/reviews?limit=2&cursor={first['next_cursor']}").get_json()
    assert [each["evidence_id"] for each in first["items"] + rest["items"]] == made
    assert rest["next_cursor"] is None


OTHER = "hold-ml-service-levels"


def read_now(bob: ApiClient) -> dict[str, Any]:
    """The one item that waits."""
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
def test_what_was_read_is_judged_and_nothing_else(
    change: dict[str, Any], piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    body, path = {"decision": "verified", "version": 1}, f"/reviews/{piece['id']}"
    read = read_now(bob)["etag"]
    assert alice.patch(f"/me/evidence/{piece['id']}", change).status_code == 200
    late = bob.put(path, body, headers={"If-Match": read})
    assert (late.status_code, late.mimetype) == (412, "application/problem+json")
    waiting = read_now(bob)
    assert waiting["etag"] != read
    again = bob.put(
        path, {**body, "version": waiting["version"]}, headers={"If-Match": waiting["etag"]}
    )
    assert again.status_code == 200
    assert again.get_json()["etag"] == waiting["etag"]


def test_what_a_judgement_is_not_of_leaves_its_tag(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    read = read_now(bob)["etag"]
    order = {"milestones": list(reversed(piece["milestones"])), "skills": ["mentoring"]}
    alice.patch(f"/me/evidence/{piece['id']}", order)
    body, headers = {"decision": "verified"}, {"If-Match": read}
    assert bob.put(f"/reviews/{piece['id']}", body, headers=headers).status_code == 200
    # Judging is no change of what is judged: the same request twice is the same as once.
    assert bob.put(f"/reviews/{piece['id']}", body, headers=headers).status_code == 200


def test_a_version_alone_does_not_stand_for_a_later_title(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    path, body = f"/reviews/{piece['id']}", {"decision": "verified", "version": 1}
    alice.patch(f"/me/evidence/{piece['id']}", {"title": "I led the platform"})
    for headers in ({}, {"If-Match": "*"}):
        late = bob.put(path, body, headers=headers)
        assert late.status_code == 409
        assert "“I led the platform”" in late.get_json()["detail"]
        assert "If-Match" in late.get_json()["detail"]
    assert read_now(bob)["review_state"] == "submitted"
    # Who names neither judges it as it stands.
    assert bob.put(path, {"decision": "verified"}).status_code == 200


def test_a_version_alone_does_not_stand_for_later_links(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    path, body = f"/reviews/{piece['id']}", {"decision": "verified", "version": 1}
    alice.patch(f"/me/evidence/{piece['id']}", {"milestones": [MILESTONE, OTHER]})
    late = bob.put(path, body)
    assert late.status_code == 409
    assert OTHER in late.get_json()["detail"]
    assert MILESTONE not in late.get_json()["detail"]
    # By name each of them can be confirmed, read or not.
    named = bob.put(path, {**body, "milestones": [MILESTONE]})
    assert named.get_json()["confirmed"] == [MILESTONE]
    # What that left out is not confirmed by the next one either.
    assert bob.put(path, body).get_json()["confirmed"] == [MILESTONE]
    both = bob.put(path, {**body, "milestones": [OTHER]})
    assert both.get_json()["confirmed"] == [MILESTONE, OTHER]


@pytest.mark.parametrize("change", [{"title": "Another"}, {"milestones": [MILESTONE, OTHER]}])
def test_withdrawn_and_submitted_again_a_version_stands_for_what_was_read_first(
    change: dict[str, Any], piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    """Taking it back and asking again is no way to have more verified than was read."""
    path, body = f"/me/evidence/{piece['id']}", {"decision": "verified", "version": 1}
    assert alice.delete(f"{path}/submission").status_code == 204
    assert alice.patch(path, change).status_code == 200
    assert alice.put(f"{path}/submission").status_code == 200
    assert bob.put(f"/reviews/{piece['id']}", body).status_code == 409
    assert read_now(bob)["review_state"] == "submitted"


def test_withdrawn_and_submitted_again_as_it_was_it_can_be_judged(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    path = f"/me/evidence/{piece['id']}/submission"
    assert (alice.delete(path).status_code, alice.put(path).status_code) == (204, 200)
    said = bob.put(f"/reviews/{piece['id']}", {"decision": "verified", "version": 1})
    assert said.get_json()["confirmed"] == [MILESTONE]


def test_what_was_changed_before_it_was_submitted_was_read(
    add: Add, alice: ApiClient, bob: ApiClient
) -> None:
    made = add(milestones=[MILESTONE])
    path = f"/me/evidence/{made['id']}"
    alice.patch(path, {"title": "As it is submitted", "milestones": [MILESTONE, OTHER]})
    alice.put(f"{path}/submission")
    said = bob.put(f"/reviews/{made['id']}", {"decision": "verified", "version": 1})
    assert said.get_json()["confirmed"] == [MILESTONE, OTHER]


def test_a_link_that_cannot_be_confirmed_stops_nobody(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    path, body = f"/reviews/{piece['id']}", {"decision": "verified", "version": 1}
    links = [*piece["milestones"], "mentor-a-junior-engineer"]
    assert alice.patch(f"/me/evidence/{piece['id']}", {"milestones": links}).status_code == 200
    assert bob.put(path, body).get_json()["confirmed"] == [MILESTONE]


def test_a_version_submitted_with_its_title_stands_for_it(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    change = {"title": "New", "description": "New.", "milestones": [MILESTONE, OTHER]}
    alice.patch(f"/me/evidence/{piece['id']}", change)
    said = bob.put(f"/reviews/{piece['id']}", {"decision": "verified", "version": 2})
    assert said.get_json()["confirmed"] == [MILESTONE, OTHER]


def test_the_same_word_confirms_what_was_linked_since(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient, statements
) -> None:
    path, body = f"/reviews/{piece['id']}", {"decision": "verified", "comment": "It holds."}
    assert bob.put(path, body).get_json()["confirmed"] == [MILESTONE]
    alice.patch(f"/me/evidence/{piece['id']}", {"milestones": [MILESTONE, OTHER]})
    said = bob.put(path, body).get_json()
    assert said["confirmed"] == [MILESTONE, OTHER]
    with statements() as seen:
        assert bob.put(path, body).get_json() == said
    assert not [each for each in seen if "INSERT" in each]


def test_what_was_left_out_is_only_confirmed_where_it_is_named(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    alice.patch(f"/me/evidence/{piece['id']}", {"milestones": [MILESTONE, OTHER]})
    path, body = f"/reviews/{piece['id']}", {"decision": "verified"}
    first = bob.put(path, {**body, "milestones": [OTHER]})
    assert first.get_json()["confirmed"] == [OTHER]
    assert bob.put(path, body).get_json() == first.get_json()
    alice.patch(f"/me/evidence/{piece['id']}", {"description": "A new version."})
    (waiting,) = bob.get("/reviews").get_json()["items"]
    left_out = {each["key"]: each["left_out_by"] for each in waiting["milestones"]}
    assert left_out == {MILESTONE: "Bob", OTHER: ""}
    assert bob.put(path, body).get_json()["confirmed"] == [OTHER]
    named = bob.put(path, {**body, "milestones": [MILESTONE]})
    assert named.get_json()["confirmed"] == [MILESTONE, OTHER]


def test_what_was_left_out_stays_so_after_it_is_taken_back(
    piece: dict[str, Any], alice: ApiClient, bob: ApiClient
) -> None:
    alice.patch(f"/me/evidence/{piece['id']}", {"milestones": [MILESTONE, OTHER]})
    path, body = f"/reviews/{piece['id']}", {"decision": "verified"}
    judged = bob.put(path, {**body, "milestones": [OTHER]}).get_json()
    taken = bob.delete(f"{path}/judgements/{judged['id']}", body={"reason": "Not my call."})
    assert taken.status_code == 204
    (waiting,) = bob.get("/reviews").get_json()["items"]
    left_out = {each["key"]: each["left_out_by"] for each in waiting["milestones"]}
    assert left_out == {MILESTONE: "Bob", OTHER: ""}
    assert bob.put(path, body).get_json()["confirmed"] == [OTHER]


def test_a_verification_is_taken_back(
    piece: dict[str, Any],
    alice: ApiClient,
    bob: ApiClient,
    cast: Cast,
    api_client_of: ApiClientOf,
) -> None:
    dave = api_client_of(cast.dave)
    path = f"/reviews/{piece['id']}"
    judged = bob.put(path, {"decision": "verified", "comment": "The wrong piece."}).get_json()
    of_judgement = f"{path}/judgements/{judged['id']}"
    assert alice.get(f"/me/evidence/{piece['id']}").get_json()["review"]["id"] == judged["id"]
    why = {"reason": "Not my call."}
    assert alice.delete(of_judgement, body=why).status_code == 403
    assert dave.delete(of_judgement, body=why).status_code == 404
    assert bob.delete(f"{path}/judgements/{uuid.uuid4()}", body=why).status_code == 409
    assert bob.delete(of_judgement, body={}).status_code == 422
    assert bob.delete(of_judgement, body=why).status_code == 204
    seen = alice.get(f"/me/evidence/{piece['id']}").get_json()
    assert (seen["review_state"], seen["confirmed"], seen["review"]) == ("submitted", [], None)
    (waiting,) = bob.get("/reviews").get_json()["items"]
    assert (waiting["evidence_id"], waiting["judgements"]) == (piece["id"], [])
    again = bob.delete(of_judgement, body=why)
    assert again.status_code == 409
    assert again.get_json()["detail"] == "This review was taken back already."
