"""What the pages of one's way show, as values: made from a record or from the kept summary."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.queries import PublishedRoadmap, load_revision
from roadmap.people.actor import Actor
from roadmap.progress.models import MilestonePlan
from roadmap.progress.queries import EnrolledRoadmap, enrollment
from roadmap.readiness.actions import RefreshResult, compute_summary
from roadmap.readiness.queries import person_record
from roadmap.readiness.summary_store import kept


@dataclass(frozen=True)
class RoadmapProgress:
    """Where a person stands on a roadmap, as they see it themselves.

    `data` is the own half of the summary (`readiness.summary.digest`); `targets` target dates by
    milestone key.
    """

    published: PublishedRoadmap
    enrolled: EnrolledRoadmap
    data: dict[str, Any]
    targets: dict[str, dt.date]
    today: dt.date

    def tone(self, key: str) -> str:
        tone: str = self.data["tones"].get(key, "not_started")
        return tone


def load_progress(
    session: Session, actor: Actor, slug: str, *, now: dt.datetime
) -> RoadmapProgress | None:
    """Reads where the actor stands; None where they are not on this roadmap. Three statements."""
    enrolled = enrollment(session, actor.id, slug)
    return None if enrolled is None else load_enrolled_progress(session, actor, enrolled, now=now)


def load_enrolled_progress(
    session: Session, actor: Actor, enrolled: EnrolledRoadmap, *, now: dt.datetime
) -> RoadmapProgress:
    """The same for an enrollment that was read already.

    Two statements while the kept row is valid. A row that has run out is not used, and not mended
    either, because a page writes nothing.
    """
    published = load_revision(session, enrolled.revision_id)
    today = actor.today(now)
    row = kept(session, actor.id, enrolled.roadmap_id, enrolled.revision_id)
    if row is None or (row.valid_until is not None and row.valid_until <= today):
        found = person_record(session, actor.id)
        values = compute_summary(session, found, enrolled.revision_id, now)
        return RoadmapProgress(published, enrolled, values["own"], found.targets, today)
    targets = _targets(session, actor.id)
    return RoadmapProgress(published, enrolled, row.own, targets, today)


def progress_after_write(
    refreshed: RefreshResult,
    enrolled: EnrolledRoadmap,
    published: PublishedRoadmap,
    actor: Actor,
    now: dt.datetime,
) -> RoadmapProgress:
    """Where the actor stands after a write whose summary was just made anew. No statement."""
    values = refreshed.rows[enrolled.roadmap_id]
    return RoadmapProgress(
        published, enrolled, values["own"], refreshed.record.targets, actor.today(now)
    )


_PLAN = MilestonePlan.__table__.c
_TARGETS = sa.select(_PLAN.milestone_key, _PLAN.target_on).where(
    _PLAN.user_id == sa.bindparam("user_id"), _PLAN.target_on.is_not(None)
)


def _targets(session: Session, user_id: uuid.UUID) -> dict[str, dt.date]:
    rows = session.execute(_TARGETS, {"user_id": user_id})
    return {row.milestone_key: row.target_on for row in rows}
