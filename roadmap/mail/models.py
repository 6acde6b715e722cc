"""Mail on its way: the table of the outbox."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id


class OutgoingMail(Base):
    """A mail that waits to be sent, or was. Written with what it tells of, in one transaction.

    `body` is emptied once it was sent or given up: it may hold a link that opens something.
    """

    __tablename__ = "outgoing_mail"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("user.id", ondelete="CASCADE"), index=True
    )
    recipient: Mapped[str] = mapped_column(sa.String(320))
    subject: Mapped[str] = mapped_column(sa.String(300))
    body: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[dt.datetime | None]
    error: Mapped[str] = mapped_column(sa.String(300), default="")
