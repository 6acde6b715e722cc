"""Where a person stands on a roadmap, as their own pages show it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from roadmap.catalog.queries import PublishedRoadmap, load_revision
from roadmap.forecast.queries import days_off
from roadmap.forecast.rules import Span
from roadmap.people.actor import Actor
from roadmap.progress.queries import (
    EnrolledRoadmap,
    enrollment,
    recently_changed,
    target_dates,
)
from roadmap.readiness.actions import compute_summary, refresh_summaries
from roadmap.readiness.queries import person_records
from roadmap.readiness.summaries import load_own_summary


@dataclass(frozen=True)
class RoadmapProgress:
    """A person's progress on a roadmap; `data` is the own half of their summary row.

    See `readiness.summary.summarize` for its keys. `targets` are target dates by milestone key,
    `recent` the milestones whose status was changed a moment ago, `absences` the days off that the
    forecast skips.
    """

    published: PublishedRoadmap
    enrolled: EnrolledRoadmap
    data: dict[str, Any]
    targets: dict[str, dt.date]
    today: dt.date
    recent: frozenset[str] = frozenset()
    absences: tuple[Span, ...] = ()

    def tone(self, key: str) -> str:
        """Return the tone of a done milestone, or the status of one that is not done."""
        tone: str = self.data["tones"].get(key, "not_started")
        return tone


def load_progress(
    session: Session, actor: Actor, slug: str, *, now: dt.datetime
) -> RoadmapProgress | None:
    """Load the actor's progress on a roadmap; None where they are not on it."""
    enrolled = enrollment(session, actor.id, slug)
    return None if enrolled is None else load_enrolled_progress(session, actor, enrolled, now=now)


def load_enrolled_progress(
    session: Session,
    actor: Actor,
    enrolled: EnrolledRoadmap,
    *,
    now: dt.datetime,
    data: dict[str, Any] | None = None,
    recent: frozenset[str] | None = None,
    targets: dict[str, dt.date] | None = None,
) -> RoadmapProgress:
    """Load the actor's progress on a roadmap that they are known to be on.

    Takes four statements while the summary row is valid. Otherwise the figures are computed, and
    not stored, because a page writes nothing. What is known of `data`, `recent` and `targets`
    is not loaded.
    """
    today = actor.today(now)
    data = data or load_own_summary(session, actor.id, enrolled, today)
    if data is None:
        record = person_records(session, [actor.id])[actor.id]
        data = compute_summary(session, record, enrolled.revision_id, now)["own"]
    if recent is None:
        recent = recently_changed(session, actor.id, now=now)
    return RoadmapProgress(
        published=load_revision(session, enrolled.revision_id),
        enrolled=enrolled,
        data=data,
        targets=target_dates(session, actor.id) if targets is None else targets,
        today=today,
        recent=recent,
        absences=days_off(session, actor.id),
    )


def refresh_progress(
    session: Session,
    actor: Actor,
    enrolled: EnrolledRoadmap,
    *,
    changed: str | None = None,
    now: dt.datetime,
) -> RoadmapProgress:
    """Refresh the actor's summary rows after a write, and return the progress they now show.

    `changed` is the milestone whose status was written, where the row of no other is shown.
    """
    data = refresh_summaries(session, actor.id, now)[enrolled.roadmap_id]["own"]
    recent = frozenset((changed,)) if changed else None
    return load_enrolled_progress(session, actor, enrolled, now=now, data=data, recent=recent)
