"""GET /me/skills and PUT /me/skills/{key}."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from roadmap.skills import actions
from tests.support.api_client import ApiClient
from tests.support.cast import Cast
from tests.support.catalog import OTHER_SKILL, enroll
from tests.support.sample_data import SLUG

PATH = "/me/skills/mlops"


def skill_of(caller: ApiClient) -> dict[str, Any]:
    items = caller.get("/me/skills").get_json()["items"]
    return next(each for each in items if each["key"] == "mlops")


def test_own_skill_is_assessed(alice: ApiClient, session, cast: Cast, now) -> None:
    enroll(session, cast.alice, now, SLUG)
    assert len(alice.get("/me/skills").get_json()["items"]) == 8
    response = alice.put(PATH, {"level": 3, "comment": "Two services."})
    assert response.status_code == 200
    assert response.get_json() == skill_of(alice)
    assessment = response.get_json()["self"]
    assert (assessment["level"], assessment["by"], assessment["comment"]) == (
        3,
        "Alice",
        "Two services.",
    )
    assert response.get_json()["manager"] is None


def test_old_assessment_is_marked_old(alice: ApiClient, session, cast: Cast, now) -> None:
    by, at = cast.actor(session, cast.bob), now - dt.timedelta(days=600)
    actions.assess_other(session, cast.alice, "mlops", 2, "", by=by, now=at)
    session.commit()
    alice.put(PATH, {"level": 3})
    found = skill_of(alice)
    assert (found["manager"]["is_old"], found["self"]["is_old"]) == (True, False)


def test_gap_uses_the_bar_of_the_primary_roadmap(
    alice: ApiClient, session, cast: Cast, now, other_roadmap: str
) -> None:
    def keys() -> list[str]:
        return [each["key"] for each in alice.get("/me/skills").get_json()["items"]]

    enroll(session, cast.alice, now, SLUG)
    alice.put(PATH, {"level": 3})
    assert (skill_of(alice)["bar"], skill_of(alice)["gap"]) == (3, 0)
    assert OTHER_SKILL not in keys()
    enroll(session, cast.alice, now, other_roadmap, primary=True)
    assert (skill_of(alice)["bar"], skill_of(alice)["gap"]) == (4, 1)
    assert OTHER_SKILL in keys()


def test_own_assessment_is_hidden_from_other_people(alice: ApiClient, bob: ApiClient) -> None:
    alice.put(PATH, {"level": 3})
    assert skill_of(bob)["self"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "level"),
        ({"level": 5}, "level"),
        ({"level": -1}, "level"),
        ({"level": 2.5}, "level"),
        ({"level": "3"}, "level"),
        ({"level": True}, "level"),
        ({"level": 10**30}, "level"),
        ({"level": 3, "comment": "x" * 2001}, "comment"),
        ({"level": 3, "by": "Bob"}, "by"),
    ],
    ids=[
        "no level",
        "high level",
        "negative level",
        "decimal level",
        "level as string",
        "level as boolean",
        "huge level",
        "long comment",
        "unknown field",
    ],
)
def test_invalid_assessment_is_rejected(body: Any, field: str, alice: ApiClient) -> None:
    response = alice.put(PATH, body)
    assert response.status_code == 422
    assert list(response.get_json()["errors"]) == [field]
    assert skill_of(alice)["self"] is None


def test_unknown_skill_is_not_found(alice: ApiClient) -> None:
    assert alice.put("/me/skills/juggling", {"level": 3}).status_code == 404


def test_repeated_put_changes_nothing(alice: ApiClient, statements) -> None:
    first = alice.put(PATH, {"level": 3, "comment": "Two services."}).get_json()
    with statements() as seen:
        assert alice.put(PATH, {"level": 3}).get_json() == first
    assert not [each for each in seen if "INSERT INTO assessment" in each]
    assert alice.put(PATH, {"level": 3, "comment": None}).get_json()["self"]["comment"] == ""


def test_omitted_level_stays(alice: ApiClient, statements) -> None:
    alice.put(PATH, {"level": 3, "comment": "Two services."})
    before = skill_of(alice)["self"]
    after = alice.put(PATH, {"comment": "Three services."}).get_json()["self"]
    assert (after["level"], after["comment"]) == (3, "Three services.")
    assert after["at"] > before["at"], "it is a new assessment"
    with statements() as seen:
        assert alice.put(PATH, {}).get_json()["self"] == after
    assert not [each for each in seen if "INSERT INTO assessment" in each]


def test_level_cannot_be_cleared(alice: ApiClient) -> None:
    alice.put(PATH, {"level": 3})
    response = alice.put(PATH, {"level": None})
    assert response.status_code == 422
    assert "history" in response.get_json()["errors"]["level"][0]
    assert skill_of(alice)["self"]["level"] == 3


def test_managers_assessment_is_separate_from_own(
    alice: ApiClient, bob: ApiClient, cast: Cast
) -> None:
    alice.put(PATH, {"level": 4, "comment": "Hers alone"})
    response = bob.put(f"/teams/ranking/people/{cast.alice}/skills/mlops", {"level": 2})
    assert response.status_code == 200
    assert response.get_json()["self"] == 4
    assert "Hers alone" not in response.text
    seen = skill_of(alice)
    assert (seen["self"]["level"], seen["manager"]["level"]) == (4, 2)
    assert seen["manager"]["by"] == "Bob (by token)"
    assert seen["gap"] == max(0, seen["bar"] - 2)
    assert seen["apart"] == -2


def test_apart_requires_both_assessments(alice: ApiClient, bob: ApiClient, cast: Cast) -> None:
    assert (skill_of(alice)["gap"], skill_of(alice)["apart"]) == (None, None)
    bob.put(f"/teams/ranking/people/{cast.alice}/skills/mlops", {"level": 2})
    assert skill_of(alice)["apart"] is None
    alice.put(PATH, {"level": 1})
    assert skill_of(alice)["apart"] == 1


def test_skills_are_paginated(alice: ApiClient, session, cast: Cast, now) -> None:
    enroll(session, cast.alice, now, SLUG)
    first = alice.get("/me/skills?limit=5").get_json()
    rest = alice.get(f"/me/skills?limit=5&cursor={first['next_cursor']}").get_json()
    keys = [each["key"] for each in first["items"] + rest["items"]]
    assert keys == sorted(keys)
    assert (len(keys), rest["next_cursor"]) == (8, None)
