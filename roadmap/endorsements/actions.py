"""Ask witnesses and record their answers, which do not count in the readiness rules."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.auth.tokens import form_token, hash_token
from roadmap.core.i18n import _l
from roadmap.core.limits import LimitReached, count_rows
from roadmap.core.types import form_id, new_id
from roadmap.endorsements.models import Endorsement
from roadmap.people.history import record_history
from roadmap.people.locks import lock_and_refresh, lock_user_without_version

if TYPE_CHECKING:
    from roadmap.catalog.content import Milestone

# Per milestone, and per user while waiting for an answer.
MAX_PER_MILESTONE = 20
MAX_OPEN = 50
LIFETIME = dt.timedelta(days=30)


def ask_witness(
    session: Session,
    user_id: uuid.UUID,
    milestone: Milestone,
    *,
    asked: str,
    message: str,
    now: dt.datetime,
    key: str = "",
) -> str:
    """Create a link for one witness about one milestone; return its token, which is not stored.

    Submitting the same form twice creates one link. Raises LimitReached.
    """
    lock_user_without_version(session, user_id)
    endorsement_id = form_id(key, user_id, Endorsement.__tablename__, milestone.key, asked, message)
    if (existing := session.get(Endorsement, endorsement_id)) is not None:
        if existing.is_open(now):
            return form_token(key, endorsement_id, existing.created_at)
        endorsement_id = new_id()
    mine = Endorsement.user_id == user_id
    is_waiting = sa.and_(Endorsement.answered_at.is_(None), Endorsement.expires_at > now)
    is_here = Endorsement.milestone_key == milestone.key
    for most, condition in ((MAX_OPEN, is_waiting), (MAX_PER_MILESTONE, is_here)):
        if count_rows(session, Endorsement, mine, condition) >= most:
            raise LimitReached(
                _l("You already asked %(most)d witnesses, the maximum.", most=most),
                _l("Withdraw a request that is no longer needed, then ask again."),
            )
    token = form_token(key, endorsement_id, now)
    session.add(
        Endorsement(
            id=endorsement_id, user_id=user_id, milestone_key=milestone.key,
            asked=asked, message=message, title=milestone.title, done_when=milestone.done_when,
            token_hash=hash_token(token), created_at=now, expires_at=now + LIFETIME,
        )
    )  # fmt: skip
    session.flush()
    return token


def delete_endorsement(session: Session, endorsement: Endorsement, *, now: dt.datetime) -> bool:
    """Withdraw a request or delete an answer; return whether there was an answer.

    The history keeps the name of the witness.
    """
    # The witness may have answered in the meantime.
    if not lock_and_refresh(session, endorsement):
        return False
    was_answered = bool(endorsement.answer)
    if was_answered:
        record_history(
            session, endorsement.user_id, "endorsement.deleted", endorsement.milestone_key,
            by=endorsement.user_id,
            now=now, witness=endorsement.witness,
        )  # fmt: skip
    session.delete(endorsement)
    session.flush()
    return was_answered


def record_answer(
    session: Session,
    endorsement: Endorsement,
    answer: str,
    witness: str,
    affiliation: str = "",
    statement: str = "",
    *,
    now: dt.datetime,
) -> bool:
    """Record a witness's answer; return False if the link is no longer open."""
    if not lock_and_refresh(session, endorsement) or not endorsement.is_open(now):
        return False
    endorsement.answer, endorsement.witness = answer, witness
    endorsement.affiliation, endorsement.statement = affiliation, statement
    endorsement.answered_at = now
    record_history(
        session, endorsement.user_id, "endorsement.answered", endorsement.milestone_key, by=None,
        now=now, witness=witness, answer=answer,
    )  # fmt: skip
    return True
