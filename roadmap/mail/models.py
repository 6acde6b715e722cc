"""The outbox table."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id, foreign_key


class OutgoingMail(Base):
    """A mail that is waiting, was sent or has failed.

    `user_id` is the recipient's account, if any. Deactivated accounts get no mail. `source_kind`
    and `source_id` identify the row that the mail is about, to withdraw it and to check it before
    sending, without a foreign key because that table is in a higher layer. Once the mail is sent or
    given up, `due_at` is None and `body` is empty, because it may contain a secret link.
    `failed_at` is the time of the last failure, None during the next attempt.
    """

    __tablename__ = "outgoing_mail"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID | None] = foreign_key("user.id", index=True)
    recipient: Mapped[str] = mapped_column(sa.String(320))
    # If false, the mail goes to the account's address at the time of sending.
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
