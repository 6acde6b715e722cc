"""Load enrollments, statuses and plans as plain rows, because the busiest pages need them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.models import Roadmap
from roadmap.catalog.queries import load_revision, published_roadmaps
from roadmap.progress.models import Enrollment, MilestonePlan, MilestoneStatus

if TYPE_CHECKING:
    from roadmap.catalog.content import Content


# How long a change of status can be undone from its row.
UNDO_PERIOD = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class EnrolledRoadmap:
    """A person's enrollment and the current revision of its roadmap."""

    id: uuid.UUID
    roadmap_id: uuid.UUID
    revision_id: uuid.UUID
    slug: str
    title: str
    started_on: dt.date
    target_on: dt.date | None
    hours_per_week: Decimal | None
    is_primary: bool
    created_at: dt.datetime


# The statements are built once and on tables, not entities: mapping entities takes longer than the
# database does.
_ENROLLMENT = Enrollment.__table__.c
_ROADMAP = Roadmap.__table__.c
_ENROLLED = (
    sa.select(
        _ENROLLMENT.id,
        _ENROLLMENT.roadmap_id,
        _ROADMAP.revision_id,
        _ROADMAP.slug,
        _ROADMAP.title,
        _ENROLLMENT.started_on,
        _ENROLLMENT.target_on,
        _ENROLLMENT.hours_per_week,
        _ENROLLMENT.is_primary,
        _ENROLLMENT.created_at,
    )
    .join_from(Enrollment.__table__, Roadmap.__table__)
    .where(_ROADMAP.revision_id.is_not(None), _ENROLLMENT.user_id == sa.bindparam("user_id"))
    .order_by(_ENROLLMENT.is_primary.desc(), _ENROLLMENT.created_at, _ENROLLMENT.id)
)


def enrollments(session: Session, user_id: uuid.UUID) -> list[EnrolledRoadmap]:
    """Load a person's enrollments, the primary one first."""
    rows: Any = session.connection().execute(_ENROLLED, {"user_id": user_id})
    return [EnrolledRoadmap(*row) for row in rows]


def enrollment(
    session: Session, user_id: uuid.UUID, slug: str | None = None
) -> EnrolledRoadmap | None:
    """Load a person's enrollment in the roadmap with this slug, or in their primary one."""
    mine = enrollments(session, user_id)
    return next((each for each in mine if slug in (None, each.slug)), None)


def own_and_other_roadmaps(
    session: Session, user_id: uuid.UUID
) -> tuple[list[Content], list[Content]]:
    """Return a person's roadmaps, the primary one first, and the other published ones.

    If several roadmaps have the same key, the first one takes precedence. For a person without an
    enrollment all published roadmaps are returned as their own.
    """
    mine = enrollments(session, user_id)
    published = [each.content for each in published_roadmaps(session)]
    if not mine:
        return published, []
    own = [load_revision(session, each.revision_id).content for each in mine]
    slugs = {each.slug for each in mine}
    return own, [each for each in published if each.slug not in slugs]


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a page of the application."""

    title: str
    href: str


def milestone_links(
    session: Session, user_id: uuid.UUID, keys: Iterable[str], *, preferred: str = ""
) -> list[Link]:
    """Return links to milestones, preferably on a roadmap in which the person is enrolled.

    The next choices are the preferred roadmap and any other. Milestones that are on no published
    roadmap are left out.
    """
    mine = {each.slug for each in enrollments(session, user_id)}
    roadmaps = [each.content for each in published_roadmaps(session)]
    roadmaps.sort(key=lambda roadmap: (roadmap.slug not in mine, roadmap.slug != preferred))
    return [
        Link(roadmap.by_key[key].title, f"/roadmaps/{roadmap.slug}#{roadmap.anchors[key]}")
        for key in keys
        for roadmap in [each for each in roadmaps if key in each.by_key][:1]
    ]


@dataclass(slots=True)
class MilestoneState:
    """A person's status and plan of one milestone."""

    status: str = "not_started"
    reason: str = ""
    since: dt.datetime | None = None
    note: str = ""
    target_on: dt.date | None = None
    revision: int = 0


NOT_STARTED = MilestoneState()


def milestone_state(session: Session, user_id: uuid.UUID, milestone_key: str) -> MilestoneState:
    """Load the status and plan of one milestone, in two statements."""
    return milestone_states(session, user_id, [milestone_key]).get(milestone_key, NOT_STARTED)


def milestone_states(
    session: Session, user_id: uuid.UUID, keys: Collection[str] | None = None
) -> dict[str, MilestoneState]:
    """Load the milestones for which a person has a status or plan, by key, in two statements."""
    row, plan = MilestoneStatus, MilestonePlan
    statuses = sa.select(row.milestone_key, row.status, row.reason, row.changed_at).where(
        row.user_id == user_id
    )
    plans = sa.select(plan.milestone_key, plan.note, plan.target_on, plan.revision).where(
        plan.user_id == user_id
    )
    if keys is not None:
        statuses = statuses.where(row.milestone_key.in_(keys))
        plans = plans.where(plan.milestone_key.in_(keys))
    found: dict[str, MilestoneState] = defaultdict(MilestoneState)
    for key, status, reason, since in session.execute(statuses):
        state = found[key]
        state.status, state.reason, state.since = status, reason, since
    for key, note, target_on, revision in session.execute(plans):
        state = found[key]
        state.note, state.target_on, state.revision = note, target_on, revision
    return dict(found)


_PLAN: Any = MilestonePlan.__table__.c
_TARGET_DATES = sa.select(_PLAN.milestone_key, _PLAN.target_on).where(
    _PLAN.user_id == sa.bindparam("user_id"), _PLAN.target_on.is_not(None)
)


def target_dates(session: Session, user_id: uuid.UUID) -> dict[str, dt.date]:
    """Load a person's target dates by milestone key."""
    rows = session.connection().execute(_TARGET_DATES, {"user_id": user_id})
    return {row.milestone_key: row.target_on for row in rows}


_STATUS: Any = MilestoneStatus.__table__.c
_RECENTLY_CHANGED = (
    sa.select(_STATUS.milestone_key)
    .where(
        _STATUS.user_id == sa.bindparam("user_id"),
        _STATUS.changed_at > sa.bindparam("since"),
        ~_STATUS.was_calibrated,
    )
    .order_by(_STATUS.changed_at.desc(), _STATUS.milestone_key)
    .limit(1)
)


def recently_changed(session: Session, user_id: uuid.UUID, *, now: dt.datetime) -> frozenset[str]:
    """Return the key of the milestone whose last change the person can still undo, if any.

    Changes made during calibration are left out, because they can be undone there.
    """
    since = now - UNDO_PERIOD
    rows = session.connection().execute(_RECENTLY_CHANGED, {"user_id": user_id, "since": since})
    return frozenset(row.milestone_key for row in rows)
