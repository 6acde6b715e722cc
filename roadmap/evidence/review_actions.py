"""Review evidence: take a version up, verify it or return it.

As in `actions`, these functions lock the owner first, flush and record history.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.text import clean_line, clean_multiline
from roadmap.evidence import rules
from roadmap.evidence.assignment import assigned_reviewer, release_reviewer
from roadmap.evidence.constants import DECISIONS
from roadmap.evidence.models import Confirmation, Evidence, Review
from roadmap.evidence.repository import (
    confirmed_keys,
    load_confirmations,
    lock_and_reload,
    record_evidence_history,
)
from roadmap.evidence.rules import Refused, Stale
from roadmap.people.actor import Actor
from roadmap.people.audit import record_audit
from roadmap.people.permissions import can


def begin_review(
    session: Session, evidence: Evidence, *, version_id: uuid.UUID, by: Actor, now: dt.datetime
) -> bool:
    """Take an item up: its author sees that and can no longer withdraw it.

    Returns False where another reviewer has it. Raises Refused or Stale as `decide` does.
    """
    _lock_for_review(session, evidence, by)
    rules.check_reviewable(evidence.state, judged=version_id, current=evidence.current_id)
    if assigned_reviewer(session, evidence) is not None:
        return False
    evidence.state = "in_review"
    evidence.reviewer_id = by.id
    evidence.review_started_at = evidence.updated_at = now
    record_evidence_history(
        session, evidence, "evidence.taken_up", by, now, version=evidence.current.number
    )
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
) -> Review:
    """Review the current version: `verified` or `returned`.

    `verified` confirms the linked milestones named, or all that fit where None. `returned` ends
    what an earlier verified version counted for. `version_id` is the version that the reviewer
    read, `title` the title on their page (None where the client sent none). A verified version can
    be verified once more, which confirms milestones that were linked since.

    Raises Refused where the reviewer is the author or may not review them now, where nothing waits
    for a review, where another review would add nothing, where no milestone that it can prove is
    left, or where one is not linked or not provable by this kind; Stale where the author saved a
    newer version or title meanwhile.
    """
    if decision not in DECISIONS:
        raise Refused("no_such_decision")
    _lock_for_review(session, evidence, by)
    besides = rules.is_additional_review(
        evidence.state, decision, judged=version_id, verified=evidence.verified_version_id
    )
    if not besides:
        rules.check_reviewable(evidence.state, judged=version_id, current=evidence.current_id)
    # Compared cleaned: a form does not send back the line ends that an older release stored.
    if title is not None and clean_line(title) != clean_line(evidence.title):
        raise Stale
    keys = load_confirmations(session, evidence, milestones) if decision == "verified" else ()
    if besides:
        keys = rules.select_additional_confirmations(keys, confirmed_keys(session, version_id))
    elif decision == "verified" and not keys:
        rules.check_milestones_remain(keys, load_confirmations(session, evidence, None))
    review = Review(
        user_id=evidence.user_id,
        evidence_id=evidence.id,
        version_id=version_id,
        reviewer_id=by.id,
        reviewer_name=by.name,
        title=evidence.title,
        decision=decision,
        comment=clean_multiline(comment),
        decided_at=now,
    )
    session.add(review)
    session.flush()
    if not besides:
        # A version can be reviewed twice (returned, resubmitted unchanged): the last one counts.
        session.execute(
            sa.delete(Confirmation)
            .where(Confirmation.version_id == version_id)
            .execution_options(synchronize_session=False)
        )
    for key in keys:
        session.add(
            Confirmation(
                version_id=version_id,
                milestone_key=key,
                user_id=evidence.user_id,
                review_id=review.id,
                confirmed_at=now,
            )
        )
    evidence.state = decision
    release_reviewer(evidence)
    evidence.verified_version_id = version_id if decision == "verified" else None
    evidence.updated_at = now
    said: dict[str, Any] = {"version": evidence.current.number, "milestones": list(keys)}
    if besides:
        said["besides"] = True
    record_evidence_history(
        session, evidence, f"evidence.{decision}", by, now, row_id=review.id, **said
    )
    record_audit(
        session, by=by.id, action=f"evidence.{decision}", target=str(evidence.id), now=now, **said
    )
    return review


def _lock_for_review(session: Session, evidence: Evidence, by: Actor) -> None:
    """Read the item under the lock. Raises Refused where `by` may not review it."""
    lock_and_reload(session, evidence, by)
    if evidence.user_id == by.id:
        raise Refused("own")
    if not can(by, "evidence.review", evidence):
        raise Refused("not_entitled")
