"""The tables of a person's career plans, which nobody else ever sees."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id, Json, check_one_of
from roadmap.people.models import OwnerId

PLAN_KINDS = ("challenge", "direction", "education")


class CareerPlan(Base):
    """A person's answers to the questions of one page.

    `subject` is the key of the challenge or of the option of education, empty for the direction.
    `answers` are texts by key of the question: dates in ISO form, numbers as decimals.
    `revision` grows with each change, so that a form that is out of date is noticed.
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
    """What a person wrote about a challenge on a day. Rows are only added."""

    __tablename__ = "career_reflection"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    challenge: Mapped[str] = mapped_column(sa.String(60))
    written_on: Mapped[dt.date]
    text: Mapped[str] = mapped_column(sa.Text)
