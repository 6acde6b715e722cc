"""The table of the outbox."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id


class OutgoingMail(Base):
    """A mail that waits to be sent, or was sent.

    `source_kind` and `source_id` name the row that it is about. A higher room has that table, so
    there is no foreign key. `due_at` is None once it was sent or given up; `body` is empty then,
    because it may hold a link that opens something. `failed_at` is when the last try failed,
    None while the next one is under way.
    """

    __tablename__ = "outgoing_mail"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("user.id", ondelete="CASCADE"), index=True
    )
    recipient: Mapped[str] = mapped_column(sa.String(320))
    # Otherwise it goes to the address that the account has when the mail is sent.
    address_is_fixed: Mapped[bool] = mapped_column(default=False)
    source_kind: Mapped[str] = mapped_column(sa.String(32), default="")
    source_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    subject: Mapped[str] = mapped_column(sa.String(300))
    body: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[dt.datetime | None]
    error: Mapped[str] = mapped_column(sa.String(300), default="")
    failed_at: Mapped[dt.datetime | None]
