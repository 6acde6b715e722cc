"""The summary row: one for each person and roadmap, so that a matrix reads rows, not facts."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Json


class ReadinessSummary(Base):
    """What follows from a person's facts, refreshed by every write that changes them.

    It is never the truth: `flask readiness recompute` recomputes every row. `own` is for the
    person, `shared` for everyone else; see `summary.summarize`. It is valid until `valid_until`,
    the next date on which a fact changes by itself.

    `counted` is what counts of the facts that a tick leaves as they are, for each of the two; see
    `summary.CountedFacts`. Only ticks read it. `person_version` is the person's at the refresh.
    """

    __tablename__ = "readiness_summary"

    user_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True
    )
    roadmap_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("roadmap.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    revision_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("roadmap_revision.id", ondelete="CASCADE"), index=True
    )
    own_score: Mapped[Decimal] = mapped_column(sa.Numeric(7, 4))
    shared_score: Mapped[Decimal] = mapped_column(sa.Numeric(7, 4))
    own: Mapped[Json]
    shared: Mapped[Json]
    own_last_activity_on: Mapped[dt.date | None]
    shared_last_activity_on: Mapped[dt.date | None]
    computed_on: Mapped[dt.date]
    valid_until: Mapped[dt.date | None] = mapped_column(index=True)
    person_version: Mapped[int | None]
    counted: Mapped[Json | None]
