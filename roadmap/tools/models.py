"""The table of tool records, which are private unless the user shares them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.dates import PartialDate
from roadmap.core.types import Base, Id, check_one_of
from roadmap.people.models import OwnerId

# '' means not specified.
LEVELS = ("", "tried", "used", "production", "asked")
INTERESTS = ("", "learn", "deepen", "leave")
EMPTY_VALUES = {"level": "", "interest": "", "last_used": None, "note": ""}


class ToolRecord(Base):
    """A user's experience with a tool. `tool` is its key in the content."""

    __tablename__ = "tool_record"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    tool: Mapped[str] = mapped_column(sa.String(60))
    level: Mapped[str] = mapped_column(sa.String(12), default="")
    interest: Mapped[str] = mapped_column(sa.String(12), default="")
    last_used: Mapped[PartialDate | None]
    note: Mapped[str] = mapped_column(sa.Text, default="")
    updated_at: Mapped[dt.datetime]

    __table_args__ = (
        sa.UniqueConstraint("user_id", "tool"),
        check_one_of("level", "level", LEVELS),
        check_one_of("interest", "interest", INTERESTS),
    )

    @property
    def values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in EMPTY_VALUES}
