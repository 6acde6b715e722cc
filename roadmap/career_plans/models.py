"""Tables of career plans, visible only to their owner."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id, Json, check_one_of
from roadmap.people.models import OwnerId

PLAN_KINDS = ("challenge", "direction", "education")


class CareerPlan(Base):
    """A user's answers to the questions of one page.

    `subject` is the key of the challenge or education option, empty for the direction. `answers`
    are strings by question key, with dates in ISO 8601 and numbers as decimals. `revision` is
    incremented by each change to detect stale forms.
    """

    __tablename__ = "career_plan"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    kind: Mapped[str] = mapped_column(sa.String(12))
    subject: Mapped[str] = mapped_column(sa.String(60), default="")
    answers: Mapped[Json]
    revision: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[dt.datetime]

    __table_args__ = (
        sa.UniqueConstraint("user_id", "kind", "subject"),
        check_one_of("kind", "kind", PLAN_KINDS),
    )


class Reflection(Base):
    """A user's dated reflection on a challenge. Append-only."""

    __tablename__ = "career_reflection"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    challenge: Mapped[str] = mapped_column(sa.String(60))
    written_on: Mapped[dt.date]
    text: Mapped[str] = mapped_column(sa.Text)
