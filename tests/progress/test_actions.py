"""Setting a status twice, undoing it, and a roadmap's start date."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.queries import published_roadmap
from roadmap.people.models import HistoryEntry, User
from roadmap.progress import actions
from roadmap.progress.models import MilestoneStatus
from tests.support.cast import Cast

SLUG = "senior-ml-engineer"
KEY = "bachelors-degree-or-equivalent"


@pytest.mark.parametrize(
    ("status", "reason"),
    [("in_progress", ""), ("done", ""), ("not_applicable", "Self-taught"), ("not_started", "")],
)
def test_the_same_again_is_no_change(
    session: Session, cast: Cast, now: dt.datetime, status: str, reason: str
) -> None:
    def put(moment: dt.datetime) -> bool:
        return actions.set_status(
            session, cast.alice, KEY, status, reason=reason, by=cast.alice, now=moment
        )

    first = put(now)
    assert first is (status != "not_started")
    assert put(now + dt.timedelta(hours=1)) is False
    assert session.scalar(sa.select(sa.func.count(HistoryEntry.id))) == int(first)
    assert session.scalar(sa.select(MilestoneStatus.changed_at)) == (now if first else None)


def test_another_reason_is_a_change(session: Session, cast: Cast, now: dt.datetime) -> None:
    for reason in ("Self-taught", "Another way"):
        assert actions.set_status(
            session, cast.alice, KEY, "not_applicable", reason=reason, by=cast.alice, now=now
        )
    actions.undo_last_status(session, cast.alice, KEY, by=cast.alice, now=now)
    assert session.scalar(sa.select(MilestoneStatus.reason)) == "Self-taught"


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Pacific/Auckland", 24), ("UTC", 23), ("America/Los_Angeles", 23)],
)
def test_it_begins_on_the_persons_own_day(
    session: Session, cast: Cast, zone: str, day: int
) -> None:
    session.execute(sa.update(User).where(User.id == cast.alice).values(timezone=zone))
    found = published_roadmap(session, SLUG)
    assert found is not None
    late = dt.datetime(2026, 11, 23, 20, tzinfo=dt.UTC)
    begun = actions.enroll(session, cast.alice, found.roadmap_id, by=cast.alice, now=late)
    assert begun.started_on == dt.date(2026, 11, day)


def test_it_begins_the_day_before_where_that_is_still_on(session: Session, cast: Cast) -> None:
    session.execute(sa.update(User).values(timezone="America/Los_Angeles"))
    found = published_roadmap(session, SLUG)
    assert found is not None
    early = dt.datetime(2026, 11, 23, 3, tzinfo=dt.UTC)
    begun = actions.enroll(session, cast.alice, found.roadmap_id, by=cast.alice, now=early)
    assert begun.started_on == dt.date(2026, 11, 22)
