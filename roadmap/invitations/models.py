"""Invitations to a team or to this installation."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from roadmap.core.types import Base, Id, foreign_key
from roadmap.people.models import Team, User
from roadmap.people.roles import DEFAULT_ROLE


class Invitation(Base):
    """An invitation to create an account, and to join a team if it names one.

    It works once, for anyone with the link, or only for the owner of `email` if set. With
    `is_mailed`, only they have the link.
    """

    __tablename__ = "invitation"

    id: Mapped[Id]
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    email: Mapped[str] = mapped_column(sa.String(320), default="")
    email_key: Mapped[str] = mapped_column(sa.String(320), default="", index=True)
    is_mailed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    team_id: Mapped[uuid.UUID | None] = foreign_key("team.id", index=True)
    role: Mapped[str] = mapped_column(sa.String(32), default=DEFAULT_ROLE)
    created_by: Mapped[uuid.UUID | None] = foreign_key("user.id", "SET NULL", index=True)
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    accepted_at: Mapped[dt.datetime | None]
    accepted_by: Mapped[uuid.UUID | None] = foreign_key("user.id", "SET NULL", index=True)
    revoked_at: Mapped[dt.datetime | None]

    team: Mapped[Team | None] = relationship(lazy="joined")
    inviter: Mapped[User | None] = relationship(foreign_keys=created_by, lazy="joined")

    @property
    def inviter_name(self) -> str:
        """Return the inviter's name; empty if their account is deleted."""
        return self.inviter.name if self.inviter else ""
