"""Review actions: start a review, verify or return a version, withdraw a review, comment.

As in `actions`, these functions lock the owner first, flush and record history.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.queries import current_revisions
from roadmap.core.limits import count_rows
from roadmap.core.text import clean_line, clean_multiline
from roadmap.core.types import form_id
from roadmap.evidence import rules
from roadmap.evidence.actions import lock_and_reload, record
from roadmap.evidence.audience_sql import newest_version_id
from roadmap.evidence.constants import DECISIONS, MAX_COMMENTS
from roadmap.evidence.item import Audience
from roadmap.evidence.models import Comment, Confirmation, Evidence, EvidenceVersion, Review
from roadmap.evidence.queries import assigned_reviewer, load_provable_milestones, load_reviews
from roadmap.evidence.rules import FieldError, InvalidInput, Refused
from roadmap.people.actor import Actor
from roadmap.people.audit import record_audit
from roadmap.people.history import record_history
from roadmap.people.labels import BASES
from roadmap.people.permissions import can
from roadmap.people.reach import is_role_granted_by
from roadmap.people.roles import Capability

# Marks the history entry of a review that was one of many submitted at once.
BUNDLED = {"bundled": True}


class RepeatedReview(Refused):
    """The same review was sent twice, for example after a lost response; `first` is the first."""

    def __init__(self, reason: str, first: Review) -> None:
        super().__init__(reason)
        self.first = first


def begin_review(
    session: Session, evidence: Evidence, *, version_id: uuid.UUID, by: Actor, now: dt.datetime
) -> bool:
    """Start a review, so that the author sees it and can no longer withdraw the item.

    Returns False if the item already has a reviewer. Raises Refused or Stale as `decide` does.
    """
    _lock_for_review(session, evidence, by)
    rules.check_reviewable(evidence.state, judged=version_id, current=evidence.current_id)
    if assigned_reviewer(session, evidence) is not None:
        return False
    evidence.state = "in_review"
    evidence.reviewer_id = by.id
    evidence.review_started_at = now
    record(session, evidence, "evidence.taken_up", by, now, version=evidence.current.number)
    return True


def stop_review(session: Session, evidence: Evidence, *, by: Actor, now: dt.datetime) -> bool:
    """Stop a review that `by` started, so that the item is waiting again and can be withdrawn.

    Returns False if `by` is not reviewing the item. Raises Refused if they may not review it.
    """
    _lock_for_review(session, evidence, by)
    if evidence.state != "in_review" or evidence.reviewer_id != by.id:
        return False
    evidence.state = "submitted"
    evidence.reviewer_id = evidence.review_started_at = None
    record(session, evidence, "evidence.let_go", by, now, version=evidence.current.number)
    return True


def decide(
    session: Session,
    evidence: Evidence,
    decision: str,
    comment: str = "",
    milestones: Sequence[str] | None = None,
    *,
    version_id: uuid.UUID,
    by: Actor,
    now: dt.datetime,
    title: str | None = None,
    basis: str = "",
    bundled: bool = False,
) -> Review:
    """Review the current version: `verified` or `returned`.

    `verified` confirms the given linked `milestones`. If None, it confirms all that fit and were
    not left out by an earlier review, even a withdrawn one. After `returned`, an earlier verified
    version no longer counts.

    `version_id` is the version that the reviewer read, and `title` the title on their page (None if
    the client sent none). `basis` is the basis of a verification: a key of BASES, or "" if unknown.
    A verified version can be verified again to confirm milestones that were linked since, and
    milestones given explicitly that were left out before. A `bundled` review is one of many
    submitted at once: it requires that the item awaits review, and its author gets one notification
    for all of them.

    Raises Refused if the reviewer is the author or may not review them now, Refused or Stale as
    `rules.select_confirmations` does, and RepeatedReview if `by` has just sent the same review.
    """
    if decision not in DECISIONS:
        raise Refused("no_such_decision")
    if basis and basis not in BASES:
        raise Refused("no_such_basis")
    _lock_for_review(session, evidence, by)
    again = evidence.shared_state == "verified"
    fitting: list[str] = []
    if decision == "verified":
        kind = load_kind(session, version_id) if again else evidence.current.kind
        fitting = load_provable_milestones(session, evidence.milestone_keys, kind)
    confirmed = confirmed_keys(session, version_id) if again else frozenset()
    review = Review(
        user_id=evidence.user_id,
        evidence_id=evidence.id,
        version_id=version_id,
        reviewer_id=by.id,
        reviewer_name=by.name,
        title=evidence.title,
        decision=decision,
        comment=clean_multiline(comment),
        basis=basis if decision == "verified" else "",
        added_by_author=is_role_granted_by(session, by.id, evidence.user_id, Capability.REVIEW),
        by_token=by.is_by_token,
        started_at=evidence.review_started_at if evidence.reviewer_id == by.id else None,
        decided_at=now,
    )
    try:
        if bundled:
            rules.check_reviewable(evidence.state, judged=version_id, current=evidence.current_id)
        keys = rules.select_confirmations(
            decision,
            milestones,
            state=evidence.shared_state,
            judged=version_id,
            current=evidence.current_id,
            verified=evidence.verified_version_id,
            # Cleaned first, because forms do not send back line breaks stored by an older release.
            is_current_title=title is None or clean_line(title) == clean_line(evidence.title),
            fitting=fitting,
            confirmed=confirmed,
            left_out={
                link.milestone_key
                for link in evidence.links
                if link.left_out_review_id or link.taken_back_by
            },
        )
    except Refused as refusal:
        if first := _find_first_sent(session, review, milestones or ()):
            raise RepeatedReview(refusal.reason, first) from None
        raise
    session.add(review)
    session.flush()
    if not again:
        # A version returned and resubmitted unchanged has two reviews. The last one counts.
        session.execute(
            sa.delete(Confirmation)
            .where(Confirmation.version_id == version_id)
            .execution_options(synchronize_session=False)
        )
        evidence.state = decision
    _confirm(session, review, keys)
    _update_links(evidence, review, keys, set(fitting) - confirmed)
    evidence.reviewer_id = evidence.review_started_at = None
    evidence.verified_version_id = version_id if decision == "verified" else None
    details: dict[str, Any] = {"milestones": list(keys), "version": review.version}
    if again:
        details["besides"] = True
    if by.is_by_token:
        details["by_token"] = by.token_name
    action = f"evidence.{decision}"
    more = BUNDLED if bundled else {}
    record(session, evidence, action, by, now, row_id=review.id, **details, **more)
    record_audit(
        session, action, evidence.id, by=by.id, now=now, person=str(evidence.user_id), **details
    )
    return review


def _find_first_sent(
    session: Session, review: Review, milestones: Collection[str]
) -> Review | None:
    """Return the item's latest review if `review` is the same one, sent a second time."""
    latest = next(iter(load_reviews(session, [review.evidence_id])[review.evidence_id]), None)
    names = ("reviewer_id", "version_id", "decision", "comment", "basis")
    if latest is None or any(getattr(latest, name) != getattr(review, name) for name in names):
        return None
    confirmed = confirmed_keys(session, review.version_id)
    is_same = review.decision == "returned" or set() < set(milestones) <= confirmed
    return latest if is_same else None


