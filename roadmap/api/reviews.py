"""What waits for a manager's review, and the review of one item."""

from __future__ import annotations

import uuid
from typing import Annotated

from flask import abort, request
from pydantic import Field

from roadmap.api.evidence import (
    Basis,
    ConfirmationShape,
    Decision,
    FileShape,
    FurtherTexts,
    ImpactShape,
    Kind,
    ReviewShape,
    ReviewState,
    Visibility,
    WordingShape,
    confirmed_by,
    confirmed_wordings,
    shared_values,
)
from roadmap.api.field_types import Body, Date, Key, Shape, Text, Timestamp
from roadmap.api.operation import (
    InvalidFields,
    abort_with_problem,
    check_if_match,
    current_actor,
    etag_of,
    operation,
)
from roadmap.api.pagination import Paging, decode_position, encode_position
from roadmap.api.progress import Status
from roadmap.core.database import db
from roadmap.core.i18n import gettext as _
from roadmap.core.text import clean_line, clean_multiline
from roadmap.core.web import now
from roadmap.evidence import labels, review_actions
from roadmap.evidence.actions import lock_and_reload
from roadmap.evidence.constants import AWAITING_REVIEW
from roadmap.evidence.item import Audience, Item
from roadmap.evidence.loader import load_item
from roadmap.evidence.models import Evidence, Review
from roadmap.evidence.queries import load_judgements
from roadmap.evidence.rules import MAX_LENGTHS, Refused, Stale
from roadmap.people import permissions
from roadmap.people.labels import DEFAULT_BASIS
from roadmap.reviews.queries import list_pending, load_criteria

TAG = "Reviews"


class Author(Shape):
    id: uuid.UUID
    name: str


class Linked(Shape):
    """A milestone that the piece is linked to, which it is held against.

    `fits` says whether a piece of this kind can prove it, `status` where its author stands with it,
    `left_out_by` who verified an earlier version without confirming it ("" for nobody).
    """

    key: str
    title: str
    done_when: str
    fits: bool
    status: Status
    left_out_by: str


class JudgementSubject(Shape):
    """What is judged: a version, its title, and its milestones in any order."""

    evidence_id: uuid.UUID
    version: int
    title: str
    milestones: list[str]

    @classmethod
    def of(cls, item: Item) -> JudgementSubject:
        return cls(
            evidence_id=item.id,
            version=item.version.number,
            title=item.title,
            milestones=sorted(item.milestones),
        )

    @property
    def etag(self) -> str:
        return f'"{etag_of(self)}"'


class WaitingShape(FurtherTexts):
    """A piece that waits, in the version to be judged.

    `etag` names version, title and linked milestones: a judgement may name it in If-Match.
    """

    evidence_id: uuid.UUID
    person: Author
    title: str
    kind: Kind
    occurred_on: Date
    url: str
    description: str
    role: str
    impacts: list[ImpactShape]
    files: list[FileShape]
    review_state: ReviewState
    visibility: Visibility
    version: int
    submitted_at: Timestamp
    drafted_by: str = Field(
        description="The token that wrote this version where its author has neither edited nor "
        "accepted it; empty otherwise."
    )
    verified_before: bool
    confirmed: list[str] = Field(
        description="Milestones that an earlier version is confirmed for, which counts meanwhile."
    )
    confirmed_by: dict[str, ConfirmationShape]
    confirmed_wordings: dict[str, WordingShape] = Field(
        description="What was confirmed, where the roadmap words a milestone differently now."
    )
    milestones: list[Linked]
    skills: list[str]
    judgements: list[ReviewShape] = Field(
        description="What was said of this piece and its earlier versions, the latest first."
    )
    etag: str


class WaitingList(Shape):
    items: list[WaitingShape]
    next_cursor: str | None


