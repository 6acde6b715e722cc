"""Reading where a person stands. Core tuples only: these run on the busiest pages."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.models import Roadmap
from roadmap.people.models import HistoryEntry
from roadmap.progress.models import Enrollment, MilestonePlan, MilestoneStatus


@dataclass(frozen=True, slots=True)
class EnrolledRoadmap:
    """A person's enrollment with the revision that its roadmap is at."""

    id: uuid.UUID
    roadmap_id: uuid.UUID
    revision_id: uuid.UUID
    slug: str
    title: str
    started_on: dt.date
    target_on: dt.date | None
    hours_per_week: Decimal | None
    is_primary: bool


# On the tables, not the entities, and made once: these run on every page, and what the ORM adds to
# a statement takes longer than the statement.
_OWN = Enrollment.__table__.c
_ROADMAP = Roadmap.__table__.c
_ENROLLED = (
    sa.select(
        _OWN.id,
        _OWN.roadmap_id,
        _ROADMAP.revision_id,
        _ROADMAP.slug,
        _ROADMAP.title,
        _OWN.started_on,
        _OWN.target_on,
        _OWN.hours_per_week,
        _OWN.is_primary,
    )
    .join_from(Enrollment.__table__, Roadmap.__table__)
    .where(_ROADMAP.revision_id.is_not(None), _OWN.user_id == sa.bindparam("user_id"))
    .order_by(_OWN.is_primary.desc(), _OWN.created_at, _OWN.id)
)
_PRIMARY = _ENROLLED.limit(1)
_BY_SLUG = _PRIMARY.where(_ROADMAP.slug == sa.bindparam("slug"))


def _as_values(row: Any) -> tuple[Any, ...]:
    """The row as plain values: its revision is there, the query asks for it."""
    return tuple(row)


def enrollments(session: Session, user_id: uuid.UUID) -> list[EnrolledRoadmap]:
    """The roadmaps that a person is on, the primary one first."""
    rows = session.execute(_ENROLLED, {"user_id": user_id})
    return [EnrolledRoadmap(*_as_values(row)) for row in rows]


def enrollment(
    session: Session, user_id: uuid.UUID, slug: str | None = None
) -> EnrolledRoadmap | None:
    """A person's enrollment on the roadmap with this slug, or on their primary one."""
    if slug is None:
        row = session.execute(_PRIMARY, {"user_id": user_id}).first()
    else:
        row = session.execute(_BY_SLUG, {"user_id": user_id, "slug": slug}).first()
    return EnrolledRoadmap(*_as_values(row)) if row else None


@dataclass(frozen=True, slots=True)
class MilestoneState:
    """What a person did with one milestone, and plans."""

    status: str
    reason: str
    since: dt.datetime | None
    note: str
    target_on: dt.date | None
    revision: int


def milestone_state(session: Session, user_id: uuid.UUID, milestone_key: str) -> MilestoneState:
    """The status, reason, note and target date of one milestone. Takes two statements."""
    status = session.execute(
        sa.select(MilestoneStatus.status, MilestoneStatus.reason, MilestoneStatus.changed_at).where(
            MilestoneStatus.user_id == user_id, MilestoneStatus.milestone_key == milestone_key
        )
    ).first()
    plan = session.execute(
        sa.select(MilestonePlan.note, MilestonePlan.target_on, MilestonePlan.revision).where(
            MilestonePlan.user_id == user_id, MilestonePlan.milestone_key == milestone_key
        )
    ).first()
    return MilestoneState(
        status=status.status if status else "not_started",
        reason=status.reason if status else "",
        since=status.changed_at if status else None,
        note=plan.note if plan else "",
        target_on=plan.target_on if plan else None,
        revision=plan.revision if plan else 0,
    )


def milestone_states(session: Session, user_id: uuid.UUID) -> dict[str, MilestoneState]:
    """The same for every milestone that a person ever touched, by key. Takes two statements."""
    statuses = {
        row.milestone_key: row
        for row in session.execute(
            sa.select(
                MilestoneStatus.milestone_key,
                MilestoneStatus.status,
                MilestoneStatus.reason,
                MilestoneStatus.changed_at,
            ).where(MilestoneStatus.user_id == user_id)
        )
    }
    plans = {
        row.milestone_key: row
        for row in session.execute(
            sa.select(
                MilestonePlan.milestone_key,
                MilestonePlan.note,
                MilestonePlan.target_on,
                MilestonePlan.revision,
            ).where(MilestonePlan.user_id == user_id)
        )
    }
    found = {}
    for key in statuses.keys() | plans.keys():
        status, plan = statuses.get(key), plans.get(key)
        found[key] = MilestoneState(
            status=status.status if status else "not_started",
            reason=status.reason if status else "",
            since=status.changed_at if status else None,
            note=plan.note if plan else "",
            target_on=plan.target_on if plan else None,
            revision=plan.revision if plan else 0,
        )
    return found


_PLAN: Any = MilestonePlan.__table__.c
_TARGET_DATES = sa.select(_PLAN.milestone_key, _PLAN.target_on).where(
    _PLAN.user_id == sa.bindparam("user_id"), _PLAN.target_on.is_not(None)
)


def target_dates(session: Session, user_id: uuid.UUID) -> dict[str, dt.date]:
    """Load a person's target dates by milestone key."""
    rows = session.execute(_TARGET_DATES, {"user_id": user_id})
    return {row.milestone_key: row.target_on for row in rows}


@dataclass(frozen=True, slots=True)
class RecentChange:
    """One line of what changed lately."""

    at: dt.datetime
    action: str
    subject: str
    data: dict[str, object]


def recent_changes(session: Session, user_id: uuid.UUID, limit: int = 8) -> list[RecentChange]:
    """The newest entries of a person's own history."""
    rows = session.execute(
        sa.select(HistoryEntry.at, HistoryEntry.action, HistoryEntry.subject, HistoryEntry.data)
        .where(HistoryEntry.user_id == user_id)
        .order_by(HistoryEntry.id.desc())
        .limit(limit)
    )
    return [RecentChange(*row) for row in rows]
