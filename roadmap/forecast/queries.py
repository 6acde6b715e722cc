"""Load a person's forecast and days off."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.queries import load_revision
from roadmap.core.dates import local_date
from roadmap.forecast.models import Absence
from roadmap.forecast.rules import Completion, Forecast, Span, make_forecast
from roadmap.people.actor import Actor
from roadmap.people.models import HistoryEntry
from roadmap.progress.models import MilestoneStatus
from roadmap.progress.queries import EnrolledRoadmap


def absences(session: Session, user_id: uuid.UUID) -> Sequence[Absence]:
    """Load a person's days off, latest first."""
    return session.scalars(
        sa.select(Absence)
        .where(Absence.user_id == user_id)
        .order_by(Absence.starts_on.desc(), Absence.ends_on.desc(), Absence.id)
    ).all()


_ABSENCE: Any = Absence.__table__.c
_DAYS_OFF = (
    sa.select(_ABSENCE.starts_on, _ABSENCE.ends_on)
    .where(_ABSENCE.user_id == sa.bindparam("user_id"))
    .order_by(_ABSENCE.starts_on)
)


def days_off(session: Session, user_id: uuid.UUID) -> tuple[Span, ...]:
    """Load a person's days off as spans for forecasts."""
    rows = session.connection().execute(_DAYS_OFF, {"user_id": user_id})
    return tuple(Span(*row) for row in rows)


def load_forecast(
    session: Session, actor: Actor, enrolled: EnrolledRoadmap, now: dt.datetime
) -> Forecast:
    """Load the actor's forecast on a roadmap in which they are enrolled.

    For the own pace, a required milestone counts on the day (in their time zone) on which it was
    first marked as done, so that work that was reopened and closed counts once. Milestones that
    were reset or marked as done during calibration do not count.
    """
    content = load_revision(session, enrolled.revision_id).content
    rows = session.execute(
        sa.select(
            MilestoneStatus.milestone_key,
            MilestoneStatus.status,
            MilestoneStatus.changed_at,
            MilestoneStatus.was_calibrated,
        ).where(MilestoneStatus.user_id == actor.id)
    ).all()
    completions = session.execute(
        sa.select(HistoryEntry.subject, sa.func.min(HistoryEntry.at).label("first_at"))
        .where(
            HistoryEntry.user_id == actor.id,
            HistoryEntry.action.in_(("status.set", "imported.status.set")),
            HistoryEntry.data["status"].as_string() == "done",
        )
        .group_by(HistoryEntry.subject)
    )
    first_done = {row.subject: row.first_at for row in completions}
    settled = {row.milestone_key for row in rows if row.status in ("done", "not_applicable")}
    required = {
        each.key: each.hours
        for stage in content.stages
        if stage.required
        for each in stage.milestones
        if each.required
    }
    done = [
        Completion(
            local_date(first_done.get(row.milestone_key, row.changed_at), actor.timezone),
            required[row.milestone_key],
        )
        for row in rows
        if row.status == "done" and not row.was_calibrated and row.milestone_key in required
    ]
    return make_forecast(
        content,
        content.by_key.keys() - settled,
        done,
        started_on=enrolled.started_on,
        target_on=enrolled.target_on,
        planned=enrolled.hours_per_week,
        absences=days_off(session, actor.id),
        today=actor.today(now),
    )
