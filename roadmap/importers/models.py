"""The tables of imports: what waits to be looked at, and what was imported."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id
from roadmap.importers.importer import MAX_ID_LENGTH
from roadmap.people.models import OwnerId


class PendingImport(Base):
    """What a person brought and has not saved yet: one of each importer, for a day.

    `source` is the name of the file or of the account, `options` what the person chose, None before
    they did. `state` is "ready" for what there is of a file. What is fetched is "fetching",
    "waiting" for a limit of the host to end, or "failed": `todo` are the pages that come next, as
    pairs of what they list and their address, the first one at `resume_at`; `fault` says why the
    last try brought nothing, `totals` how many there are by what they are.
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
    """What was imported, so that it is not imported again; it stays when the record is deleted."""

    __tablename__ = "imported_record"

    user_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True
    )
    external_id: Mapped[str] = mapped_column(sa.String(MAX_ID_LENGTH), primary_key=True)
    importer: Mapped[str] = mapped_column(sa.String(30))
    # A key of `records.RECORDS`, and the id of its row.
    record: Mapped[str] = mapped_column(sa.String(12))
    record_id: Mapped[uuid.UUID]
    imported_at: Mapped[dt.datetime]
