"""The table of daily snapshots."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base


class Snapshot(Base):
    """A person's own figures on a roadmap at the end of a day, by their own date.

    It is history and never the truth: no figure of today is read from it. A day without a row is
    as the row before it. Hours are cumulative, as in `readiness.rules.Progress`; those with
    evidence and the score are None where later changes make it impossible to tell.

    `checked_on` is the last day on which the figures were found to be the same, `person_version`
    that of the summary row in which they were found; None where they come from the history.
    """

    __tablename__ = "progress_snapshot"

    user_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True
    )
    roadmap_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("roadmap.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    hours: Mapped[int]
    claimed_hours: Mapped[int]
    evidenced_hours: Mapped[int | None]
    verified_hours: Mapped[int | None]
    score: Mapped[Decimal | None] = mapped_column(sa.Numeric(7, 4))
    checked_on: Mapped[dt.date]
    person_version: Mapped[int | None]
