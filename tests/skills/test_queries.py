"""The latest assessment from each side, in one statement."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from roadmap.skills import actions, queries
from tests.support.cast import Cast
from tests.support.catalog import OTHER_SKILL, enroll
from tests.support.levels import latest_levels
from tests.support.sample_data import SLUG
from tests.support.statements import record_session_statements


def assess(session: Session, cast: Cast, level: int, now: dt.datetime, key: str = "mlops") -> None:
    actor = cast.actor(session, cast.alice)
    actions.assess_self(session, cast.alice, key, level, by=actor, now=now)


def test_latest_levels_are_empty_without_assessments(session: Session, cast: Cast) -> None:
    assert latest_levels(session, cast.alice) == ({}, {})
    assert queries.latest_assessments(session, cast.alice) == ({}, {})


def test_latest_assessment_of_each_side_is_returned(
    session: Session, cast: Cast, now: dt.datetime
) -> None:
    bob = cast.actor(session, cast.bob)
    assess(session, cast, 3, now)
    assess(session, cast, 1, now - dt.timedelta(days=30))
    actions.assess_other(session, cast.alice, "mlops", 2, by=bob, now=now)
    assess(session, cast, 4, now, key="strategy")

    assert latest_levels(session, cast.alice) == ({"mlops": 3, "strategy": 4}, {"mlops": 2})
    own, other = queries.latest_assessments(session, cast.alice)
    assert (own["mlops"].level, own["mlops"].name, own["mlops"].at) == (3, "Alice", now)
    assert (other["mlops"].level, other["mlops"].name) == (2, "Bob")


def test_later_of_two_simultaneous_assessments_counts(
    session: Session, cast: Cast, now: dt.datetime
) -> None:
    for level in (1, 4, 2):
        assess(session, cast, level, now)

    assert latest_levels(session, cast.alice)[0] == {"mlops": 2}
    assert [row.level for row in queries.history(session, cast.alice, "mlops")] == [2, 4, 1]


def test_assessments_of_other_users_are_not_returned(
    session: Session, cast: Cast, now: dt.datetime
) -> None:
    assess(session, cast, 3, now)

    assert latest_levels(session, cast.carol) == ({}, {})
    assert queries.history(session, cast.carol, "mlops") == []


def test_latest_assessments_take_one_statement(
    session: Session, cast: Cast, now: dt.datetime
) -> None:
    for days in range(20):
        assess(session, cast, days % 5, now - dt.timedelta(days=days))
    with record_session_statements(session) as statements:
        queries.latest_assessments(session, cast.alice)

    assert len(statements) == 1


def test_primary_roadmap_sets_the_bar_and_others_add_skills(
    session: Session, cast: Cast, now: dt.datetime, other_roadmap: str
) -> None:
    enroll(session, cast.alice, now, SLUG)
    assert queries.load_user_skills(session, cast.alice)["mlops"].bar == 3
    assert OTHER_SKILL not in queries.load_user_skills(session, cast.alice)
    # A link to the skill from another user still works.
    assert OTHER_SKILL in queries.known_skills(session, cast.alice)

    enroll(session, cast.alice, now, other_roadmap)
    skills = queries.load_user_skills(session, cast.alice)
    assert skills["mlops"].bar == 3
    assert list(skills)[:2] == ["ml_architecture", "deep_learning"]
    assert list(skills)[-1] == OTHER_SKILL
    assert queries.known_skills(session, cast.alice, slug=other_roadmap)["mlops"].bar == 4

    enroll(session, cast.alice, now, other_roadmap, primary=True)
    assert queries.load_user_skills(session, cast.alice)["mlops"].bar == 4


def test_user_without_roadmap_has_all_skills(
    session: Session, cast: Cast, other_roadmap: str
) -> None:
    assert OTHER_SKILL in queries.load_user_skills(session, cast.carol)
