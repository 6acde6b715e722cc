"""People, teams, memberships, the history of a person, and the audit log."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id, Json, check_one_of, foreign_key, search_text_of

THEMES = ("system", "light", "dark")

# The owner of a row, which is deleted with them.
OwnerId = Annotated[uuid.UUID, foreign_key("user.id", index=True)]


class User(Base):
    """A person with an account.

    `email_key` is the normalized address for comparisons, None while the address of a new account
    is unconfirmed. Every write about the person increments `version`, which detects changes for
    page caching and serializes concurrent writers.
    """

    __tablename__ = "user"

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(sa.String(320))
    email_key: Mapped[str | None] = mapped_column(sa.String(320), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    search_text: Mapped[str] = search_text_of("name", "email")
    password_hash: Mapped[str | None] = mapped_column(sa.String(200))
    is_admin: Mapped[bool] = mapped_column(default=False)
    timezone: Mapped[str] = mapped_column(sa.String(64), default="UTC")
    locale: Mapped[str] = mapped_column(sa.String(16), default="en")
    theme: Mapped[str] = mapped_column(sa.String(8), default="system")
    headline: Mapped[str] = mapped_column(sa.String(200), default="")
    # Whether others in their teams see their reasons and target dates.
    shares_plans: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # Whether others in their teams see their tools, without the notes.
    shares_tools: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # Whether notifications are also sent by mail.
    wants_mail: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    # Whether single letters are shortcuts, which speech input can trigger by accident.
    uses_single_keys: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[dt.datetime]
    deactivated_at: Mapped[dt.datetime | None]

    __table_args__ = (check_one_of("theme", "theme", THEMES),)

    @property
    def user_id(self) -> uuid.UUID:
        """Return the owner of this row, as the permission predicates expect of every row."""
        return self.id


class Team(Base):
    __tablename__ = "team"

    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(sa.String(60), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    parent_id: Mapped[uuid.UUID | None] = foreign_key("team.id", "SET NULL", index=True)
    created_at: Mapped[dt.datetime]


class Membership(Base):
    """A person's membership in a team; `role` is a key of `ROLES`, `granted_by` who assigned it."""

    __tablename__ = "membership"

    team_id: Mapped[uuid.UUID] = foreign_key("team.id", primary_key=True)
    user_id: Mapped[uuid.UUID] = foreign_key("user.id", primary_key=True, index=True)
    role: Mapped[str] = mapped_column(sa.String(32))
    granted_by: Mapped[uuid.UUID | None] = foreign_key("user.id", "SET NULL", index=True)
    created_at: Mapped[dt.datetime]


class HistoryEntry(Base):
    """A change to a person's records: who did what to which subject, and the values.

    Only show it to people who may see its subject.
    """

    __tablename__ = "history_entry"

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True
    )
    user_id: Mapped[uuid.UUID] = foreign_key("user.id")
    actor_id: Mapped[uuid.UUID | None] = foreign_key("user.id", "SET NULL", index=True)
    at: Mapped[dt.datetime]
    action: Mapped[str] = mapped_column(sa.String(60))
    subject: Mapped[str] = mapped_column(sa.String(120))
    data: Mapped[Json]

    __table_args__ = (
        sa.Index("ix_history_entry_user_id_at", "user_id", "at", "id"),
        sa.Index("ix_history_entry_user_id_subject", "user_id", "subject", "id"),
    )


class AuditEntry(Base):
    """An entry of the audit log. It is not deleted with the people that it names."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True
    )
    at: Mapped[dt.datetime] = mapped_column(index=True)
    actor_id: Mapped[uuid.UUID | None]
    action: Mapped[str] = mapped_column(sa.String(60))
    target: Mapped[str] = mapped_column(sa.String(200), default="")
    address: Mapped[str] = mapped_column(sa.String(64), default="")
    data: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)

    # For the last entry of each account in the account list.
    __table_args__ = (sa.Index("ix_audit_entry_actor_id_at", "actor_id", "at"),)
