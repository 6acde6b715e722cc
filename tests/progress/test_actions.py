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
    ids=["in progress", "done", "not applicable", "not started"],
)
def test_setting_the_same_status_again_changes_nothing(
    session: Session, cast: Cast, now: dt.datetime, status: str, reason: str
) -> None:
    def put(moment: dt.datetime) -> bool:
        return actions.set_status(session, cast.alice, KEY, status, reason=reason, now=moment)

    first = put(now)
    assert first is (status != "not_started")
    assert put(now + dt.timedelta(hours=1)) is False
    assert session.scalar(sa.select(sa.func.count(HistoryEntry.id))) == int(first)
    assert session.scalar(sa.select(MilestoneStatus.changed_at)) == (now if first else None)


def test_changed_reason_is_saved_and_can_be_undone(
    session: Session, cast: Cast, now: dt.datetime
) -> None:
    for reason in ("Self-taught", "Another way"):
        assert actions.set_status(
            session, cast.alice, KEY, "not_applicable", reason=reason, now=now
        )
    actions.undo_last_status(session, cast.alice, KEY, now=now)
    assert session.scalar(sa.select(MilestoneStatus.reason)) == "Self-taught"


@pytest.mark.parametrize(
    ("zone", "hour", "day"),
    [
        ("Pacific/Auckland", 20, 24),
        ("UTC", 20, 23),
        ("America/Los_Angeles", 20, 23),
        ("America/Los_Angeles", 3, 22),
    ],
    ids=["next day", "same day", "same day behind UTC", "day before"],
)
def test_enrollment_starts_on_the_persons_local_day(
    session: Session, cast: Cast, zone: str, hour: int, day: int
) -> None:
    session.execute(sa.update(User).where(User.id == cast.alice).values(timezone=zone))
    found = published_roadmap(session, SLUG)
    assert found is not None
    moment = dt.datetime(2026, 11, 23, hour, tzinfo=dt.UTC)
    enrollment = actions.enroll(session, cast.alice, found.roadmap_id, now=moment)
    assert enrollment.started_on == dt.date(2026, 11, day)
