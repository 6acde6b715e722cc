"""GET, PUT and DELETE /me/roadmaps/{slug}."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.api.conftest import MILESTONE, SLUG
from tests.support.api_client import ApiClient
from tests.support.cast import Cast

PATH = f"/me/roadmaps/{SLUG}"
NEXT_YEAR = f"{dt.datetime.now(dt.UTC).year + 1}-12-31"


def test_enrollment_returns_milestones_and_progress(alice: ApiClient) -> None:
    assert alice.get(PATH).status_code == 404
    enrolled = alice.put(PATH, {"target_on": NEXT_YEAR, "hours_per_week": 4.5})
    assert enrolled.status_code == 201
    found = alice.get(PATH).get_json()
    assert found == enrolled.get_json()
    assert (found["target_on"], found["hours_per_week"], found["primary"]) == (NEXT_YEAR, 4.5, True)
    assert found["milestones"][MILESTONE] == {
        "status": "not_started",
        "tone": None,
        "note": "",
        "reason": "",
        "target_on": None,
        "etag": found["milestones"][MILESTONE]["etag"],
    }
    nothing = {"claimed": 0, "evidenced": 0, "verified": 0}
    assert found["progress"] == {
        **nothing,
        "stages": dict.fromkeys(
            ("foundations", "experience", "education", "leadership", "visibility"), nothing
        ),
    }


def test_omitted_fields_stay_and_null_clears_them(alice: ApiClient) -> None:
    alice.put(PATH, {"target_on": NEXT_YEAR, "hours_per_week": 4.5})
    again = alice.put(PATH, {"hours_per_week": None})
    assert again.status_code == 200
    found = again.get_json()
    assert (found["target_on"], found["hours_per_week"]) == (NEXT_YEAR, None)


def test_repeated_put_changes_nothing(alice: ApiClient, statements) -> None:
    body = {"target_on": NEXT_YEAR, "hours_per_week": 4.55, "primary": True}
    first = alice.put(PATH, body).get_json()
    with statements() as seen:
        assert alice.put(PATH, body).get_json() == first
    assert not [each for each in seen if "INSERT INTO history_entry" in each]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"target_on": "2020-01-01"}, "target_on"),
        ({"target_on": "9999-12-31"}, "target_on"),
        ({"target_on": "0000-01-01"}, "target_on"),
        ({"target_on": 20300101}, "target_on"),
        ({"hours_per_week": 0}, "hours_per_week"),
        ({"hours_per_week": 81}, "hours_per_week"),
        ({"hours_per_week": "5"}, "hours_per_week"),
        ({"hours_per_week": 10**400}, "hours_per_week"),
        ({"primary": False}, "primary"),
        ({"started_on": "2026-01-01"}, "started_on"),
        ([], "body"),
    ],
    ids=[
        "past target",
        "far target",
        "year zero",
        "target as number",
        "no hours",
        "too many hours",
        "hours as string",
        "huge hours",
        "only roadmap not primary",
        "unknown field",
        "list",
    ],
)
def test_invalid_enrollment_is_rejected(body: Any, field: str, alice: ApiClient) -> None:
    response = alice.put(PATH, body)
    assert response.status_code == 422
    assert list(response.get_json()["errors"]) == [field]
    assert alice.get(PATH).status_code == 404


def test_response_without_enrollment_explains_how_to_enroll(alice: ApiClient) -> None:
    response = alice.get(PATH)
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")
    assert f"PUT /me/roadmaps/{SLUG}" in response.get_json()["detail"]


def test_one_roadmap_is_always_primary(alice: ApiClient, other_roadmap: str) -> None:
    alice.put(PATH, {})
    other = f"/me/roadmaps/{other_roadmap}"
    for nothing in (False, None):
        response = alice.put(PATH, {"primary": nothing})
        assert response.status_code == 422
        assert "Make another one primary" in response.get_json()["errors"]["primary"][0]
    enrolled = alice.put(other, {"primary": False})
    assert (enrolled.status_code, enrolled.get_json()["primary"]) == (201, False)
    assert alice.put(other, {"primary": None}).get_json() == enrolled.get_json()
    assert alice.put(other, {"primary": True}).get_json()["primary"] is True
    assert alice.put(PATH, {"primary": False}).get_json()["primary"] is False


def test_leaving_roadmap_keeps_milestone_status(alice: ApiClient, other_roadmap: str) -> None:
    other = f"/me/roadmaps/{other_roadmap}"
    alice.put(PATH, {"hours_per_week": 3})
    alice.put(other, {})
    alice.put(f"{PATH}/milestones/{MILESTONE}", {"status": "done", "note": "Mine"})
    assert alice.delete(PATH).status_code == 204
    assert alice.get(PATH).status_code == 404
    assert alice.delete(PATH).status_code == 404
    found = alice.get(other).get_json()
    assert (found["primary"], found["milestones"][MILESTONE]["note"]) == (True, "Mine")
    again = alice.put(PATH, {}).get_json()
    assert (again["hours_per_week"], again["primary"]) == (None, False)
    assert again["milestones"][MILESTONE]["status"] == "done"


def test_unknown_roadmap_is_not_found(alice: ApiClient) -> None:
    unknown = alice.get("/me/roadmaps/none")
    assert unknown.status_code == 404
    assert "PUT" not in unknown.get_json()["detail"], "there is nothing to enroll in"
    assert alice.put("/me/roadmaps/none", {}).status_code == 404


def test_done_milestone_raises_claimed_progress(alice: ApiClient, cast: Cast) -> None:
    alice.put(PATH, {})
    alice.put(f"{PATH}/milestones/{MILESTONE}", {"status": "done"})
    progress = alice.get(PATH).get_json()["progress"]
    assert 0 < progress["claimed"] < 1
    assert progress["evidenced"] == 0
    assert progress["stages"]["leadership"]["claimed"] > progress["claimed"]