def _confirm(session: Session, review: Review, keys: Sequence[str]) -> None:
    """Confirm milestones by a review, in their current wording."""
    revisions = current_revisions(session)
    session.add_all(
        Confirmation(
            version_id=review.version_id,
            milestone_key=key,
            user_id=review.user_id,
            review_id=review.id,
            roadmap_revision_id=revisions.get(key),
            confirmed_at=review.decided_at,
        )
        for key in keys
    )


def _update_links(
    evidence: Evidence, review: Review, keys: Sequence[str], offered: Collection[str]
) -> None:
    """Record on the links which of the `offered` milestones the review left out: not in `keys`."""
    for link in evidence.links:
        if link.milestone_key in keys:
            link.left_out_review_id = None
        elif link.milestone_key in offered:
            link.left_out_review_id = link.left_out_review_id or review.id
        link.taken_back_by, link.taken_back_by_id = "", None


def withdraw_review(
    session: Session,
    evidence: Evidence,
    review_id: uuid.UUID,
    reason: str,
    *,
    by: Actor,
    now: dt.datetime,
    bundled: bool = False,
) -> tuple[Review, list[str]]:
    """Withdraw the latest review of an item, which `by` gave within the withdrawal period.

    `reason` is one line of text, shown to the author. Confirmations by an earlier review of the
    same version are kept. Otherwise the item awaits review again (in review by `by` if they had
    started one), and an earlier verified version counts as before. The history keeps the decision
    and the milestones that were left out. Returns the deleted review and the keys of the milestones
    that it confirmed.

    Raises Refused if `by` may not review the item or as `rules.check_withdrawable` does, and
    InvalidInput if the reason is missing or too long.
    """
    _lock_for_review(session, evidence, by)
    reviews = load_reviews(session, [evidence.id])[evidence.id]
    review = next((each for each in reviews if each.id == review_id), None)
    if review is None:
        raise Refused("withdrawn_already")
    rules.check_withdrawable(
        review.decision,
        is_own=review.reviewer_id == by.id,
        is_latest=review is reviews[0],
        is_changed=evidence.updated_at > review.decided_at,
        age=now - review.decided_at,
    )
    reason = clean_line(reason)
    _check_length("reason", reason)
    of_review = sa.select(Confirmation.milestone_key).where(Confirmation.review_id == review.id)
    keys = list(session.scalars(of_review))
    left_out = [link for link in evidence.links if link.left_out_review_id == review.id]
    for link in left_out:
        link.taken_back_by, link.taken_back_by_id = review.reviewer_name, by.id
    _restore_state(evidence, review, reviews[1] if len(reviews) > 1 else None, keys)
    session.flush()
    # The database deletes the confirmations and the notification, and clears left_out_review_id.
    session.execute(
        sa.delete(Review).where(Review.id == review.id).execution_options(synchronize_session=False)
    )
    session.expunge(review)
    details: dict[str, Any] = {"version": review.version, "milestones": keys}
    done = "return" if review.decision == "returned" else "verification"
    action, at = f"evidence.{done}_withdrawn", review.decided_at.isoformat()
    more = BUNDLED if bundled else {}
    record(
        session, evidence, action, by, now, decided_at=at, reason=reason,
        left_out=[link.milestone_key for link in left_out], **more, **details,
    )  # fmt: skip
    record_audit(
        session, action, evidence.id, by=by.id, now=now, person=str(evidence.user_id), **details
    )
    return review, keys


