"""Sessions, password links, API tokens and counted attempts."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id, check_one_of

SCOPES = ("read", "write")


class LoginSession(Base):
    """A signed-in browser. The cookie has a random token, this row its SHA-256."""

    __tablename__ = "login_session"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("user.id", ondelete="CASCADE"), index=True
    )
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    created_at: Mapped[dt.datetime]
    last_seen_at: Mapped[dt.datetime]
    fresh_at: Mapped[dt.datetime]
    user_agent: Mapped[str] = mapped_column(sa.String(300), default="")
    address: Mapped[str] = mapped_column(sa.String(64), default="")


class PasswordLink(Base):
    """A link to set a password once within its lifetime. Only the token's SHA-256 is stored."""

    __tablename__ = "password_link"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("user.id", ondelete="CASCADE"), index=True
    )
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]


class Attempt(Base):
    """A counted attempt at something guessable (sign-in, reset), by account or address.

    It is stored in the database, so that the count holds across processes and restarts.
    """

    __tablename__ = "attempt"

    id: Mapped[Id]
    bucket: Mapped[str] = mapped_column(sa.String(120))
    attempted_at: Mapped[dt.datetime]

    __table_args__ = (sa.Index("ix_attempt_bucket_attempted_at", "bucket", "attempted_at"),)


class ApiToken(Base):
    """A personal token of the API. Only its SHA-256 is stored; `scope` is `read` or `write`."""

    __tablename__ = "api_token"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("user.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(sa.String(100))
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    scope: Mapped[str] = mapped_column(sa.String(5), default="read")
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime | None]
    last_used_at: Mapped[dt.datetime | None]

    __table_args__ = (check_one_of("scope", "scope", SCOPES),)
