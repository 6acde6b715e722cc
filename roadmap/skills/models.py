"""Tables of skill assessments, all of which are kept as history, and of requests for them."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id, check_one_of, foreign_key
from roadmap.people.models import OwnerId

SIDES = ("self", "manager")


class Assessment(Base):
    """An assessed level (0 to 4) of a user's skill. Rows are only added."""

    __tablename__ = "assessment"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = foreign_key("user.id")
    skill_key: Mapped[str] = foreign_key("skill.key", "RESTRICT", index=True)
    side: Mapped[str] = mapped_column(sa.String(8))
    level: Mapped[int]
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    assessor_id: Mapped[uuid.UUID | None] = foreign_key("user.id", "SET NULL", index=True)
    assessor_name: Mapped[str] = mapped_column(sa.String(200))
    # The assessor's role was given to them by the assessed user.
    added_by_author: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # A script recorded it with the assessor's personal token.
    by_token: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    assessed_at: Mapped[dt.datetime]

    __table_args__ = (
        check_one_of("side", "side", SIDES),
        sa.CheckConstraint("level BETWEEN 0 AND 4", name="level"),
        sa.Index("ix_assessment_latest", "user_id", "skill_key", "side", "assessed_at"),
    )


class AssessmentRequest(Base):
    """When a user last asked others to assess a skill. Their assessment deletes it."""

    __tablename__ = "assessment_request"

    user_id: Mapped[uuid.UUID] = foreign_key("user.id", primary_key=True)
    skill_key: Mapped[str] = foreign_key("skill.key", "RESTRICT", index=True, primary_key=True)
    requested_at: Mapped[dt.datetime]


class ImportedAssessment(Base):
    """An assessment by a manager on another installation, imported from a user's archive.

    It has not been checked here. It is shown as history only and does not count.
    """

    __tablename__ = "imported_assessment"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    skill_key: Mapped[str] = foreign_key("skill.key", "RESTRICT", index=True)
    level: Mapped[int]
    comment: Mapped[str] = mapped_column(sa.Text)
    assessor_name: Mapped[str] = mapped_column(sa.String(200))
    added_by_author: Mapped[bool]
    by_token: Mapped[bool]
    assessed_at: Mapped[dt.datetime]
    imported_from: Mapped[str] = mapped_column(sa.String(200))
    imported_at: Mapped[dt.datetime]

    __table_args__ = (sa.CheckConstraint("level BETWEEN 0 AND 4", name="level"),)
