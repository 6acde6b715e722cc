"""A person's progress on a roadmap, as shown on their own pages."""

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
    """A person's progress on a roadmap; `data` is `own` of their summary row.

    See `readiness.summary.summarize` for its keys. `targets` are target dates by milestone key,
    `recent` the milestones whose last status change can still be undone, `absences` the days off
    that the forecast at the planned pace skips.
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
    """Load the actor's progress on a roadmap, or None if they are not enrolled."""
    enrolled = enrollment(session, actor.id, slug)
    return None if enrolled is None else load_enrolled_progress(session, actor, enrolled, now=now)


def load_enrolled_progress(
    session: Session, actor: Actor, enrolled: EnrolledRoadmap, *, now: dt.datetime
) -> RoadmapProgress:
    """Load the actor's progress on a roadmap in which they are enrolled.

    Takes three statements if the summary row is valid, and one more with a planned pace. Otherwise
    the figures are computed but not stored, because a GET writes nothing.
    """
    data = load_own_summary(session, actor.id, enrolled, actor.today(now))
    if data is None:
        record = person_records(session, [actor.id])[actor.id]
        data = compute_summary(session, record, enrolled.revision_id, now)["own"]
    recent = recently_changed(session, actor.id, now=now)
    return _make_progress(session, actor, enrolled, data, recent, now)


def refresh_progress(
    session: Session,
    actor: Actor,
    enrolled: EnrolledRoadmap,
    *,
    changed: str | None = None,
    now: dt.datetime,
) -> RoadmapProgress:
    """Refresh the actor's summary rows after a write, and return their progress.

    `changed` is the milestone whose status was written, if only its row is shown.
    """
    data = refresh_summaries(session, actor.id, now)[enrolled.roadmap_id]["own"]
    recent = frozenset((changed,)) if changed else recently_changed(session, actor.id, now=now)
    return _make_progress(session, actor, enrolled, data, recent, now)


def _make_progress(
    session: Session,
    actor: Actor,
    enrolled: EnrolledRoadmap,
    data: dict[str, Any],
    recent: frozenset[str],
    now: dt.datetime,
) -> RoadmapProgress:
    return RoadmapProgress(
        published=load_revision(session, enrolled.revision_id),
        enrolled=enrolled,
        data=data,
        targets=target_dates(session, actor.id),
        today=actor.today(now),
        recent=recent,
        # Without a planned pace there is no date to forecast.
        absences=days_off(session, actor.id) if enrolled.hours_per_week else (),
    )
