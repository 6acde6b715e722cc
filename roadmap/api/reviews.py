"""A manager's word on a piece that waits (see `waiting`)."""

from __future__ import annotations

import uuid
from typing import Annotated

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from pydantic import Field

from roadmap.api.fields import Body, Key, Moment, Shape, Text
from roadmap.api.operation import Answer, Unfit, operation, person, refuse
from roadmap.api.pieces import Decision
from roadmap.api.waiting import TAG
from roadmap.core.database import db
from roadmap.core.web import now
from roadmap.evidence import judging, labels
from roadmap.evidence.models import Confirmation, Evidence, EvidenceVersion, Review
from roadmap.evidence.rows import hold, linked_keys
from roadmap.evidence.rules import LONGEST, Refused, Stale
from roadmap.evidence.shared import submitted_version
from roadmap.people import access
from roadmap.people.access import can


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
        None, description="The version that you read: 409 where it is not the newest submitted."
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
    where the version named is not the newest that was submitted.
    """
    actor = person()
    piece = access.load(db.session, actor, "evidence.review", Evidence, evidence_id)
    hold(db.session, piece, actor)
    if not can(actor, "evidence.review", piece):
        # Their right to it, or the request for a review, ended while this one waited.
        abort(404)
    version = submitted_version(db.session, piece) or abort(404)
    if body.version is not None:
        _check_version(body.version, version.number)
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
    except Refused as refusal:
        if refusal.reason == "does_not_fit":
            raise Unfit({"milestones": [str(labels.REFUSALS["does_not_fit"])]}) from None
        raise
    db.session.flush()
    return Answer(_judgement(review, version.number, _confirmed(piece, version.id)))


def _check_version(read: int, newest: int) -> None:
    """Refuses a judgement of another version than the newest that was submitted."""
    if read < newest:
        raise Stale
    if read > newest:
        refuse(
            409,
            _("No such version was submitted. The newest is version %(newest)d.", newest=newest),
        )


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
