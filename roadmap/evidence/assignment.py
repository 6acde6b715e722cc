"""The reviewer who took a piece of evidence up.

The row says who it was. It counts only while that person may review the piece: a reviewer who left
the team, whose team moved in the tree or whose account was closed holds nobody up.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from roadmap.evidence.models import Evidence
from roadmap.people.models import User
from roadmap.people.reach import holders_of
from roadmap.people.roles import Capability


def assigned_reviewer(
    session: Session, evidence: Evidence, managers: Sequence[User] | None = None
) -> User | None:
    """Return who took up a piece that is in review, if they still manage its author.

    `managers` are those of the author, where they are known already.
    """
    if evidence.reviewer_id is None:
        return None
    if managers is None:
        managers = holders_of(session, evidence.user_id, Capability.REVIEW)
    return next((person for person in managers if person.id == evidence.reviewer_id), None)


def release_reviewer(evidence: Evidence) -> None:
    """Note that no reviewer has the piece any more."""
    evidence.reviewer_id = evidence.review_started_at = None
