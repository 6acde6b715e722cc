"""The table of a person's days off, which nobody else ever sees."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id
from roadmap.people.models import OwnerId


class Absence(Base):
    """Days off from the first to the last, both inclusive, with a note."""

    __tablename__ = "absence"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date]
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    created_at: Mapped[dt.datetime]

    __table_args__ = (sa.CheckConstraint("starts_on <= ends_on", name="order"),)
