"""The work log table, visible only to its owner."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id, foreign_key
from roadmap.people.models import OwnerId


class WorkLogEntry(Base):
    """A line about a day. `evidence_id` is the piece created from it, if any."""

    __tablename__ = "work_log_entry"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    day: Mapped[dt.date]
    text: Mapped[str] = mapped_column(sa.String(500))
    evidence_id: Mapped[uuid.UUID | None] = foreign_key("evidence.id", "SET NULL", index=True)
    created_at: Mapped[dt.datetime]
