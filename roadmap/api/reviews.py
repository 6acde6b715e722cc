"""The queue of evidence waiting for review, and the review of a piece."""

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
    common_values,
    confirmed_by,
    confirmed_wordings,
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
from roadmap.api.pagination import Page, Paging, decode_position, encode_position
from roadmap.api.progress import Status
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.text import clean_line, clean_multiline
from roadmap.core.web import now
from roadmap.evidence import labels, review_actions
from roadmap.evidence.actions import lock_and_reload
from roadmap.evidence.constants import AWAITING_REVIEW
from roadmap.evidence.item import Audience, Item
from roadmap.evidence.loader import load_item
from roadmap.evidence.models import Evidence, Review
from roadmap.evidence.queries import load_reviews
from roadmap.evidence.rules import MAX_LENGTHS, Refused, Stale
from roadmap.people import permissions
from roadmap.people.labels import DEFAULT_BASIS
from roadmap.reviews.queries import list_pending, load_criteria

TAG = "Reviews"


class Author(Shape):
    id: uuid.UUID
    name: str


class LinkedMilestone(Shape):
    """A milestone that the piece of evidence is linked to.

    `fits` tells whether evidence of this kind can prove it, `status` is the author's own status,
    and `left_out_by` is who verified an earlier version without confirming it ("" for nobody).
    """

    key: str
    title: str
    done_when: str
    fits: bool
    status: Status
    left_out_by: str


class JudgementSubject(Shape):
    """The subject of a judgement: a version, its title and its milestones, sorted."""

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


