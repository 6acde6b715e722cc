"""Load positions and degrees."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.career.models import Degree, Position


def positions(session: Session, user_id: uuid.UUID) -> Sequence[Position]:
    """Load the user's positions: current ones first, then by start, latest first."""
    return session.scalars(
        sa.select(Position)
        .where(Position.user_id == user_id)
        .order_by(Position.ended_on.is_not(None), Position.started_on.desc(), Position.id.desc())
    ).all()


def degrees(session: Session, user_id: uuid.UUID) -> Sequence[Degree]:
    """Load the user's degrees, latest first, undated ones last."""
    return session.scalars(
        sa.select(Degree)
        .where(Degree.user_id == user_id)
        .order_by(Degree.awarded_on.is_(None), Degree.awarded_on.desc(), Degree.id.desc())
    ).all()
