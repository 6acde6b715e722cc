"""The review of an item that waits, by a manager of its author."""

from __future__ import annotations

import uuid
from typing import Annotated

import sqlalchemy as sa
from flask import abort, request
from flask_babel import gettext as _
from pydantic import Field

from roadmap.api.evidence_schemas import Decision
from roadmap.api.field_types import Body, Key, Shape, Text, Timestamp
from roadmap.api.operation import (
    InvalidFields,
    abort_with_problem,
    check_if_match,
    current_actor,
    operation,
)
from roadmap.api.review_queue import TAG, JudgementSubject
from roadmap.core.database import db
from roadmap.core.text import clean_multiline
from roadmap.core.web import now
from roadmap.evidence import labels, review_actions
from roadmap.evidence.constants import AWAITING_REVIEW
from roadmap.evidence.item import Audience, Item, Version
from roadmap.evidence.loader import load_item
from roadmap.evidence.models import Evidence, Review
from roadmap.evidence.repository import lock_and_reload
from roadmap.evidence.review_actions import confirmed_keys, load_fitting_milestones
from roadmap.evidence.rules import MAX_LENGTHS, Refused, Stale
from roadmap.people import permissions
from roadmap.people.permissions import can


class Judging(Body):
    """A judgement. Without `milestones`, verified confirms all linked ones that fit."""

    decision: Decision
    comment: Annotated[str, Text(MAX_LENGTHS["comment"])] | None = Field(
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
    decided_at: Timestamp
    etag: str


@operation(
    TAG,
    refuses=(404, 409),
    accepts_if_match=True,
    example={"decision": "verified", "comment": "I was there, and it holds."},
)
def judge_evidence(evidence_id: uuid.UUID, body: Judging) -> JudgementShape:
    """Verifies or returns a piece.

    A return should say in `comment` what is missing: its author has nothing else to go by.

    The same judgement by the same person twice is the same as once. 409 where nothing waits, or
    where the version named is not the newest that was submitted. With the `etag` of what was read
    in If-Match, 412 where another version, title or linked milestone is there now.

    With `version` and without If-Match, 409 where the title is another since that version was
    first submitted, or where milestones would be confirmed that were linked since and are not
    named.
    """
    actor = current_actor()
    piece = permissions.load(db.session, actor, "evidence.review", Evidence, evidence_id)
    lock_and_reload(db.session, piece, actor)
    if not can(actor, "evidence.review", piece):
        # Their right to it, or the request for a review, ended while this one waited.
        abort(404)
    item = load_item(db.session, Audience.MANAGER, piece.id) or abort(404)
    version = item.version
    check_if_match(JudgementSubject.of(item))
    if body.version is not None:
        _check_version(body.version, version.number)
    comment = body.comment or ""
    last = _last_review(version)
    if last is not None and (
        last.reviewer_id,
        last.decision,
        clean_multiline(last.comment),
        piece.state,
    ) == (
        actor.id,
        body.decision,
        comment,
        body.decision,
    ):
        wanted = (
            load_fitting_milestones(db.session, piece)
            if body.milestones is None
            else body.milestones
        )
        if body.decision != "verified" or confirmed_keys(db.session, version.id).issuperset(wanted):
            return _serialize_judgement(last, item)
    if body.version is not None and not _has_specific_etag():
        _check_unchanged_since_submitted(piece, item, body)
    try:
        review = review_actions.decide(
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
            raise InvalidFields(
                {"milestones": [str(labels.REFUSAL_MESSAGES[refusal.reason])]}
            ) from None
        raise
    db.session.flush()
    return _serialize_judgement(review, item)


def _check_version(read: int, newest: int) -> None:
    """Refuses a judgement of another version than the newest that was submitted."""
    if read < newest:
        raise Stale
    if read > newest:
        abort_with_problem(
            409,
            _("No such version was submitted. The newest is version %(newest)d.", newest=newest),
        )


def _last_review(version: Version) -> Review | None:
    return db.session.scalars(
        sa.select(Review)
        .where(Review.version_id == version.id)
        .order_by(Review.decided_at.desc(), Review.id.desc())
        .limit(1)
    ).first()


def _has_specific_etag() -> bool:
    """Whether If-Match names what was read; `*` matches anything, and so says nothing of it."""
    return bool(request.if_match) and not request.if_match.star_tag


def _check_unchanged_since_submitted(piece: Evidence, item: Item, body: Judging) -> None:
    """Refuses what goes by a version's number and may be of more than stood there with it.

    A title, and links, change without a new version: whoever names no `etag` may have read the
    version with others.
    """
    if piece.state not in (*AWAITING_REVIEW, "verified"):
        # Nothing waits: the judgement is refused for that.
        return
    version = item.version
    since = version.submitted_at or version.created_at
    if piece.title_changed_at is not None and piece.title_changed_at > since:
        abort_with_problem(
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
    later = {link.key for link in item.links if link.linked_at > since}
    later &= set(load_fitting_milestones(db.session, piece)) - confirmed_keys(
        db.session, version.id
    )
    if later:
        abort_with_problem(
            409,
            _(
                "Since version %(number)d was submitted, it was linked to %(keys)s. Name the "
                "`milestones` that you confirm, or read it again and send its `etag` in If-Match.",
                number=version.number,
                keys=", ".join(key for key in item.milestones if key in later),
            ),
        )


def _serialize_judgement(review: Review, item: Item) -> JudgementShape:
    confirmed = confirmed_keys(db.session, item.version.id)
    return JudgementShape(
        evidence_id=review.evidence_id,
        version=item.version.number,
        decision=review.decision,
        by=review.reviewer_name,
        comment=review.comment,
        confirmed=[key for key in item.milestones if key in confirmed],
        decided_at=review.decided_at,
        etag=JudgementSubject.of(item).etag,
    )
