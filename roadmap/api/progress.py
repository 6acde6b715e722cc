"""The operations on one's own roadmaps: enroll, and set the status and plan of a milestone."""

from __future__ import annotations

import datetime as dt
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
from roadmap.core.i18n import gettext as _
from roadmap.core.web import now
from roadmap.journey.forms import REASON_MISSING, TARGET_MESSAGES
from roadmap.journey.roadmap_progress import RoadmapProgress, load_progress, refresh_progress
from roadmap.people.locks import lock_user, lock_user_to_read
from roadmap.progress import actions, queries, rules
from roadmap.progress.models import STATUSES
from roadmap.progress.queries import NOT_STARTED, MilestoneState
from roadmap.readiness.actions import refresh_summaries
from roadmap.readiness.tally import TONES

Status = Annotated[str, OneOf(("not_started", *STATUSES))]
Tone = Annotated[str, OneOf(TONES)]


class OwnMilestone(Shape):
    """The status and plan of a milestone. `tone` says what a done one is supported by."""

    status: Status
    tone: Tone | None
    note: str
    reason: str
    target_on: dt.date | None


class TaggedMilestone(OwnMilestone):
    """A milestone with the ETag that a change of it can name in If-Match."""

    etag: str


class ThisMilestone(OwnMilestone):
    """A milestone with its key."""

    key: str


class Shares(Shape):
    """Shares of the effort, between 0 and 1: what is verified is evidenced and claimed as well."""

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


class Enrolling(Body):
    """What is left out stays, null clears."""

    target_on: dt.date | None = Field(None, description="By when; a day after today.")
    hours_per_week: (
        Annotated[
            float,
            Field(ge=rules.MIN_HOURS_PER_WEEK, le=rules.MAX_HOURS_PER_WEEK, allow_inf_nan=False),
        ]
        | None
    ) = Field(None, description="Effort beyond regular work; kept to one decimal.")
    primary: bool | None = Field(
        None, description="True makes it the one that counts first, instead of another one."
    )


class MilestoneChange(Body):
    """What is left out stays, null clears; a status is not cleared but set to `not_started`."""

    status: Status = Field(UNSET, description="`not_applicable` needs a reason.")
    reason: Annotated[str, Text(rules.MAX_REASON_LENGTH)] | None = Field(
        None, description="Why it does not apply; only with `not_applicable`."
    )
    note: Annotated[str, Text(rules.MAX_NOTE_LENGTH)] | None = Field(
        None, description="Private, as Markdown."
    )
    target_on: dt.date | None = Field(None, description="By when: a day after today.")


@operation("Your roadmaps", refuses=(404,), has_etag=True)
def read_own_roadmap(slug: str) -> OwnRoadmap:
    """Read your progress on a roadmap.

    The status of every milestone, and what is claimed, evidenced and verified by stage and in all.
    404 where you are not on it.
    """
    return load_own_roadmap(slug)


@operation(
    "Your roadmaps",
    answers={200: OwnRoadmap, 201: OwnRoadmap},
    refuses=(404,),
    example={"target_on": "2030-12-31", "hours_per_week": 5},
)
def enroll(slug: str, body: Enrolling) -> OperationResult:
    """Begin a roadmap, or change target date and pace.

    Answers 201 the first time. The first roadmap of a person is their primary one.
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
            by=actor.id,
            now=moment,
            token=actor.token_name,
        )
        refresh_summaries(db.session, actor.id, moment)
    return OperationResult(load_own_roadmap(slug), 200 if before else 201)


@operation("Your roadmaps", refuses=(404,))
def leave(slug: str) -> None:
    """Leave a roadmap.

    Statuses, notes and evidence stay, and count again when you start it again. Where it was the
    primary one, the one of the others that you started first becomes it. 404 where you are not on
    it.
    """
    found = published_roadmap(db.session, slug) or abort(404)
    me = current_actor().id
    token = current_actor().token_name
    if not actions.leave(db.session, me, found.roadmap_id, by=me, now=now(), token=token):
        abort_not_enrolled(slug)


@operation(
    "Your roadmaps",
    refuses=(404,),
    has_etag=True,
    accepts_if_match=True,
    example={"status": "done", "note": "Reviewed by the search team."},
)
def set_milestone(slug: str, key: str, body: MilestoneChange) -> ThisMilestone:
    """Set the status of a milestone, and its note and target date.

    The same request twice is the same as once. 404 where you are not on this roadmap.
    """
    actor, moment = current_actor(), now()
    found = load_progress(db.session, actor, slug, now=moment) or abort_not_enrolled(slug)
    if key not in found.published.content.by_key:
        abort(404)
    lock_user_to_read(db.session, actor.id)
    before = queries.milestone_state(db.session, actor.id, key)
    check_if_match(_serialize_milestone(found, key, before))
    sent = body.model_fields_set
    status = body.status if "status" in sent else before.status
    reason = (body.reason or "") if "reason" in sent else before.reason
    note = (body.note or "") if "note" in sent else before.note
    target_on = body.target_on if "target_on" in sent else before.target_on
    if body.reason and status != "not_applicable":
        text = _("Only a milestone that is not applicable has a reason.")
        raise InvalidFields({"reason": [text]})
    if status == "not_applicable" and not reason:
        raise InvalidFields({"reason": [str(REASON_MISSING)]})
    if fault := rules.target_error(body.target_on, found.today, before.target_on):
        raise InvalidFields({"target_on": [str(TARGET_MESSAGES[fault])]})
    token = actor.token_name
    actions.set_status(
        db.session, actor.id, key, status, reason=reason, by=actor.id, now=moment, token=token
    )
    if (note, target_on) != (before.note, before.target_on):
        actions.set_plan(
            db.session, actor.id, key, note=note, target_on=target_on, by=actor.id, now=moment,
            token=token,
        )  # fmt: skip
    found = refresh_progress(db.session, actor, found.enrolled, now=moment)
    state = queries.milestone_state(db.session, actor.id, key)
    return _serialize_milestone(found, key, state)


def abort_not_enrolled(slug: str | None) -> NoReturn:
    """Refuse with 404 and say how to begin: the person is not on this roadmap, or on none."""
    if slug is None:
        abort_with_problem(
            404, _("You are not on a roadmap yet. Start one: PUT /me/roadmaps/{slug}.")
        )
    if published_roadmap(db.session, slug) is None:
        abort_no_roadmap(slug)
    text = _("You are not on this roadmap yet. Start it: PUT /me/roadmaps/%(slug)s.", slug=slug)
    abort_with_problem(404, text)


def abort_no_roadmap(slug: str | None) -> NoReturn:
    """Refuse with 404 the slug of no roadmap."""
    text = _("There is no roadmap “%(slug)s”. GET /roadmaps lists all.", slug=slug)
    abort_with_problem(404, text)


def load_own_roadmap(slug: str) -> OwnRoadmap:
    """Load the progress of the token's person on a roadmap; abort with 404 without one."""
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


def _serialize_milestone(found: RoadmapProgress, key: str, state: MilestoneState) -> ThisMilestone:
    tone = found.tone(key)
    return ThisMilestone(
        key=key,
        status=state.status,
        tone=tone if tone in TONES else None,
        note=state.note,
        reason=state.reason,
        target_on=state.target_on,
    )