class Judging(Body):
    """A judgement. Without `milestones`, verified confirms the linked ones that fit.

    One that an earlier verification left out is only confirmed where it is named.
    """

    decision: Decision
    comment: Annotated[str, Text(MAX_LENGTHS["comment"])] | None = Field(
        None, description="The author reads it; what is missing, where it is returned."
    )
    basis: Basis = Field(
        DEFAULT_BASIS,
        description="What a verification rests on: seen first-hand, judged from the artefact, or "
        "on a referee's word. Printed with the reviewer's name.",
    )
    milestones: Annotated[list[Key], Field(max_length=50)] | None = Field(
        None,
        description="Those that are confirmed. Without it, all linked ones that fit and that no "
        "earlier verification left out.",
    )
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = Field(
        None,
        description="The version that you read: 409 where it is not the newest submitted, and, "
        "without If-Match, where what you would confirm under its name may be more than you read.",
    )


class Withdrawing(Body):
    """Why a judgement is taken back; the author reads it."""

    reason: Annotated[str, Text(MAX_LENGTHS["reason"], clean_line, non_empty=True)]


class JudgementShape(Shape):
    """What was said, and of which version. `confirmed` are all that the version is confirmed for,
    `confirmed_by` who confirmed each, and what that rests on.

    `id` is for taking it back.

    `etag` names what was judged, as it does in the list of what waits.
    """

    id: uuid.UUID
    evidence_id: uuid.UUID
    version: int
    decision: Decision
    by: str
    by_token: bool
    basis: str
    comment: str
    confirmed: list[str]
    confirmed_by: dict[str, ConfirmationShape]
    confirmed_wordings: dict[str, WordingShape]
    decided_at: Timestamp
    etag: str


@operation(TAG)
def list_reviews(query: Paging) -> WaitingList:
    """Return the pieces waiting for review in all teams that you manage, oldest first."""
    after = decode_position(query.cursor)
    found = list_pending(
        db.session, current_actor(), limit=query.limit + 1, after=after, texts=True
    )
    part = found[: query.limit]
    criteria = load_criteria(db.session, [entry.item for entry in part])
    judgements = load_judgements(db.session, [entry.item.id for entry in part])
    items = [
        WaitingShape.model_validate(
            {
                **shared_values(entry.item),
                "evidence_id": entry.item.id,
                "person": {"id": entry.item.user_id, "name": entry.author},
                "verified_before": entry.item.verified,
                "milestones": criteria[entry.item.id],
                "judgements": judgements[entry.item.id],
                "etag": JudgementSubject.of(entry.item).etag,
            }
        )
        for entry in part
    ]
    more = len(found) > len(part)
    cursor = encode_position(items[-1].submitted_at, items[-1].evidence_id) if more else None
    return WaitingList(items=items, next_cursor=cursor)


