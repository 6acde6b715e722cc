"""The notification model."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id, Json, foreign_key

# The source under which mails about notifications are queued.
MAIL_SOURCE = "notification"


class Notification(Base):
    """A notification for the person `user_id`, about the person `subject_user_id`.

    `kind` is a key of `kinds.KINDS`. Evidence is referenced by id only: its title is loaded for
    display, if the reader may see it then. `data` holds further values, such as a team's name.
    """

    __tablename__ = "notification"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = foreign_key("user.id")
    kind: Mapped[str] = mapped_column(sa.String(32))
    subject_user_id: Mapped[uuid.UUID | None] = foreign_key("user.id", index=True)
    evidence_id: Mapped[uuid.UUID | None] = foreign_key("evidence.id", index=True)
    review_id: Mapped[uuid.UUID | None] = foreign_key("review.id", index=True)
    comment_id: Mapped[uuid.UUID | None] = foreign_key("evidence_comment.id", index=True)
    team_id: Mapped[uuid.UUID | None] = foreign_key("team.id", index=True)
    actor_id: Mapped[uuid.UUID | None] = foreign_key("user.id", "SET NULL", index=True)
    actor_name: Mapped[str] = mapped_column(sa.String(200), default="")
    data: Mapped[Json]
    created_at: Mapped[dt.datetime]
    read_at: Mapped[dt.datetime | None]

    __table_args__ = (sa.Index("ix_notification_user_id_read_at", "user_id", "read_at"),)
