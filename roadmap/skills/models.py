"""The table of assessments: dated levels by the person or by a manager, kept as history."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id, check_one_of
from roadmap.people.models import OwnerId

SIDES = ("self", "manager")


class Assessment(Base):
    """One person's skill at one level (0 to 4), as somebody judged it. Rows are only added."""

    __tablename__ = "assessment"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("user.id", ondelete="CASCADE"))
    skill_key: Mapped[str] = mapped_column(
        sa.ForeignKey("skill.key", ondelete="RESTRICT"), index=True
    )
    side: Mapped[str] = mapped_column(sa.String(8))
    level: Mapped[int]
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    assessor_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("user.id", ondelete="SET NULL"), index=True
    )
    assessor_name: Mapped[str] = mapped_column(sa.String(200))
    # The assessor could only do so by a role that the person gave them.
    added_by_author: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # A script gave it by a personal token of the assessor.
    by_token: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    assessed_at: Mapped[dt.datetime]

    __table_args__ = (
        check_one_of("side", "side", SIDES),
        sa.CheckConstraint("level BETWEEN 0 AND 4", name="level"),
        sa.Index("ix_assessment_latest", "user_id", "skill_key", "side", "assessed_at"),
    )


class ImportedAssessment(Base):
    """An assessment by a manager of another installation, as the archive of its person says.

    Nobody here has checked that. It is shown as history, and counts for nothing.
    """

    __tablename__ = "imported_assessment"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    skill_key: Mapped[str] = mapped_column(
        sa.ForeignKey("skill.key", ondelete="RESTRICT"), index=True
    )
    level: Mapped[int]
    comment: Mapped[str] = mapped_column(sa.Text)
    assessor_name: Mapped[str] = mapped_column(sa.String(200))
    added_by_author: Mapped[bool]
    by_token: Mapped[bool]
    assessed_at: Mapped[dt.datetime]
    imported_from: Mapped[str] = mapped_column(sa.String(200))
    imported_at: Mapped[dt.datetime]

    __table_args__ = (sa.CheckConstraint("level BETWEEN 0 AND 4", name="level"),)
