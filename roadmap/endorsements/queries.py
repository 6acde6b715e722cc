"""Load what witnesses were asked and said."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.endorsements.models import Endorsement


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
