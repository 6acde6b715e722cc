"""The table of notifications."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column

from roadmap.core.types import Base, Id, Json

# The kind of source of the mails about notifications.
MAIL_SOURCE = "notification"


def _reference(column: str, ondelete: str = "CASCADE") -> MappedColumn[uuid.UUID | None]:
    return mapped_column(sa.ForeignKey(column, ondelete=ondelete), index=True)


class Notification(Base):
    """Something that a person should know.

    `user_id` reads it, `subject_user_id` is the person it concerns, `kind` one of `kinds.KINDS`. It
    names evidence by its id alone: the title is read when it is shown, as far as the reader may
    see it then. `data` holds what else it says, such as the name of a team.
    """

    __tablename__ = "notification"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("user.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(sa.String(32))
    subject_user_id: Mapped[uuid.UUID | None] = _reference("user.id")
    evidence_id: Mapped[uuid.UUID | None] = _reference("evidence.id")
    review_id: Mapped[uuid.UUID | None] = _reference("review.id")
    comment_id: Mapped[uuid.UUID | None] = _reference("evidence_comment.id")
    team_id: Mapped[uuid.UUID | None] = _reference("team.id")
    actor_id: Mapped[uuid.UUID | None] = _reference("user.id", ondelete="SET NULL")
    actor_name: Mapped[str] = mapped_column(sa.String(200), default="")
    data: Mapped[Json]
    created_at: Mapped[dt.datetime]
    read_at: Mapped[dt.datetime | None]

    __table_args__ = (sa.Index("ix_notification_user_id_read_at", "user_id", "read_at"),)
