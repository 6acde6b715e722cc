"""Load what witnesses were asked and said."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.auth.tokens import hash_token
from roadmap.endorsements.models import Endorsement
from roadmap.people.models import User


def endorsements(session: Session, user_id: uuid.UUID, milestone: str) -> Sequence[Endorsement]:
    """Load what the person asked of witnesses about a milestone, the newest first."""
    return session.scalars(
        sa.select(Endorsement)
        .where(Endorsement.user_id == user_id, Endorsement.milestone_key == milestone)
        .order_by(Endorsement.created_at.desc(), Endorsement.id.desc())
    ).all()


def witnessed(
    session: Session, people: Collection[uuid.UUID], milestones: Collection[str]
) -> dict[tuple[uuid.UUID, str], list[Endorsement]]:
    """Load what witnesses saw of people, by person and milestone, the oldest first."""
    found: dict[tuple[uuid.UUID, str], list[Endorsement]] = defaultdict(list)
    if milestones:
        rows = session.scalars(
            sa.select(Endorsement)
            .where(
                Endorsement.user_id.in_(sorted(people)),
                Endorsement.milestone_key.in_(sorted(milestones)),
                Endorsement.answer == "seen",
            )
            .order_by(Endorsement.answered_at, Endorsement.id)
        )
        for row in rows:
            found[row.user_id, row.milestone_key].append(row)
    return found


def find_by_token(session: Session, token: str) -> tuple[Endorsement, User] | None:
    """Load the request of a token and its person, unless their account is deactivated."""
    found = session.execute(
        sa.select(Endorsement, User)
        .join(User, User.id == Endorsement.user_id)
        .where(Endorsement.token_hash == hash_token(token), User.deactivated_at.is_(None))
    ).first()
    return (found[0], found[1]) if found else None
