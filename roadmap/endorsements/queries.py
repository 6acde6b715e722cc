"""Load requests to witnesses and their answers."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.endorsements.models import Endorsement


def load_endorsements(
    session: Session, user_id: uuid.UUID, milestone: str
) -> Sequence[Endorsement]:
    """Load a user's requests and answers about a milestone, newest first."""
    return session.scalars(
        sa.select(Endorsement)
        .where(Endorsement.user_id == user_id, Endorsement.milestone_key == milestone)
        .order_by(Endorsement.created_at.desc(), Endorsement.id.desc())
    ).all()


def load_positive_endorsements(
    session: Session, people: Collection[uuid.UUID], milestones: Collection[str]
) -> dict[tuple[uuid.UUID, str], list[Endorsement]]:
    """Load the confirming answers of witnesses by user and milestone, oldest first."""
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
