"""Tables of enrollments, and of the status and plan of milestones."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id, check_one_of, foreign_key

# A missing row means not started.
STATUSES = ("in_progress", "done", "not_applicable")


class Enrollment(Base):
    """A person's enrollment in a roadmap, with target date and pace in hours per week."""

    __tablename__ = "enrollment"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = foreign_key("user.id")
    roadmap_id: Mapped[uuid.UUID] = foreign_key("roadmap.id", index=True)
    started_on: Mapped[dt.date]
    target_on: Mapped[dt.date | None]
    hours_per_week: Mapped[Decimal | None] = mapped_column(sa.Numeric(4, 1))
    is_primary: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime]

    __table_args__ = (
        sa.UniqueConstraint("user_id", "roadmap_id"),
        sa.CheckConstraint("hours_per_week > 0 AND hours_per_week <= 80", name="hours_per_week"),
    )


class MilestoneStatus(Base):
    """A person's status of a milestone, with the time and author of the change.

    `was_calibrated` is true if the milestone was marked as done during calibration, in which case
    the real completion date is unknown.
    """

    __tablename__ = "milestone_status"

    user_id: Mapped[uuid.UUID] = foreign_key("user.id", primary_key=True)
    milestone_key: Mapped[str] = foreign_key(
        "milestone.key", "RESTRICT", primary_key=True, index=True
    )
    status: Mapped[str] = mapped_column(sa.String(16))
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    changed_at: Mapped[dt.datetime]
    changed_by_id: Mapped[uuid.UUID | None] = foreign_key("user.id", "SET NULL", index=True)
    was_calibrated: Mapped[bool] = mapped_column(default=False, server_default=sa.false())

    __table_args__ = (check_one_of("status", "status", STATUSES),)


class MilestonePlan(Base):
    """A person's private note and target date for a milestone.

    It is a row of its own, so that it is kept when the status is reset. `revision` is incremented
    with each change: forms send back the one they were filled from, so that stale edits are
    refused.
    """

    __tablename__ = "milestone_plan"

    user_id: Mapped[uuid.UUID] = foreign_key("user.id", primary_key=True)
    milestone_key: Mapped[str] = foreign_key(
        "milestone.key", "RESTRICT", primary_key=True, index=True
    )
    note: Mapped[str] = mapped_column(sa.Text, default="")
    target_on: Mapped[dt.date | None]
    revision: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[dt.datetime]
