"""Tables of self-declared positions and degrees."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.dates import PartialDate
from roadmap.core.types import Base, Id, check_one_of
from roadmap.people.models import OwnerId

DEGREE_LEVELS = ("bachelor", "master", "doctorate", "other")


class Entry(Base):
    """Base of positions and degrees."""

    __abstract__ = True

    id: Mapped[Id]
    user_id: Mapped[OwnerId]

    @property
    def counts(self) -> bool:
        """Return whether readiness takes this entry into account."""
        raise NotImplementedError


class Position(Entry):
    """A job. It is current if `ended_on` is None."""

    __tablename__ = "position"

    title: Mapped[str] = mapped_column(sa.String(200))
    employer: Mapped[str] = mapped_column(sa.String(200), default="")
    started_on: Mapped[PartialDate]
    ended_on: Mapped[PartialDate | None]
    is_ml: Mapped[bool] = mapped_column(default=False)
    summary: Mapped[str] = mapped_column(sa.Text, default="")

    __table_args__ = (
        sa.CheckConstraint(
            "ended_on >= substr(started_on, 1, length(ended_on))", name="dates_in_order"
        ),
    )

    @property
    def counts(self) -> bool:
        return self.is_ml


class Degree(Entry):
    """A completed degree."""

    __tablename__ = "degree"

    level: Mapped[str] = mapped_column(sa.String(12))
    field: Mapped[str] = mapped_column(sa.String(200), default="")
    institution: Mapped[str] = mapped_column(sa.String(200), default="")
    awarded_on: Mapped[PartialDate | None]

    __table_args__ = (check_one_of("level", "level", DEGREE_LEVELS),)

    @property
    def counts(self) -> bool:
        return self.level != "other"
