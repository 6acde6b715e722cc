"""The summary row for each person and roadmap, from which lists of people are read."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Json, foreign_key


class ReadinessSummary(Base):
    """Results computed from a person's facts, refreshed by every write that changes them.

    It can always be rebuilt with `flask readiness recompute`. `own` is for the person, `shared` for
    everyone else; see `summary.summarize`. The row expires on `valid_until`, the next date on which
    the result can change without a write.

    `counted` holds everything that a status change does not affect (`summary.CountedFacts`), and
    only status changes read it. `person_version` is the person's version at the refresh.
    """

    __tablename__ = "readiness_summary"

    user_id: Mapped[uuid.UUID] = foreign_key("user.id", primary_key=True)
    roadmap_id: Mapped[uuid.UUID] = foreign_key("roadmap.id", primary_key=True, index=True)
    revision_id: Mapped[uuid.UUID] = foreign_key("roadmap_revision.id", index=True)
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