@operation(
    TAG,
    refuses=(404, 409),
    accepts_if_match=True,
    example={"decision": "verified", "comment": "I was there, and it holds."},
)
def judge_evidence(evidence_id: uuid.UUID, body: Judging) -> JudgementShape:
    """Verify or return a piece.

    A return should say in `comment` what is missing: its author has nothing else to go by.

    The same judgement by the same person twice is the same as once. 409 where nothing waits, where
    the version named is not the newest that was submitted, or where a piece is to be verified that
    is linked to no milestone which its kind proves: return it. With the `etag` of what was read
    in If-Match, 412 where another version, title or linked milestone is there now.

    With `version` and without If-Match, 409 where the title is another since that version was
    first submitted, or where milestones would be confirmed that were linked since and are not
    named.
    """
    actor = current_actor()
    piece = permissions.load(db.session, actor, "evidence.review", Evidence, evidence_id)
    lock_and_reload(db.session, piece, actor)
    if not permissions.can(actor, "evidence.review", piece):
        # Their right to it, or the request for a review, ended while this one waited.
        abort(404)
    item = load_item(db.session, Audience.MANAGER, piece.id) or abort(404)
    check_if_match(JudgementSubject.of(item))
    newest, comment = item.version.number, body.comment or ""
    if body.version is not None and body.version < newest:
        raise Stale
    if body.version is not None and body.version > newest:
        message = _(
            "No such version was submitted. The newest is version %(newest)d.", newest=newest
        )
        abort_with_problem(409, message)
    earlier = load_judgements(db.session, [piece.id])[piece.id]
    last = next((each for each in earlier if each.version_id == item.version.id), None)
    # What can be confirmed, and is not yet for this version.
    confirmed = item.confirmed if item.version.number == item.verified_number else frozenset()
    criteria = load_criteria(db.session, [item])[item.id]
    fitting = {each.key for each in criteria if each.is_offered}
    if last is not None and piece.shared_state == body.decision:
        said = (last.reviewer_id, last.decision, clean_multiline(last.comment))
        added = fitting if body.milestones is None else set(body.milestones) - confirmed
        if said == (actor.id, body.decision, comment) and (
            body.decision == "returned" or not added
        ):
            return _serialize_judgement(last, item)
    # `*` in If-Match matches anything, and so says nothing about what was read.
    if body.version is not None and (not request.if_match or request.if_match.star_tag):
        _check_unchanged_since_submitted(piece, item, body, fitting)
    try:
        review = review_actions.decide(
            db.session,
            piece,
            body.decision,
            comment,
            body.milestones,
            version_id=item.version.id,
            basis=body.basis,
            by=actor,
            now=now(),
        )
    except Refused as refusal:
        if refusal.reason in ("does_not_fit", "none_left", "none_selected"):
            message = str(labels.REFUSAL_MESSAGES[refusal.reason])
            raise InvalidFields({"milestones": [message]}) from None
        raise
    db.session.flush()
    return _serialize_judgement(review, item)


@operation(TAG, refuses=(404, 409), example={"reason": "I had read another document."})
def withdraw_judgement(evidence_id: uuid.UUID, judgement_id: uuid.UUID, body: Withdrawing) -> None:
    """Take back that you verified or returned a piece, within ten minutes.

    The piece waits for a review again, and what it was verified for before counts as before. 409
    where the time is over, where it was reviewed since, or a returned one changed, or where the
    judgement is not yours. Taken
    back already, it is 409 as well.
    """
    actor = current_actor()
    piece = permissions.load(db.session, actor, "evidence.review", Evidence, evidence_id)
    review_actions.withdraw_review(
        db.session, piece, judgement_id, body.reason, by=actor, now=now()
    )


def _check_unchanged_since_submitted(
    piece: Evidence, item: Item, body: Judging, fitting: set[str]
) -> None:
    """Refuse a judgement that names a version whose title or links have changed since.

    They change without a new version, so a client that names no `etag` may have read others.
    """
    if piece.shared_state not in (*AWAITING_REVIEW, "verified"):
        # Nothing waits: the judgement is refused for that.
        return
    version = item.version
    since = version.submitted_at or version.created_at
    if piece.title_changed_at is not None and piece.title_changed_at > since:
        message = _(
            "Since version %(number)d was submitted, its title was changed to “%(title)s”. "
            "Read it again, and send its `etag` in If-Match.",
            number=version.number,
            title=piece.title,
        )
        abort_with_problem(409, message)
    if body.decision != "verified" or body.milestones is not None:
        return
    later = [link.key for link in item.links if link.linked_at > since and link.key in fitting]
    if later:
        message = _(
            "Since version %(number)d was submitted, it was linked to %(keys)s. Name the "
            "`milestones` that you confirm, or read it again and send its `etag` in If-Match.",
            number=version.number,
            keys=", ".join(later),
        )
        abort_with_problem(409, message)


def _serialize_judgement(review: Review, item: Item) -> JudgementShape:
    confirmed = review_actions.confirmed_keys(db.session, item.version.id)
    judged = load_item(db.session, Audience.MANAGER, item.id) or item
    return JudgementShape(
        **dict(ReviewShape.model_validate(review)),
        evidence_id=review.evidence_id,
        confirmed=[key for key in item.milestones if key in confirmed],
        confirmed_by=confirmed_by(judged),
        confirmed_wordings=confirmed_wordings(judged),
        etag=JudgementSubject.of(item).etag,
    )
