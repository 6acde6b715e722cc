"""The notification model."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column

from roadmap.core.types import Base, Id, Json

# The source under which mails about notifications are queued.
MAIL_SOURCE = "notification"


def _reference(column: str, ondelete: str = "CASCADE") -> MappedColumn[uuid.UUID | None]:
    return mapped_column(sa.ForeignKey(column, ondelete=ondelete), index=True)


class Notification(Base):
    """A notification for the person `user_id`, about the person `subject_user_id`.

    `kind` is a key of `kinds.KINDS`. Evidence is referenced by id only: its title is loaded for
    display, if the reader may see it then. `data` holds further values, such as a team's name.
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
