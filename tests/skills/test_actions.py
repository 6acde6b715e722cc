"""Who may assess whom, and what an assessment records."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.signals import PersonChange, person_changed
from roadmap.people.models import HistoryEntry, User
from roadmap.skills import actions, queries
from roadmap.skills.models import Assessment
from tests.support.cast import Cast
from tests.support.levels import latest_levels


def test_self_assessment_is_recorded_with_history_and_signal(
    session: Session, cast: Cast, now: dt.datetime
) -> None:
    before = session.get_one(User, cast.alice).version
    signals: list[str] = []

    def listen(_session: Session, change: PersonChange) -> None:
        signals.append(change.thing)

    with person_changed.connected_to(listen):
        actions.assess_self(
            session,
            cast.alice,
            "mlops",
            3,
            "On call since May",
            by=cast.actor(session, cast.alice),
            now=now,
        )

    row = session.scalars(sa.select(Assessment)).one()
    assert (row.side, row.level, row.comment, row.assessor_name) == (
        "self",
        3,
        "On call since May",
        "Alice",
    )
    entry = session.scalars(sa.select(HistoryEntry)).one()
    assert (entry.action, entry.subject, entry.data["level"]) == ("skill.assessed", "mlops", 3)
    session.expire_all()
    assert session.get_one(User, cast.alice).version == before + 1
    assert signals == ["skill"]


def test_repeated_assessments_are_all_kept(session: Session, cast: Cast, now: dt.datetime) -> None:
    alice = cast.actor(session, cast.alice)
    for level in (2, 2, 3):
        actions.assess_self(session, cast.alice, "mlops", level, by=alice, now=now)

    assert len(queries.history(session, cast.alice, "mlops")) == 3


@pytest.mark.parametrize("name", ["bob", "carol", "dave", "erin", "mallory"])
def test_self_assessment_for_another_user_is_rejected(
    session: Session, cast: Cast, now: dt.datetime, name: str
) -> None:
    other = cast.actor(session, getattr(cast, name))
    with pytest.raises(actions.NotEntitled):
        actions.assess_self(session, cast.alice, "mlops", 4, by=other, now=now)


@pytest.mark.parametrize("name", ["alice", "carol", "dave", "erin", "mallory"])
def test_only_a_manager_can_assess_an_engineer(
    session: Session, cast: Cast, now: dt.datetime, name: str
) -> None:
    other = cast.actor(session, getattr(cast, name))
    with pytest.raises(actions.NotEntitled):
        actions.assess_other(session, cast.alice, "mlops", 4, by=other, now=now)

    bob = cast.actor(session, cast.bob)
    actions.assess_other(session, cast.alice, "mlops", 2, "Ran two releases", by=bob, now=now)
    assert latest_levels(session, cast.alice) == ({}, {"mlops": 2})


def test_manager_cannot_assess_themselves_as_manager(
    session: Session, cast: Cast, now: dt.datetime
) -> None:
    bob = cast.actor(session, cast.bob)
    with pytest.raises(actions.NotEntitled):
        actions.assess_other(session, cast.bob, "mlops", 4, by=bob, now=now)


@pytest.mark.parametrize("level", [-1, 5])
def test_level_outside_the_scale_is_rejected(
    session: Session, cast: Cast, now: dt.datetime, level: int
) -> None:
    alice = cast.actor(session, cast.alice)
    with pytest.raises(ValueError, match="level"):
        actions.assess_self(session, cast.alice, "mlops", level, by=alice, now=now)


def test_unknown_skill_is_rejected(session: Session, cast: Cast, now: dt.datetime) -> None:
    alice = cast.actor(session, cast.alice)
    with pytest.raises(LookupError):
        actions.assess_self(session, cast.alice, "juggling", 1, by=alice, now=now)
