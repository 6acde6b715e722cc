"""The table of certification costs, visible only to their owner."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id, foreign_key
from roadmap.people.models import OwnerId


class CredentialCost(Base):
    """The cost of a user's certification in a year, in whole units of a currency."""

    __tablename__ = "credential_cost"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    evidence_id: Mapped[uuid.UUID] = foreign_key("evidence.id")
    year: Mapped[int]
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(sa.String(3))
    updated_at: Mapped[dt.datetime]

    __table_args__ = (sa.UniqueConstraint("evidence_id", "year"),)
