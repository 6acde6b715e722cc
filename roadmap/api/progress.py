"""Operations on a person's own roadmaps: enroll, leave, and set a milestone's status and plan."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, NoReturn

from flask import abort
from pydantic import Field

from roadmap.api.field_types import UNSET, Body, OneOf, Shape, Share, Text
from roadmap.api.operation import (
    InvalidFields,
    OperationResult,
    abort_with_problem,
    check_if_match,
    current_actor,
    etag_of,
    operation,
)
from roadmap.catalog.queries import published_roadmap
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.web import now
from roadmap.journey.forms import REASON_MISSING, TARGET_MESSAGES
from roadmap.journey.roadmap_progress import RoadmapProgress, load_progress, refresh_progress
from roadmap.people.locks import lock_user, lock_user_without_version
from roadmap.progress import actions, queries, rules
from roadmap.progress.models import STATUSES
from roadmap.progress.queries import NOT_STARTED, MilestoneState
from roadmap.readiness.actions import refresh_summaries
from roadmap.readiness.tally import TONES

Status = Annotated[str, OneOf(("not_started", *STATUSES))]
Tone = Annotated[str, OneOf(TONES)]


class OwnMilestone(Shape):
    """The status and plan of a milestone. `tone` is what supports a done one."""

    status: Status
    tone: Tone | None
    note: str
    reason: str
    target_on: dt.date | None


class TaggedMilestone(OwnMilestone):
    """A milestone with its ETag, for If-Match of a change."""

    etag: str


class KeyedMilestone(OwnMilestone):
    """A milestone with its key."""

    key: str


class Shares(Shape):
    """Shares of the effort, 0 to 1. Each includes the next: claimed, evidenced, verified."""

    claimed: Share
    evidenced: Share
    verified: Share


class Progress(Shares):
    """The shares of the whole roadmap, and of each of its stages."""

    stages: dict[str, Shares]


class OwnRoadmap(Shape):
    """A roadmap with the person's own progress."""

    slug: str
    title: str
    revision: int
    started_on: dt.date
    target_on: dt.date | None
    hours_per_week: float | None
    primary: bool
    milestones: dict[str, TaggedMilestone]
    progress: Progress


class EnrollmentChange(Body):
    """Fields left out are unchanged; null clears a field."""

    target_on: dt.date | None = Field(None, description="The target date; after today.")
    hours_per_week: (
        Annotated[
            float,
            Field(ge=rules.MIN_HOURS_PER_WEEK, le=rules.MAX_HOURS_PER_WEEK, allow_inf_nan=False),
        ]
        | None
    ) = Field(None, description="Effort beyond regular work; rounded to one decimal.")
    primary: bool | None = Field(None, description="True makes this your primary roadmap.")


class MilestoneChange(Body):
    """Fields left out are unchanged, null clears; to clear a status, set `not_started`."""

    status: Status = Field(UNSET, description="`not_applicable` needs a reason.")
    reason: Annotated[str, Text(rules.MAX_REASON_LENGTH)] | None = Field(
        None, description="Why the milestone does not apply; only with `not_applicable`."
    )
    note: Annotated[str, Text(rules.MAX_NOTE_LENGTH)] | None = Field(
        None, description="A private note, in Markdown."
    )
    target_on: dt.date | None = Field(None, description="The target date; after today.")


@operation("Your roadmaps", refuses=(404,), has_etag=True)
def read_own_roadmap(slug: str) -> OwnRoadmap:
    """Return your progress on a roadmap.

    It has the status of every milestone, and the claimed, evidenced and verified shares by stage
    and in total. 404 if you are not on the roadmap.
    """
    return load_own_roadmap(slug)


@operation(
    "Your roadmaps",
    answers={200: OwnRoadmap, 201: OwnRoadmap},
    refuses=(404,),
    example={"target_on": "2030-12-31", "hours_per_week": 5},
)
def enroll(slug: str, body: EnrollmentChange) -> OperationResult:
    """Start a roadmap, or change its target date and pace.

    Returns 201 the first time. Your first roadmap becomes your primary one.
    """
    actor, moment = current_actor(), now()
    found = published_roadmap(db.session, slug) or abort(404)
    today = actor.today(moment)
    lock_user(db.session, actor.id)
    before = queries.enrollment(db.session, actor.id, slug)
    sent = body.model_fields_set
    target_on = body.target_on if "target_on" in sent or not before else before.target_on
    if fault := rules.target_error(body.target_on, today, before.target_on if before else None):
        raise InvalidFields({"target_on": [str(TARGET_MESSAGES[fault])]})
    hours = before.hours_per_week if before else None
    if "hours_per_week" in sent:
        hours = Decimal(str(body.hours_per_week)) if body.hours_per_week else None
        hours = hours and hours.quantize(Decimal("0.1"))
    if "primary" in sent and not body.primary:
        # A person's first roadmap becomes their primary one.
        is_first = before is None and queries.enrollment(db.session, actor.id) is None
        if is_first or (before and before.is_primary):
            text = _("One of your roadmaps is the primary one. Make another one primary instead.")
            raise InvalidFields({"primary": [text]})
    if (
        before is None
        or (target_on, hours) != (before.target_on, before.hours_per_week)
        or (body.primary and not before.is_primary)
    ):
        actions.enroll(
            db.session,
            actor.id,
            found.roadmap_id,
            target_on=target_on,
            hours_per_week=hours,
            primary=body.primary,
            now=moment,
            token=actor.token_name,
        )
        refresh_summaries(db.session, actor.id, moment)
    return OperationResult(load_own_roadmap(slug), 200 if before else 201)


