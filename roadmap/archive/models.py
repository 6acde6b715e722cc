"""The record of imported archives."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id
from roadmap.people.models import OwnerId


class ArchiveImport(Base):
    """An imported archive, with its origin and the rows that could not be imported.

    `left_out` has these rows in the archive's form, by table. They refer to roadmaps, milestones
    or skills that this installation does not have.
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
