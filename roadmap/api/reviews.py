"""What waits for a manager's word, and that word."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated

import sqlalchemy as sa
from flask import abort
from pydantic import Field
from sqlalchemy.orm import selectinload

from roadmap.api.fields import Body, Key, Moment, Shape, Text
from roadmap.api.operation import Answer, NotNow, Unfit, operation, person
from roadmap.api.paging import Paging, pack_place, unpack_place
from roadmap.api.pieces import (
    Decision,
    ImpactShape,
    Kind,
    ReviewState,
    Visibility,
    impacts_of,
)
from roadmap.core.database import db
from roadmap.core.web import now
from roadmap.evidence import judging, labels
from roadmap.evidence.models import Confirmation, Evidence, EvidenceVersion, Review
from roadmap.evidence.rows import hold, linked_keys
from roadmap.evidence.rules import LONGEST, WAITING, Refused, Stale
from roadmap.evidence.shared import submitted_version
from roadmap.people import access
from roadmap.reviews.queries import Waiting, waiting

TAG = "Reviews"


class Author(Shape):
    id: uuid.UUID
    name: str


class Linked(Shape):
    """A milestone that the piece is linked to."""

    key: str
    title: str


class WaitingShape(Shape):
    """A piece that waits, in the version to be judged."""

    evidence_id: uuid.UUID
    person: Author
    title: str
    kind: Kind
    occurred_on: dt.date
    url: str
    description: str
    role: str
    impacts: list[ImpactShape]
    review_state: ReviewState
    visibility: Visibility
    version: int
    submitted_at: Moment
    verified_before: bool
    milestones: list[Linked]


class WaitingList(Shape):
    items: list[WaitingShape]
    next_cursor: str | None


class Judging(Body):
    """A judgement. Without `milestones`, verified confirms all linked ones that fit."""

    decision: Decision
    comment: Annotated[str, Text(LONGEST["comment"])] | None = Field(
        None, description="The author reads it; what is missing, where it is returned."
    )
    milestones: Annotated[list[Key], Field(max_length=50)] | None = Field(
        None, description="Those that are confirmed; all linked ones that fit where left out."
    )
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = Field(
        None, description="The version that you read: 409 where a newer one was submitted."
    )


class JudgementShape(Shape):
    """What was said, and of which version."""

    evidence_id: uuid.UUID
    version: int
    decision: Decision
    by: str
    comment: str
    confirmed: list[str]
    decided_at: Moment


@operation(TAG, answers={200: WaitingList}, query=Paging)
def list_reviews(query: Paging) -> Answer:
    """The pieces that wait in all teams that you manage, the oldest first."""
    after = unpack_place(query.cursor)
    found = waiting(db.session, person(), limit=query.limit + 1, after=after)
    part = found[: query.limit]
    more = len(found) > len(part)
    cursor = pack_place(part[-1].submitted_at, part[-1].id) if more else None
    versions = {
        version.id: version
        for version in db.session.scalars(
            sa.select(EvidenceVersion)
            .where(EvidenceVersion.id.in_([each.version_id for each in part]))
            .options(selectinload(EvidenceVersion.impacts))
        )
    }
    items = [_waiting(each, versions[each.version_id]) for each in part]
    return Answer(WaitingList(items=items, next_cursor=cursor))


@operation(
    TAG,
    answers={200: JudgementShape},
    body=Judging,
    refuses=(404, 409),
    example={"decision": "verified", "comment": "I was there, and it holds."},
)
def judge_evidence(evidence_id: uuid.UUID, body: Judging) -> Answer:
    """Verifies or returns a piece.

    The same judgement by the same person twice is the same as once. 409 where nothing waits, or
    where a newer version was submitted than the one named.
    """
    actor = person()
    piece = access.load(db.session, actor, "evidence.review", Evidence, evidence_id)
    hold(db.session, piece)
    version = submitted_version(db.session, piece) or abort(404)
    if body.version is not None and body.version != version.number:
        raise Stale
    comment = body.comment or ""
    last = _last_review(version)
    if last is not None and (last.reviewer_id, last.decision, last.comment, piece.state) == (
        actor.id,
        body.decision,
        comment,
        body.decision,
    ):
        confirmed = _confirmed(piece, version.id)
        if body.milestones is None or set(body.milestones) <= set(confirmed):
            return Answer(_judgement(last, version.number, confirmed))
    try:
        review = judging.decide(
            db.session,
            piece,
            body.decision,
            comment,
            body.milestones,
            version_id=version.id,
            by=actor,
            now=now(),
        )
    except Stale:
        if piece.state in WAITING:
            raise
        # What its author has saved since and not submitted is nobody else's business.
        raise NotNow(str(labels.REFUSALS["not_waiting"])) from None
    except Refused as refusal:
        if refusal.reason == "does_not_fit":
            raise Unfit({"milestones": [str(labels.REFUSALS["does_not_fit"])]}) from None
        raise
    db.session.flush()
    return Answer(_judgement(review, version.number, _confirmed(piece, version.id)))


def _last_review(version: EvidenceVersion) -> Review | None:
    return db.session.scalars(
        sa.select(Review)
        .where(Review.version_id == version.id)
        .order_by(Review.decided_at.desc(), Review.id.desc())
        .limit(1)
    ).first()


def _confirmed(piece: Evidence, version_id: uuid.UUID) -> list[str]:
    """The milestones that are confirmed of a version, in the author's order."""
    found = set(
        db.session.scalars(
            sa.select(Confirmation.milestone_key).where(Confirmation.version_id == version_id)
        )
    )
    return [key for key in linked_keys(piece) if key in found]


def _judgement(review: Review, version: int, confirmed: list[str]) -> JudgementShape:
    return JudgementShape(
        evidence_id=review.evidence_id,
        version=version,
        decision=review.decision,
        by=review.reviewer_name,
        comment=review.comment,
        confirmed=confirmed,
        decided_at=review.decided_at,
    )


def _waiting(found: Waiting, version: EvidenceVersion) -> WaitingShape:
    return WaitingShape(
        evidence_id=found.id,
        person=Author(id=found.user_id, name=found.person),
        title=found.title,
        kind=found.kind,
        occurred_on=found.occurred_on,
        url=version.url,
        description=version.description,
        role=version.role,
        impacts=impacts_of(version),
        review_state=found.state,
        visibility=found.visibility,
        version=found.version,
        submitted_at=found.submitted_at,
        verified_before=found.verified_before,
        milestones=[Linked(key=key, title=title) for key, title in found.milestones],
    )
