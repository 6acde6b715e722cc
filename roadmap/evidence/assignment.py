"""Who has a piece: the reviewer who took it up, as long as they may judge it.

Nothing is kept of it but the line in the author's history, and who manages the author now. So a
piece is let go of by itself, however its reviewer went: out of the team, with the team, to another
place in the tree, or with their account.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.evidence.models import Evidence
from roadmap.people.models import HistoryEntry, User
from roadmap.people.reach import holders_of
from roadmap.people.roles import Capability


def assigned_reviewer(
    session: Session, evidence: Evidence, managers: Sequence[User] | None = None
) -> User | None:
    """Who took up a piece that is in review, where they manage its author still.

    `managers` are those of the author, where they are known already.
    """
    if evidence.state != "in_review":
        return None
    taken_by = session.scalar(
        sa.select(HistoryEntry.actor_id)
        .where(
            HistoryEntry.user_id == evidence.user_id,
            HistoryEntry.subject == str(evidence.id),
            HistoryEntry.action == "evidence.taken_up",
        )
        .order_by(HistoryEntry.id.desc())
        .limit(1)
    )
    if managers is None:
        managers = holders_of(session, evidence.user_id, Capability.REVIEW)
    return next((person for person in managers if person.id == taken_by), None)