def _restore_state(
    evidence: Evidence, review: Review, before: Review | None, keys: Collection[str]
) -> None:
    """Undo what a review did that confirmed `keys`; `before` is the item's review before it."""
    verified = before if before is not None and before.decision == "verified" else None
    evidence.verified_version_id = verified.version_id if verified is not None else None
    if verified is not None and verified.version_id == review.version_id:
        for link in evidence.links:
            if link.milestone_key in keys and link.created_at <= verified.decided_at:
                link.left_out_review_id = verified.id
    elif evidence.state == review.decision:
        evidence.state = "in_review" if review.started_at else "submitted"
        evidence.reviewer_id = review.reviewer_id if review.started_at else None
        evidence.review_started_at = review.started_at


@dataclass(frozen=True, slots=True)
class VerificationChoice:
    """A reviewer's choice for one of many items: arguments of `decide`."""

    evidence: Evidence
    version_id: uuid.UUID
    title: str
    milestones: Sequence[str]
    basis: str


def verify_items(
    session: Session,
    user_id: uuid.UUID,
    choices: Sequence[VerificationChoice],
    comment: str,
    *,
    by: Actor,
    now: dt.datetime,
) -> dict[uuid.UUID, str]:
    """Verify many items of a user with `decide`; the user gets one notification.

    Returns the `Refused` reasons of items that could not be verified, by item id. Items of a form
    that is sent twice are not refused.
    """
    refused: dict[uuid.UUID, str] = {}
    number = 0
    for each in choices:
        try:
            decide(
                session, each.evidence, "verified", comment, each.milestones,
                version_id=each.version_id, title=each.title, basis=each.basis,
                by=by, now=now, bundled=True,
            )  # fmt: skip
        except RepeatedReview:
            continue
        except Refused as refusal:
            refused[each.evidence.id] = refusal.reason
        else:
            number += 1
    if number:
        record_history(session, user_id, "history.verified", by=by.id, now=now, number=number)
    return refused


