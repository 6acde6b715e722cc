"""The forecast of a roadmap, and the time off that it takes into account."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated

from pydantic import Field

from roadmap.api.field_types import UNSET, Body, Shape, single_line
from roadmap.api.operation import InvalidFields, OperationResult, current_actor, operation
from roadmap.api.pagination import Page, Paging
from roadmap.api.progress import abort_not_enrolled
from roadmap.core.database import db
from roadmap.core.web import now
from roadmap.forecast import actions, presentation, queries
from roadmap.forecast.forms import MAX_NOTE_LENGTH, SPAN_MESSAGES
from roadmap.forecast.models import Absence
from roadmap.forecast.rules import Estimate, Forecast, Span, span_error
from roadmap.people import permissions
from roadmap.progress.queries import enrollment


class EstimateShape(Shape):
    """A pace and when it finishes: dates within forty years, weeks late for a target date."""

    hours_per_week: float
    earliest_on: dt.date | None
    latest_on: dt.date | None
    likely_on: dt.date | None = Field(description="The most likely day within that range.")
    weeks_late: int | None


class OwnPaceShape(Shape):
    """Work done since `since`, which is at most 90 days ago.

    `days` excludes time off. `missing` lists what is still needed to calculate `own`.
    """

    since: dt.date
    hours: int
    milestones: int
    days: int
    missing: list[str]


class ForecastShape(Shape):
    """A forecast by your pace of the last 90 days and by your planned pace.

    `needed_hours_per_week` is the pace that meets the target date; null without a target date or
    if it cannot be met. No pace finishes before `soonest_on`, because some milestones take a
    minimum number of months.
    """

    roadmap: str
    required_hours_left: int
    target_on: dt.date | None
    soonest_on: dt.date
    done: OwnPaceShape
    own: EstimateShape | None
    planned: EstimateShape | None
    needed_hours_per_week: float | None
    reasons: list[str] = Field(description="The forecast in sentences.")


class AbsenceShape(Shape):
    id: uuid.UUID
    starts_on: dt.date
    ends_on: dt.date
    note: str


class AbsenceList(Page[AbsenceShape]):
    pass


class NewAbsence(Body):
    starts_on: dt.date = Field(description="The first day off.")
    ends_on: dt.date | None = Field(None, description="The last day off; by default the first.")
    note: Annotated[str, single_line(MAX_NOTE_LENGTH)] | None = None


class AbsenceChange(NewAbsence):
    """Fields left out are unchanged; null clears a field."""

    starts_on: dt.date = Field(UNSET, description="The first day off.")


@operation("Your roadmaps", refuses=(404,))
def read_forecast(slug: str) -> ForecastShape:
    """Return when you will finish a roadmap, by your actual pace and by your planned pace.

    Days off are skipped. 404 if you are not on the roadmap.
    """
    actor = current_actor()
    enrolled = enrollment(db.session, actor.id, slug) or abort_not_enrolled(slug)
    found = queries.load_forecast(db.session, actor, enrolled, now())
    own, left = found.own_pace, found.remaining
    reachable = found.needed if left.required_hours and not found.is_target_too_soon else None
    return ForecastShape(
        roadmap=enrolled.slug,
        required_hours_left=left.required_hours,
        target_on=found.target_on,
        soonest_on=found.soonest,
        done=OwnPaceShape(
            since=own.first,
            hours=own.hours,
            milestones=own.milestones,
            days=own.days,
            missing=presentation.missing_for_own_pace(own),
        ),
        own=_serialize(found.by_own_pace),
        planned=_serialize(found.by_planned_pace),
        needed_hours_per_week=None if reachable is None else float(reachable),
        reasons=_reasons(found),
    )


def _serialize(estimate: Estimate | None) -> EstimateShape | None:
    if estimate is None:
        return None
    return EstimateShape(
        hours_per_week=round(float(estimate.hours_per_week), 4),
        earliest_on=estimate.span and estimate.span.first,
        latest_on=estimate.span and estimate.span.last,
        likely_on=estimate.likely_on,
        weeks_late=estimate.weeks_late,
    )


def _reasons(found: Forecast) -> list[str]:
    sentences = [
        presentation.own_pace_sentence(found.own_pace, found.today),
        presentation.days_off_sentence(found.own_pace, found.today),
        presentation.hours_left_sentence(found.remaining),
        found.by_own_pace and presentation.estimate_sentence(found, found.by_own_pace),
        presentation.target_sentence(found),
    ]
    return [each for each in sentences if each]


@operation("Your time off")
def list_absences(query: Paging) -> AbsenceList:
    """List your time off, in the order of the ids."""
    return AbsenceList.of(queries.absences(db.session, current_actor().id), query)


@operation(
    "Your time off",
    answers={201: AbsenceShape},
    refuses=(409,),
    example={"starts_on": "2026-07-06", "ends_on": "2026-07-31", "note": "Summer"},
)
def add_absence(body: NewAbsence) -> OperationResult:
    """Add time off.

    Forecasts skip these days, and nobody else sees them. 409 if you have too many entries.
    """
    days = _validated_span(body.starts_on, body.ends_on)
    me = current_actor().id
    made = actions.add_absence(db.session, me, days, body.note or "", now=now())
    return OperationResult(AbsenceShape.model_validate(made), 201)


@operation("Your time off", refuses=(404,), example={"ends_on": "2026-08-02"})
def change_absence(absence_id: uuid.UUID, body: AbsenceChange) -> AbsenceShape:
    """Change time off. Without a last day, only the first day is off."""
    absence = _load(absence_id)
    saved = AbsenceShape.model_validate(absence).model_dump()
    values = {**saved, **body.model_dump(exclude_unset=True)}
    days = _validated_span(values["starts_on"], values["ends_on"])
    actions.edit_absence(db.session, absence, days, values["note"] or "", now=now())
    return AbsenceShape.model_validate(absence)


@operation("Your time off", refuses=(404,))
def delete_absence(absence_id: uuid.UUID) -> None:
    """Delete time off, so that forecasts count these days again."""
    actions.delete_absence(db.session, _load(absence_id), now=now())


def _validated_span(starts_on: dt.date, ends_on: dt.date | None) -> Span:
    """Return the validated span of days. Raises InvalidFields."""
    days = Span(starts_on, ends_on or starts_on)
    if fault := span_error(days, current_actor().today(now())):
        field = "starts_on" if fault in ("past", "too_far") else "ends_on"
        raise InvalidFields({field: [str(SPAN_MESSAGES[fault])]})
    return days


def _load(absence_id: uuid.UUID) -> Absence:
    return permissions.load(db.session, current_actor(), "absence.write", Absence, absence_id)
