"""GET /me/skills and PUT /me/skills/{key}."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from roadmap.skills import actions
from tests.api.conftest import ApiClientOf
from tests.support.api_client import ApiClient
from tests.support.cast import Cast
from tests.support.catalog import OTHER_SKILL, enroll
from tests.support.sample_data import SLUG

PATH = "/me/skills/mlops"


def skill_of(caller: ApiClient) -> dict[str, Any]:
    items = caller.get("/me/skills").get_json()["items"]
    return next(each for each in items if each["key"] == "mlops")


def test_it_works(alice: ApiClient, session, cast: Cast, now) -> None:
    enroll(session, cast.alice, now, SLUG)
    assert len(alice.get("/me/skills").get_json()["items"]) == 8
    answer = alice.put(PATH, {"level": 3, "comment": "Two services."})
    assert answer.status_code == 200
    assert answer.get_json() == skill_of(alice)
    said = answer.get_json()["self"]
    assert (said["level"], said["by"], said["comment"]) == (3, "Alice", "Two services.")
    assert answer.get_json()["manager"] is None


def test_an_old_assessment_says_so(alice: ApiClient, session, cast: Cast, now) -> None:
    by, at = cast.actor(session, cast.bob), now - dt.timedelta(days=600)
    actions.assess_other(session, cast.alice, "mlops", 2, "", by=by, now=at)
    session.commit()
    alice.put(PATH, {"level": 3})
    found = skill_of(alice)
    assert (found["manager"]["is_old"], found["self"]["is_old"]) == (True, False)


def test_the_gap_is_the_one_to_the_bar_of_the_primary_roadmap(
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


def test_it_needs_a_token(api_client_of: ApiClientOf) -> None:
    assert api_client_of().get("/me/skills").status_code == 401
    assert api_client_of().put(PATH, {"level": 3}).status_code == 401


def test_it_hides_what_is_foreign(alice: ApiClient, bob: ApiClient) -> None:
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
)
def test_it_rejects_bad_input(body: Any, field: str, alice: ApiClient) -> None:
    answer = alice.put(PATH, body)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]
    assert skill_of(alice)["self"] is None


def test_an_unknown_skill(alice: ApiClient) -> None:
    assert alice.put("/me/skills/juggling", {"level": 3}).status_code == 404


def test_the_same_twice_is_the_same_as_once(alice: ApiClient, statements) -> None:
    first = alice.put(PATH, {"level": 3, "comment": "Two services."}).get_json()
    with statements() as seen:
        assert alice.put(PATH, {"level": 3}).get_json() == first
    assert not [each for each in seen if "INSERT INTO assessment" in each]
    assert alice.put(PATH, {"level": 3, "comment": None}).get_json()["self"]["comment"] == ""


def test_a_level_that_is_left_out_stays(alice: ApiClient, statements) -> None:
    alice.put(PATH, {"level": 3, "comment": "Two services."})
    before = skill_of(alice)["self"]
    after = alice.put(PATH, {"comment": "Three services."}).get_json()["self"]
    assert (after["level"], after["comment"]) == (3, "Three services.")
    assert after["at"] > before["at"], "it is an assessment of its own"
    with statements() as seen:
        assert alice.put(PATH, {}).get_json()["self"] == after
    assert not [each for each in seen if "INSERT INTO assessment" in each]


def test_a_level_is_never_cleared(alice: ApiClient) -> None:
    alice.put(PATH, {"level": 3})
    answer = alice.put(PATH, {"level": None})
    assert answer.status_code == 422
    assert "history" in answer.get_json()["errors"]["level"][0]
    assert skill_of(alice)["self"]["level"] == 3


def test_a_manager_says_something_else(alice: ApiClient, bob: ApiClient, cast: Cast) -> None:
    alice.put(PATH, {"level": 4, "comment": "Hers alone"})
    told = bob.put(f"/teams/ranking/people/{cast.alice}/skills/mlops", {"level": 2})
    assert told.status_code == 200
    assert told.get_json()["self"] == 4
    assert "Hers alone" not in told.text
    seen = skill_of(alice)
    assert (seen["self"]["level"], seen["manager"]["level"]) == (4, 2)
    assert seen["manager"]["by"] == "Bob (by token)"
    assert seen["gap"] == max(0, seen["bar"] - 2)
    assert seen["apart"] == -2


def test_two_words_are_apart_once_both_are_said(
    alice: ApiClient, bob: ApiClient, cast: Cast
) -> None:
    assert (skill_of(alice)["gap"], skill_of(alice)["apart"]) == (None, None)
    bob.put(f"/teams/ranking/people/{cast.alice}/skills/mlops", {"level": 2})
    assert skill_of(alice)["apart"] is None
    alice.put(PATH, {"level": 1})
    assert skill_of(alice)["apart"] == 1


def test_it_is_read_in_parts(alice: ApiClient, session, cast: Cast, now) -> None:
    enroll(session, cast.alice, now, SLUG)
    first = alice.get("/me/skills?limit=5").get_json()
    rest = alice.get(f"/me/skills?limit=5&cursor={first['next_cursor']}").get_json()
    keys = [each["key"] for each in first["items"] + rest["items"]]
    assert keys == sorted(keys)
    assert (len(keys), rest["next_cursor"]) == (8, None)
