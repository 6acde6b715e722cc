"""Sessions, links and tokens that open something, counted tries, and mail on its way."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id, one_of
from roadmap.people.models import ROLES

SCOPES = ("read", "write")


class LoginSession(Base):
    """One signed-in browser. The cookie holds a random token, this row only its SHA-256."""

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
    """A link to set a password, once, for a limited time. Only the token's SHA-256 is kept."""

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
    """One counted try of something that can be guessed (sign-in, reset), by account or address.

    In the database, so that the count holds across processes and restarts.
    """

    __tablename__ = "attempt"

    id: Mapped[Id]
    bucket: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[dt.datetime]

    __table_args__ = (sa.Index("ix_attempt_bucket_at", "bucket", "at"),)


class Invitation(Base):
    """An invitation to have an account here, and to join a team where it names one.

    Whoever holds the link may use it, once; where it names an e-mail address, only the person
    with that address. `accepted_by` says who did. Taken back is a row with `revoked_at`.
    """

    __tablename__ = "invitation"

    id: Mapped[Id]
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    email: Mapped[str] = mapped_column(sa.String(320), default="")
    email_key: Mapped[str] = mapped_column(sa.String(320), default="", index=True)
    team_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("team.id", ondelete="CASCADE"), index=True
    )
    role: Mapped[str] = mapped_column(sa.String(8), default="member")
    created_by: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("user.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    accepted_at: Mapped[dt.datetime | None]
    accepted_by: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("user.id", ondelete="SET NULL"), index=True
    )
    revoked_at: Mapped[dt.datetime | None]

    __table_args__ = (one_of("role", "role", ROLES),)


class ApiToken(Base):
    """A personal token of the API. Only its SHA-256 is kept; `scope` is `read` or `write`."""

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

    __table_args__ = (one_of("scope", "scope", SCOPES),)


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
