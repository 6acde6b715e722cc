"""Sessions, password links, unconfirmed addresses, API tokens and counted attempts."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id, check_one_of, foreign_key
from roadmap.people import scopes
from roadmap.people.models import OwnerId

SCOPES = tuple(scopes.SCOPES)


class StoredToken(Base):
    """A random token of a person, stored as its SHA-256."""

    __abstract__ = True

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    created_at: Mapped[dt.datetime]


class LoginSession(StoredToken):
    """A session of a signed-in browser, which has the token in a cookie."""

    __tablename__ = "login_session"

    last_seen_at: Mapped[dt.datetime]
    fresh_at: Mapped[dt.datetime]
    user_agent: Mapped[str] = mapped_column(sa.String(300), default="")
    address: Mapped[str] = mapped_column(sa.String(64), default="")


class PasswordLink(StoredToken):
    """A link to set a password, which works once."""

    __tablename__ = "password_link"

    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]


class PendingEmail(StoredToken):
    """A new e-mail address that is not confirmed yet.

    A person has at most one. It is the only address of a new account whose `email_key` is None.
    """

    __tablename__ = "pending_email"

    email: Mapped[str] = mapped_column(sa.String(320))
    email_key: Mapped[str] = mapped_column(sa.String(320), index=True)
    expires_at: Mapped[dt.datetime]


class ApiToken(StoredToken):
    """A personal token; `scope` is a key of `people.scopes.SCOPES`."""

    __tablename__ = "api_token"

    name: Mapped[str] = mapped_column(sa.String(100))
    scope: Mapped[str] = mapped_column(sa.String(5), default="read")
    expires_at: Mapped[dt.datetime | None]
    last_used_at: Mapped[dt.datetime | None]

    __table_args__ = (check_one_of("scope", "scope", SCOPES),)


class AccountDeletion(Base):
    """A request to delete an account permanently at `due_at`; until then it is deactivated.

    `requested_by` is None for the command line. If the request deactivated the account, its time
    equals `deactivated_at`.
    """

    __tablename__ = "account_deletion"

    user_id: Mapped[uuid.UUID] = foreign_key("user.id", primary_key=True)
    requested_by: Mapped[uuid.UUID | None] = foreign_key("user.id", "SET NULL", index=True)
    requested_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime] = mapped_column(index=True)


class Attempt(Base):
    """A counted attempt at something guessable (sign-in, reset), by account or address.

    Attempts are stored, so that limits apply across processes and restarts.
    """

    __tablename__ = "attempt"

    id: Mapped[Id]
    bucket: Mapped[str] = mapped_column(sa.String(120))
    attempted_at: Mapped[dt.datetime]

    __table_args__ = (sa.Index("ix_attempt_bucket_attempted_at", "bucket", "attempted_at"),)
