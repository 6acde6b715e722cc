"""The table of archives that were imported."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id
from roadmap.people.models import OwnerId


class ArchiveImport(Base):
    """An archive that was imported: where it came from, and the rows that have no place here.

    `left_out` are these rows as the archive has them, by the name of their table. They name
    roadmaps, milestones or skills that this installation does not have.
    """

    __tablename__ = "archive_import"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    instance: Mapped[str] = mapped_column(sa.String(200))
    person: Mapped[str] = mapped_column(sa.String(200))
    made_at: Mapped[dt.datetime]
    imported_at: Mapped[dt.datetime]
    rows: Mapped[int]
    left_out: Mapped[dict[str, Any]]
