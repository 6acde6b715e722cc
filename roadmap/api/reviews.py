"""A manager's word on a piece that waits (see `waiting`)."""

from __future__ import annotations

import uuid
from typing import Annotated

import sqlalchemy as sa
from flask import abort, request
from flask_babel import gettext as _
from pydantic import Field

from roadmap.api.fields import Body, Key, Moment, Shape, Text
from roadmap.api.operation import Answer, Unfit, check_match, operation, person, refuse
from roadmap.api.pieces import Decision
from roadmap.api.waiting import TAG, WhatIsJudged
from roadmap.core.database import db
from roadmap.core.text import many_lines
from roadmap.core.web import now
from roadmap.evidence import judging, labels
from roadmap.evidence.models import Evidence, EvidenceVersion, Review
from roadmap.evidence.rows import confirmed_keys, hold, linked_keys, to_confirm
from roadmap.evidence.rules import LONGEST, WAITING, Refused, Stale
from roadmap.evidence.shared import submitted_version
from roadmap.evidence.thread import first_submitted_at, retitled_since
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
        None,
        description="The version that you read: 409 where it is not the newest submitted, and, "
        "without If-Match, where what you would confirm under its name may be more than you read.",
    )


class JudgementShape(Shape):
    """What was said, and of which version. `confirmed` are all that the version is confirmed for.

    `etag` names what was judged, as it does in the list of what waits.
    """

    evidence_id: uuid.UUID
    version: int
    decision: Decision
    by: str
    comment: str
    confirmed: list[str]
    decided_at: Moment
    etag: str


@operation(
    TAG,
    answers={200: JudgementShape},
    body=Judging,
    refuses=(404, 409),
    asks_if_match=True,
    example={"decision": "verified", "comment": "I was there, and it holds."},
)
def judge_evidence(evidence_id: uuid.UUID, body: Judging) -> Answer:
    """Verifies or returns a piece.

    A return should say in `comment` what is missing: its author has nothing else to go by.

    The same judgement by the same person twice is the same as once. 409 where nothing waits, or
    where the version named is not the newest that was submitted. With the `etag` of what was read
    in If-Match, 412 where another version, title or linked milestone is there now.

    With `version` and without If-Match, 409 where the title is another since that version was
    first submitted, or where milestones would be confirmed that were linked since and are not
    named.
    """
    actor = person()
    piece = access.load(db.session, actor, "evidence.review", Evidence, evidence_id)
    hold(db.session, piece, actor)
    if not can(actor, "evidence.review", piece):
        # Their right to it, or the request for a review, ended while this one waited.
        abort(404)
    version = submitted_version(db.session, piece) or abort(404)
    check_match(_judged(piece, version))
    if body.version is not None:
        _check_version(body.version, version.number)
    comment = body.comment or ""
    last = _last_review(version)
    if last is not None and (
        last.reviewer_id,
        last.decision,
        many_lines(last.comment),
        piece.state,
    ) == (
        actor.id,
        body.decision,
        comment,
        body.decision,
    ):
        wanted = _fitting(piece) if body.milestones is None else body.milestones
        if body.decision != "verified" or confirmed_keys(db.session, version.id).issuperset(wanted):
            return Answer(_judgement(last, piece, version))
    if body.version is not None and not _names_one_state():
        _check_that_it_was_read(piece, version, body)
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
        if refusal.reason in ("does_not_fit", "none_left"):
            raise Unfit({"milestones": [str(labels.REFUSALS[refusal.reason])]}) from None
        raise
    db.session.flush()
    return Answer(_judgement(review, piece, version))


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


def _judged(piece: Evidence, version: EvidenceVersion) -> WhatIsJudged:
    return WhatIsJudged.of(piece.id, version.number, piece.title, linked_keys(piece))


def _fitting(piece: Evidence) -> tuple[str, ...]:
    """The linked milestones that the piece can prove."""
    return to_confirm(db.session, piece, None)


def _names_one_state() -> bool:
    """Whether If-Match names what was read; `*` matches anything, and so says nothing of it."""
    return bool(request.if_match) and not request.if_match.star_tag


def _check_that_it_was_read(piece: Evidence, version: EvidenceVersion, body: Judging) -> None:
    """Refuses what goes by a version's number and may be of more than stood there with it.

    A title, and links, change without a new version: whoever names no `etag` may have read the
    version with others.
    """
    if piece.state not in (*WAITING, "verified"):
        # Nothing waits: the judgement is refused for that.
        return
    since = first_submitted_at(db.session, version)
    if retitled_since(db.session, piece, since):
        refuse(
            409,
            _(
                "Since version %(number)d was submitted, its title was changed to “%(title)s”. "
                "Read it again, and send its `etag` in If-Match.",
                number=version.number,
                title=piece.title,
            ),
        )
    if body.decision != "verified" or body.milestones is not None:
        return
    later = {row.milestone_key for row in piece.links if row.created_at > since}
    later &= set(_fitting(piece)) - confirmed_keys(db.session, version.id)
    if later:
        refuse(
            409,
            _(
                "Since version %(number)d was submitted, it was linked to %(keys)s. Name the "
                "`milestones` that you confirm, or read it again and send its `etag` in If-Match.",
                number=version.number,
                keys=", ".join(key for key in linked_keys(piece) if key in later),
            ),
        )


def _judgement(review: Review, piece: Evidence, version: EvidenceVersion) -> JudgementShape:
    confirmed = confirmed_keys(db.session, version.id)
    return JudgementShape(
        evidence_id=review.evidence_id,
        version=version.number,
        decision=review.decision,
        by=review.reviewer_name,
        comment=review.comment,
        confirmed=[key for key in linked_keys(piece) if key in confirmed],
        decided_at=review.decided_at,
        etag=_judged(piece, version).etag,
    )
