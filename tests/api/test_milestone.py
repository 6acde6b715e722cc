"""PUT /me/roadmaps/{slug}/milestones/{key}."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import MILESTONE, SLUG
from tests.support.api_client import ApiClient
from tests.support.cast import Cast

ROADMAP = f"/me/roadmaps/{SLUG}"
PATH = f"{ROADMAP}/milestones/{MILESTONE}"


@pytest.fixture(autouse=True)
def _enrolled(alice: ApiClient) -> None:
    alice.put(ROADMAP, {})


def test_milestone_status_note_and_target_are_set(alice: ApiClient) -> None:
    response = alice.put(
        PATH, {"status": "done", "note": " Ask *Bob*. ", "target_on": "2050-05-01"}
    )
    assert response.status_code == 200
    assert response.get_json() == {
        "key": MILESTONE,
        "status": "done",
        "tone": "claimed",
        "note": "Ask *Bob*.",
        "reason": "",
        "target_on": "2050-05-01",
    }
    seen = alice.get(ROADMAP).get_json()["milestones"][MILESTONE]
    assert (seen["status"], seen["note"]) == ("done", "Ask *Bob*.")
    assert seen["etag"] == response.headers["ETag"]


def test_milestone_of_person_not_enrolled_is_not_found(bob: ApiClient) -> None:
    response = bob.put(PATH, {"status": "done"})
    assert response.status_code == 404
    assert f"PUT /me/roadmaps/{SLUG}" in response.get_json()["detail"]


def test_omitted_fields_stay_and_null_clears_them(alice: ApiClient) -> None:
    alice.put(PATH, {"status": "in_progress", "note": "First", "target_on": "2050-05-01"})
    kept = alice.put(PATH, {"status": "done"}).get_json()
    assert (kept["note"], kept["target_on"]) == ("First", "2050-05-01")
    cleared = alice.put(PATH, {"status": "done", "note": None}).get_json()
    assert (cleared["note"], cleared["target_on"]) == ("", "2050-05-01")


def test_repeated_put_changes_nothing(alice: ApiClient, statements) -> None:
    body = {"status": "done", "note": "Once"}
    first = alice.put(PATH, body)
    with statements() as seen:
        second = alice.put(PATH, body)
    assert second.get_json() == first.get_json()
    assert second.headers["ETag"] == first.headers["ETag"]
    assert not [each for each in seen if "INSERT INTO history_entry" in each]


def test_status_change_does_not_load_evidence(
    alice: ApiClient, make_evidence: Callable[..., dict[str, Any]], statements
) -> None:
    make_evidence()
    alice.put(PATH, {"status": "in_progress"})
    with statements() as seen:
        response = alice.put(PATH, {"status": "done"})
    assert response.get_json()["tone"] == "evidenced"
    assert not [each for each in seen if "FROM evidence_milestone" in each]


def test_not_applicable_requires_a_reason(alice: ApiClient) -> None:
    without = alice.put(PATH, {"status": "not_applicable"})
    assert without.status_code == 422
    assert list(without.get_json()["errors"]) == ["reason"]
    result = alice.put(PATH, {"status": "not_applicable", "reason": "No such system here."})
    assert result.get_json()["reason"] == "No such system here."
    # An omitted reason stays, and another status clears it.
    again = alice.put(PATH, {"status": "not_applicable"})
    assert again.get_json()["reason"] == "No such system here."
    assert alice.put(PATH, {"status": "done"}).get_json()["reason"] == ""
    assert alice.put(PATH, {"status": "done", "reason": "Why"}).status_code == 422
    cleared = alice.put(PATH, {"status": "not_applicable", "reason": None})
    assert cleared.status_code == 422


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"status": "finished"}, "status"),
        ({"status": None}, "status"),
        ({"note": "x" * 10_001}, "note"),
        ({"note": 5}, "note"),
        ({"target_on": "2025-12-31"}, "target_on"),
        ({"target_on": "2101-01-01"}, "target_on"),
        ({"target_on": "31.12.2027"}, "target_on"),
        ({"hours": 3}, "hours"),
    ],
    ids=[
        "unknown status",
        "null status",
        "long note",
        "note as number",
        "past target",
        "far target",
        "target format",
        "unknown field",
    ],
)
def test_invalid_milestone_change_is_rejected(
    more: dict[str, Any], field: str, alice: ApiClient
) -> None:
    response = alice.put(PATH, {"status": "done", **more})
    assert response.status_code == 422
    assert list(response.get_json()["errors"]) == [field]
    assert alice.get(ROADMAP).get_json()["milestones"][MILESTONE]["status"] == "not_started"


def test_omitted_status_stays(alice: ApiClient, statements) -> None:
    assert alice.put(PATH, {"note": "Begin with the diagram."}).status_code == 200
    seen = alice.get(ROADMAP).get_json()["milestones"][MILESTONE]
    assert (seen["status"], seen["note"]) == ("not_started", "Begin with the diagram.")
    alice.put(PATH, {"status": "done"})
    later = alice.put(PATH, {"target_on": "2050-05-01", "note": None}).get_json()
    assert (later["status"], later["note"], later["target_on"]) == ("done", "", "2050-05-01")
    with statements() as sent:
        assert alice.put(PATH, {}).get_json() == later
    assert not [each for each in sent if "INSERT INTO history_entry" in each]


def test_reason_can_be_changed_alone(alice: ApiClient) -> None:
    assert alice.put(PATH, {"reason": "No such system here."}).status_code == 422
    alice.put(PATH, {"status": "not_applicable", "reason": "No such system here."})
    result = alice.put(PATH, {"reason": "Another team has it."}).get_json()
    assert (result["status"], result["reason"]) == ("not_applicable", "Another team has it.")
    assert list(alice.put(PATH, {"reason": None}).get_json()["errors"]) == ["reason"]


def test_unknown_milestone_or_roadmap_is_not_found(alice: ApiClient) -> None:
    assert alice.put(f"{ROADMAP}/milestones/none", {"status": "done"}).status_code == 404
    assert (
        alice.put(f"/me/roadmaps/none/milestones/{MILESTONE}", {"status": "done"}).status_code
        == 404
    )


def test_stale_if_match_is_rejected(alice: ApiClient) -> None:
    read = alice.get(ROADMAP).get_json()["milestones"][MILESTONE]["etag"]
    mine = alice.put(PATH, {"status": "done", "note": "Mine"}, headers={"If-Match": read})
    assert mine.status_code == 200
    late = alice.put(PATH, {"status": "done", "note": "Late"}, headers={"If-Match": read})
    assert late.status_code == 412
    assert late.mimetype == "application/problem+json"
    newest = alice.put(
        PATH, {"status": "done", "note": "Newest"}, headers={"If-Match": mine.headers["ETag"]}
    )
    assert newest.get_json()["note"] == "Newest"
    anything = alice.put(PATH, {"status": "done", "note": "Any"}, headers={"If-Match": "*"})
    assert anything.status_code == 200


def test_nul_is_removed_from_note(alice: ApiClient, cast: Cast) -> None:
    response = alice.put(PATH, {"status": "done", "note": "a\x00b\u202ec"})
    assert response.status_code == 200
    assert "\x00" not in response.get_json()["note"]