class PendingReviewShape(FurtherTexts):
    """A piece of evidence waiting for review, in the version to be reviewed.

    `etag` identifies version, title and linked milestones, for If-Match of a judgement.
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
        description="The token that wrote this version, if its author has neither edited nor "
        "accepted it; otherwise empty."
    )
    verified_before: bool
    confirmed: list[str] = Field(
        description="Milestones confirmed for an earlier version, which count until this review."
    )
    confirmed_by: dict[str, ConfirmationShape]
    confirmed_wordings: dict[str, WordingShape] = Field(
        description="The confirmed wordings of milestones that the roadmap has since reworded."
    )
    milestones: list[LinkedMilestone]
    skills: list[str]
    judgements: list[ReviewShape] = Field(
        description="Earlier judgements of all versions of this piece, newest first."
    )
    etag: str


class PendingReviewList(Page[PendingReviewShape]):
    pass


class NewJudgement(Body):
    """A judgement. Without `milestones`, `verified` confirms the linked ones that fit.

    A milestone that an earlier verification left out is only confirmed if it is named.
    """

    decision: Decision
    comment: Annotated[str, Text(MAX_LENGTHS["comment"])] | None = Field(
        None, description="Visible to the author. When returning a piece, say what is missing."
    )
    basis: Basis = Field(
        DEFAULT_BASIS,
        description="The basis of a verification: seen first-hand, judged from the artefact, or "
        "a referee's statement. Shown with the reviewer's name.",
    )
    milestones: Annotated[list[Key], Field(max_length=50)] | None = Field(
        None,
        description="The milestones to confirm. By default, all linked ones that fit and that no "
        "earlier verification left out.",
    )
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = Field(
        None,
        description="The version that you read: 409 if it is not the newest submitted one or, "
        "without If-Match, if you might confirm more than you read.",
    )


class JudgementWithdrawal(Body):
    """Why a judgement is undone. Visible to the author."""

    reason: Annotated[str, Text(MAX_LENGTHS["reason"], clean_line, non_empty=True)]


class JudgementShape(Shape):
    """A judgement and the version that it applies to.

    `confirmed` lists all milestones confirmed for the version, `confirmed_by` who confirmed each
    and on what basis. Use `id` to undo the judgement. `etag` identifies what was judged, as in
    the list of waiting evidence.
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
def list_reviews(query: Paging) -> PendingReviewList:
    """List the evidence waiting for review in all teams that you manage, oldest first."""
    after = decode_position(query.cursor)
    found = list_pending(
        db.session, current_actor(), limit=query.limit + 1, after=after, texts=True
    )
    part = found[: query.limit]
    criteria = load_criteria(db.session, [entry.item for entry in part])
    judgements = load_reviews(db.session, [entry.item.id for entry in part])
    items = [
        PendingReviewShape.model_validate(
            {
                **common_values(entry.item),
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
    return PendingReviewList(items=items, next_cursor=cursor)


@operation(
    TAG,
    refuses=(404, 409),
    accepts_if_match=True,
    example={"decision": "verified", "comment": "I was there, and it holds."},
)
def judge_evidence(evidence_id: uuid.UUID, body: NewJudgement) -> JudgementShape:
    """Verify or return a piece of evidence.

    When returning it, explain in `comment` what is missing: its author gets no other explanation.

    Repeating your own judgement changes nothing. 409 if the piece is not waiting for review, if
    `version` is not the newest submitted one, or if you verify a piece that is not linked to any
    milestone that its kind can prove (return it instead). With the `etag` that you read in
    If-Match, 412 if version, title or linked milestones have changed.

    With `version` but without If-Match, 409 if the title has changed since that version was first
    submitted, or if unnamed milestones that were linked since would be confirmed.
    """
    actor = current_actor()
    piece = permissions.load(db.session, actor, "evidence.review", Evidence, evidence_id)
    lock_and_reload(db.session, piece, actor)
    if not permissions.can(actor, "evidence.review", piece):
        # The permission or the review request may have ended during the wait for the lock.
        abort(404)
    item = load_item(db.session, Audience.MANAGER, piece.id) or abort(404)
    check_if_match(JudgementSubject.of(item))
    newest = item.version.number
    if body.version is not None and body.version < newest:
        raise Stale
    if body.version is not None and body.version > newest:
        message = _(
            "No such version was submitted. The newest is version %(newest)d.", newest=newest
        )
        abort_with_problem(409, message)
    criteria = load_criteria(db.session, [item])[item.id]
    fitting = {each.key for each in criteria if each.is_offered}
    if (own := _find_own_judgement(piece, item, body)) is not None:
        # Milestones already confirmed for this version; confirming others is not a repetition.
        confirmed = item.confirmed if newest == item.verified_number else frozenset()
        added = fitting if body.milestones is None else set(body.milestones) - confirmed
        if body.decision == "returned" or not added:
            return _serialize_judgement(own, item)
    # `*` in If-Match matches anything, so it does not show what the client read.
    if body.version is not None and (not request.if_match or request.if_match.star_tag):
        _check_unchanged_since_submitted(piece, item, body, fitting)
    try:
        review = review_actions.decide(
            db.session,
            piece,
            body.decision,
            body.comment or "",
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
def withdraw_judgement(
    evidence_id: uuid.UUID, judgement_id: uuid.UUID, body: JudgementWithdrawal
) -> None:
    """Undo your judgement of a piece of evidence, within ten minutes.

    The piece waits for review again, and its earlier verification counts as before. 409 if the ten
    minutes are over, if the piece was reviewed since, if a returned piece was changed, if the
    judgement is not yours, or if it was already undone.
    """
    actor = current_actor()
    piece = permissions.load(db.session, actor, "evidence.review", Evidence, evidence_id)
    review_actions.withdraw_review(
        db.session, piece, judgement_id, body.reason, by=actor, now=now()
    )


def _find_own_judgement(piece: Evidence, item: Item, body: NewJudgement) -> Review | None:
    """Return the newest judgement of the version if it is the actor's and like the one sent."""
    reviews = load_reviews(db.session, [piece.id])[piece.id]
    last = next((each for each in reviews if each.version_id == item.version.id), None)
    if last is None or piece.shared_state != body.decision:
        return None
    sent = (current_actor().id, body.decision, body.comment or "")
    is_same = (last.reviewer_id, last.decision, clean_multiline(last.comment)) == sent
    return last if is_same else None


def _check_unchanged_since_submitted(
    piece: Evidence, item: Item, body: NewJudgement, fitting: set[str]
) -> None:
    """Abort with 409 if the title or links of the version have changed since it was submitted.

    They change without a new version, so a client that sends no `etag` may not have seen them.
    """
    if piece.shared_state not in (*AWAITING_REVIEW, "verified"):
        # The piece is not waiting for review, so `decide` refuses the judgement.
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
