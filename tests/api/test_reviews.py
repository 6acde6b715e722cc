"""GET /reviews and PUT /reviews/{evidence_id}."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import MILESTONE, SLUG, CallerOf
from tests.support.caller import Caller
from tests.support.cast import Cast

Add = Callable[..., dict[str, Any]]


@pytest.fixture
def piece(add: Add, alice: Caller) -> dict[str, Any]:
    """A piece of Alice's that waits."""
    made = add(
        milestones=[MILESTONE, "external-conference-talk"],
        skills=["mlops"],
        description="What was decided.",
    )
    asked: dict[str, Any] = alice.put(f"/me/evidence/{made['id']}/submission").get_json()
    return asked


def test_it_works(piece: dict[str, Any], alice: Caller, bob: Caller, cast: Cast) -> None:
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
    assert (said["decision"], said["by"], said["version"]) == ("verified", "Bob", 1)
    assert bob.get("/reviews").get_json()["items"] == []
    assert alice.get(f"/me/roadmaps/{SLUG}").get_json()["progress"]["verified"] > before


def test_it_needs_a_token(piece: dict[str, Any], caller_of: CallerOf) -> None:
    assert caller_of().get("/reviews").status_code == 401
    body = {"decision": "verified"}
    assert caller_of().put(f"/reviews/{piece['id']}", body).status_code == 401


def test_it_hides_what_is_foreign(
    piece: dict[str, Any], add: Add, alice: Caller, bob: Caller, cast: Cast, caller_of: CallerOf
) -> None:
    body = {"decision": "verified"}
    dave = caller_of(cast.dave)
    assert dave.get("/reviews").get_json()["items"] == []
    assert dave.put(f"/reviews/{piece['id']}", body).status_code == 404
    assert alice.put(f"/reviews/{piece['id']}", body).status_code == 403
    draft = add(title="A draft")
    assert bob.put(f"/reviews/{draft['id']}", body).status_code == 404
    assert bob.put(f"/reviews/{uuid.uuid4()}", body).status_code == 404


def test_it_is_returned(piece: dict[str, Any], alice: Caller, bob: Caller) -> None:
    body = {"decision": "returned", "comment": "Say what was rejected."}
    assert bob.put(f"/reviews/{piece['id']}", body).get_json()["confirmed"] == []
    seen = alice.get(f"/me/evidence/{piece['id']}").get_json()
    assert seen["review_state"] == "returned"
    assert seen["review"]["comment"] == "Say what was rejected."


def test_what_was_said_before_comes_along(
    piece: dict[str, Any], alice: Caller, bob: Caller
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
    assert found == [("returned", said[1], "Bob", 2), ("returned", said[0], "Bob", 1)]


def test_the_statements_do_not_grow_with_the_pieces(
    piece: dict[str, Any], add: Add, alice: Caller, bob: Caller, statements
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


def test_the_same_twice_is_the_same_as_once(piece: dict[str, Any], bob: Caller, statements) -> None:
    body = {"decision": "verified", "comment": "It holds."}
    first = bob.put(f"/reviews/{piece['id']}", body).get_json()
    with statements() as seen:
        assert bob.put(f"/reviews/{piece['id']}", body).get_json() == first
    assert not [each for each in seen if "INSERT" in each]
    other = bob.put(f"/reviews/{piece['id']}", {"decision": "returned", "comment": "No."})
    assert other.status_code == 409


def test_named_milestones_alone(piece: dict[str, Any], bob: Caller) -> None:
    none = bob.put(f"/reviews/{piece['id']}", {"decision": "verified", "milestones": []})
    assert none.get_json()["confirmed"] == []


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
def test_it_rejects_bad_input(body: Any, field: str, piece: dict[str, Any], bob: Caller) -> None:
    answer = bob.put(f"/reviews/{piece['id']}", body)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]
    assert len(bob.get("/reviews").get_json()["items"]) == 1


def test_a_version_that_is_not_the_newest(
    piece: dict[str, Any], alice: Caller, bob: Caller
) -> None:
    alice.patch(f"/me/evidence/{piece['id']}", {"description": "Said anew."})
    late = bob.put(f"/reviews/{piece['id']}", {"decision": "verified", "version": 1})
    assert late.status_code == 409
    newest = bob.put(f"/reviews/{piece['id']}", {"decision": "verified", "version": 2})
    assert newest.status_code == 200


def test_a_version_that_is_not_there(piece: dict[str, Any], bob: Caller) -> None:
    """There is no newer one than was read, and it is not said that there were."""
    answer = bob.put(f"/reviews/{piece['id']}", {"decision": "verified", "version": 2})
    assert answer.status_code == 409
    assert answer.get_json()["detail"] == (
        "No such version was submitted. The newest is version 1."
    )


def test_what_was_saved_and_not_submitted_is_nobodys_business(
    piece: dict[str, Any], alice: Caller, bob: Caller
) -> None:
    """A returned piece answers alike, whether its author works on it or not."""
    bob.put(f"/reviews/{piece['id']}", {"decision": "returned", "comment": "More."})
    body = {"decision": "verified", "version": 1}
    before = bob.put(f"/reviews/{piece['id']}", body)
    alice.patch(f"/me/evidence/{piece['id']}", {"description": "A canary."})
    after = bob.put(f"/reviews/{piece['id']}", body)
    assert before.status_code == 409
    assert after.data == before.data


def test_it_is_read_in_parts(add: Add, alice: Caller, bob: Caller) -> None:
    made = []
    for number in range(3):
        made.append(add(title=f"Piece {number}")["id"])
        alice.put(f"/me/evidence/{made[-1]}/submission")
    first = bob.get("/reviews?limit=2").get_json()
    rest = bob.get(f"/reviews?limit=2&cursor={first['next_cursor']}").get_json()
    assert [each["evidence_id"] for each in first["items"] + rest["items"]] == made
    assert rest["next_cursor"] is None