@operation("Your roadmaps", refuses=(404,))
def leave(slug: str) -> None:
    """Leave a roadmap.

    Statuses, notes and evidence are preserved and count again if you start it again. If it was your
    primary roadmap, the one that you started earliest becomes primary. 404 if you are not on the
    roadmap.
    """
    found = published_roadmap(db.session, slug) or abort(404)
    me = current_actor().id
    token = current_actor().token_name
    if not actions.leave(db.session, me, found.roadmap_id, now=now(), token=token):
        abort_not_enrolled(slug)


@operation(
    "Your roadmaps",
    refuses=(404,),
    has_etag=True,
    accepts_if_match=True,
    example={"status": "done", "note": "Reviewed by the search team."},
)
def set_milestone(slug: str, key: str, body: MilestoneChange) -> KeyedMilestone:
    """Set the status of a milestone, and its note and target date.

    Repeating the request changes nothing. 404 if you are not on the roadmap.
    """
    actor, moment = current_actor(), now()
    found = load_progress(db.session, actor, slug, now=moment) or abort_not_enrolled(slug)
    if key not in found.published.content.by_key:
        abort(404)
    lock_user_without_version(db.session, actor.id)
    before = queries.milestone_state(db.session, actor.id, key)
    check_if_match(_serialize_milestone(found, key, before))
    wanted = replace(before, **body.model_dump(exclude_unset=True))
    reason, note = wanted.reason or "", wanted.note or ""
    if body.reason and wanted.status != "not_applicable":
        text = _("Only a milestone that is not applicable has a reason.")
        raise InvalidFields({"reason": [text]})
    if wanted.status == "not_applicable" and not reason:
        raise InvalidFields({"reason": [str(REASON_MISSING)]})
    if fault := rules.target_error(body.target_on, found.today, before.target_on):
        raise InvalidFields({"target_on": [str(TARGET_MESSAGES[fault])]})
    token = actor.token_name
    actions.set_status(
        db.session, actor.id, key, wanted.status, reason=reason, now=moment, token=token
    )
    if (note, wanted.target_on) != (before.note, before.target_on):
        actions.set_plan(
            db.session, actor.id, key, note=note, target_on=wanted.target_on, now=moment,
            token=token,
        )  # fmt: skip
    found = refresh_progress(db.session, actor, found.enrolled, now=moment)
    state = queries.milestone_state(db.session, actor.id, key)
    return _serialize_milestone(found, key, state)


def abort_not_enrolled(slug: str | None) -> NoReturn:
    """Abort with 404 and explain how to start the roadmap, or any roadmap if `slug` is None."""
    if slug is None:
        abort_with_problem(
            404, _("You are not on a roadmap yet. Start one: PUT /me/roadmaps/{slug}.")
        )
    if published_roadmap(db.session, slug) is None:
        abort_no_roadmap(slug)
    text = _("You are not on this roadmap yet. Start it: PUT /me/roadmaps/%(slug)s.", slug=slug)
    abort_with_problem(404, text)


def abort_no_roadmap(slug: str | None) -> NoReturn:
    """Abort with 404 for an unknown slug."""
    text = _("There is no roadmap “%(slug)s”. GET /roadmaps lists all.", slug=slug)
    abort_with_problem(404, text)


def load_own_roadmap(slug: str) -> OwnRoadmap:
    """Load the token owner's progress on a roadmap. Aborts with 404 if they are not on it."""
    actor = current_actor()
    found = load_progress(db.session, actor, slug, now=now()) or abort_not_enrolled(slug)
    content, enrolled = found.published.content, found.enrolled
    states = queries.milestone_states(db.session, actor.id)
    hours, milestones = enrolled.hours_per_week, {}
    for key in content.by_key:
        one = _serialize_milestone(found, key, states.get(key, NOT_STARTED))
        values = one.model_dump(exclude={"key"})
        milestones[key] = TaggedMilestone(**values, etag=f'"{etag_of(one)}"')
    return OwnRoadmap(
        slug=content.slug,
        title=content.title,
        revision=found.published.number,
        started_on=enrolled.started_on,
        target_on=enrolled.target_on,
        hours_per_week=None if hours is None else float(hours),
        primary=enrolled.is_primary,
        milestones=milestones,
        progress=Progress(**found.data["progress"], stages=found.data["stages"]),
    )


def _serialize_milestone(found: RoadmapProgress, key: str, state: MilestoneState) -> KeyedMilestone:
    tone = found.tone(key)
    return KeyedMilestone(
        key=key,
        status=state.status,
        tone=tone if tone in TONES else None,
        note=state.note,
        reason=state.reason,
        target_on=state.target_on,
    )