def withdraw_verifications(
    session: Session,
    user_id: uuid.UUID,
    decided_at: dt.datetime,
    reason: str,
    *,
    by: Actor,
    now: dt.datetime,
) -> tuple[list[tuple[Review, list[str]]], list[tuple[str, str]]]:
    """Withdraw all verifications of a user that `by` gave at `decided_at`.

    Returns the results of `withdraw_review`, and the titles and `Refused` reasons of failed ones.
    Titles are those at the time of review, because the current title of an item that has become
    private must not be shown.
    """
    reviews = session.execute(
        sa.select(Review.id, Review.title, Evidence)
        .join(Evidence, Evidence.id == Review.evidence_id)
        .where(
            Review.user_id == user_id,
            Review.reviewer_id == by.id,
            Review.decision == "verified",
            Review.decided_at == decided_at,
        )
        .order_by(Review.id)
    ).all()
    withdrawn: list[tuple[Review, list[str]]] = []
    refused: list[tuple[str, str]] = []
    for review_id, title, evidence in reviews:
        try:
            done = withdraw_review(
                session, evidence, review_id, reason, by=by, now=now, bundled=True
            )
            withdrawn.append(done)
        except Refused as refusal:
            refused.append((title, refusal.reason))
    if withdrawn:
        record_history(
            session, user_id, "history.verification_withdrawn", by=by.id, now=now,
            number=len(withdrawn), decided_at=decided_at.isoformat(), reason=clean_line(reason),
        )  # fmt: skip
    return withdrawn, refused


def _lock_for_review(session: Session, evidence: Evidence, by: Actor) -> None:
    """Lock and re-read the item. Raises Refused if `by` may not review it."""
    lock_and_reload(session, evidence, by)
    if evidence.user_id == by.id:
        raise Refused("own")
    if not can(by, "evidence.review", evidence):
        raise Refused("not_entitled")


def _check_length(name: str, text: str, *, field: str = "") -> None:
    """Raise InvalidInput if a text is empty or longer than the limit of `name`."""
    if not text or len(text) > rules.MAX_LENGTHS[name]:
        code = f"{name}_too_long" if text else f"{name}_missing"
        raise InvalidInput([FieldError(field or name, code)])


def confirmed_keys(session: Session, version_id: uuid.UUID) -> frozenset[str]:
    query = sa.select(Confirmation.milestone_key).where(Confirmation.version_id == version_id)
    return frozenset(session.scalars(query))


def load_kind(session: Session, version_id: uuid.UUID) -> str:
    """Load the kind of a version, or '' if the version does not exist."""
    query = sa.select(EvidenceVersion.kind).where(EvidenceVersion.id == version_id)
    return session.scalar(query) or ""


def add_comment(
    session: Session, evidence: Evidence, text: str, *, by: Actor, now: dt.datetime, key: str = ""
) -> Comment:
    """Add a Markdown comment by the author or one of their managers, once for each `key`.

    The comment refers to the newest version that both sides see, never to an unsubmitted one.
    Raises InvalidInput if the text is empty or too long, and Refused if the item is not shared or
    `by` may not comment on it.
    """
    text = clean_multiline(text).strip()
    _check_length("comment", text, field="text")
    lock_and_reload(session, evidence, by)
    if not evidence.is_shared:
        raise Refused("not_shared")
    if not can(by, "evidence.comment", evidence):
        raise Refused("not_entitled")
    comment_id = form_id(key, by.id, evidence.id, text)
    again = sa.select(Comment).where(Comment.evidence_id == evidence.id, Comment.id == comment_id)
    if (existing := session.scalars(again).first()) is not None:
        return existing
    mine = Comment.evidence_id == evidence.id, Comment.author_id == by.id
    if count_rows(session, Comment, *mine) >= MAX_COMMENTS:
        raise Refused("too_many_comments")
    number = session.scalar(
        sa.select(EvidenceVersion.number)
        .join(Evidence, EvidenceVersion.id == newest_version_id(Audience.MANAGER))
        .where(Evidence.id == evidence.id)
    )
    comment = Comment(
        id=comment_id,
        user_id=evidence.user_id,
        evidence_id=evidence.id,
        version_number=number,
        author_id=by.id,
        author_name=by.name,
        text=text,
        created_at=now,
    )
    session.add(comment)
    session.flush()
    record(session, evidence, "comment.added", by, now, version=number, row_id=comment.id)
    return comment
