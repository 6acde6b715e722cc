"""Tables of pending imports and imported records."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id, foreign_key
from roadmap.importers.importer import MAX_ID_LENGTH
from roadmap.people.models import OwnerId


class PendingImport(Base):
    """An import that is not saved yet: at most one per user and importer, kept for a day.

    `source` is the file or account name. `options` are the user's answers, None before they are
    given. `state` is "ready" for a file, and "fetching", "waiting" (rate limited), "failed" or
    "ready" for a site. `todo` lists the remaining pages as (record type, URL) pairs; the first one
    is due at `resume_at`. `fault` is the last error, `totals` the reported count by record type.
    """

    __tablename__ = "pending_import"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    importer: Mapped[str] = mapped_column(sa.String(30))
    source: Mapped[str] = mapped_column(sa.String(200))
    records: Mapped[list[Any]]
    options: Mapped[dict[str, Any] | None]
    state: Mapped[str] = mapped_column(sa.String(8), default="ready", server_default="ready")
    todo: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    pages: Mapped[int] = mapped_column(default=0, server_default="0")
    totals: Mapped[dict[str, Any] | None]
    fault: Mapped[dict[str, Any] | None]
    resume_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    created_at: Mapped[dt.datetime]

    __table_args__ = (sa.UniqueConstraint("user_id", "importer"),)


class ImportedRecord(Base):
    """An imported external id, kept after its record is deleted to prevent a second import."""

    __tablename__ = "imported_record"

    user_id: Mapped[uuid.UUID] = foreign_key("user.id", primary_key=True)
    external_id: Mapped[str] = mapped_column(sa.String(MAX_ID_LENGTH), primary_key=True)
    importer: Mapped[str] = mapped_column(sa.String(30))
    # A key of `records.RECORDS`, and the id of the imported row.
    record: Mapped[str] = mapped_column(sa.String(12))
    record_id: Mapped[uuid.UUID]
    imported_at: Mapped[dt.datetime]
