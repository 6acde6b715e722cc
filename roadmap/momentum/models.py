"""The table of daily snapshots."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, foreign_key


class Snapshot(Base):
    """A person's own figures on a roadmap at the end of a day in their time zone.

    Snapshots are only history: today's figures are never read from them. A day without a row has
    the figures of the row before it. Hours are cumulative, as in `readiness.rules.Effort`; hours
    with evidence and the score are None if later changes have made them unknown.

    `checked_on` is the last day for which the figures were confirmed, `person_version` the version
    of the summary row they came from, or None if they were reconstructed from the history.
    """

    __tablename__ = "progress_snapshot"

    user_id: Mapped[uuid.UUID] = foreign_key("user.id", primary_key=True)
    roadmap_id: Mapped[uuid.UUID] = foreign_key("roadmap.id", primary_key=True, index=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    hours: Mapped[int]
    claimed_hours: Mapped[int]
    evidenced_hours: Mapped[int | None]
    verified_hours: Mapped[int | None]
    score: Mapped[Decimal | None] = mapped_column(sa.Numeric(7, 4))
    checked_on: Mapped[dt.date]
    person_version: Mapped[int | None]
