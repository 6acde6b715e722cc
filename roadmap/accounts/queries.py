"""Reading accounts: by e-mail, by link, the sessions of one person, and open invitations."""

from __future__ import annotations

import datetime as dt
import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.accounts.models import Invitation, LoginSession, PasswordLink
from roadmap.accounts.tokens import hash_token
from roadmap.core.text import clean
from roadmap.people.models import Team, User

# How long a session lives without being used, and at most.
IDLE = dt.timedelta(hours=8)
ABSOLUTE = dt.timedelta(days=7)

_USERS: Any = User.__table__
_OPENS = sa.select(_USERS.c.id).where(
    _USERS.c.id == sa.bindparam("user_id"),
    _USERS.c.password_hash == sa.bindparam("hash"),
    _USERS.c.deactivated_at.is_(None),
)
_BY_EMAIL = sa.select(User).where(User.email_key == sa.bindparam("key"))


def email_key(email: str) -> str:
    """The form in which e-mail addresses are compared: NFKC, case folded, trimmed.

    Without control characters, which PostgreSQL would refuse.
    """
    folded = unicodedata.normalize("NFKC", clean(email)).casefold()
    return unicodedata.normalize("NFKC", folded).strip()


def anybody(session: Session) -> bool:
    """Whether there is an account at all."""
    return session.scalar(sa.select(User.id).limit(1)) is not None


def person(session: Session, user_id: uuid.UUID) -> User | None:
    """The account with this id, or None."""
    return session.get(User, user_id)


def by_email(session: Session, email: str) -> User | None:
    return session.scalars(_BY_EMAIL, {"key": email_key(email)}).first()


def still_opens(session: Session, user_id: uuid.UUID, password_hash: str) -> bool:
    """Whether this is still the hash of that person's password, and they may come in."""
    return session.execute(_OPENS, {"user_id": user_id, "hash": password_hash}).first() is not None


def everybody(session: Session) -> Sequence[User]:
    """All accounts, oldest first."""
    return session.scalars(sa.select(User).order_by(User.created_at, User.id)).all()


def wants_mail(session: Session, user_id: uuid.UUID) -> bool:
    """Whether notifications come to this person by mail as well."""
    return bool(session.scalar(sa.select(User.wants_mail).where(User.id == user_id)))


def sessions_of(
    session: Session, user_id: uuid.UUID, *, now: dt.datetime
) -> Sequence[LoginSession]:
    """The browsers in which a person is signed in, the latest first."""
    return session.scalars(
        sa.select(LoginSession)
        .where(
            LoginSession.user_id == user_id,
            LoginSession.last_seen_at >= now - IDLE,
            LoginSession.created_at >= now - ABSOLUTE,
        )
        .order_by(LoginSession.last_seen_at.desc(), LoginSession.id.desc())
    ).all()


def open_link(
    session: Session, token: str, *, now: dt.datetime
) -> tuple[PasswordLink, User] | None:
    """The password link of this token and its person, while it can still be used."""
    row = session.execute(
        sa.select(PasswordLink, User)
        .join(User, User.id == PasswordLink.user_id)
        .where(
            PasswordLink.token_hash == hash_token(token),
            PasswordLink.used_at.is_(None),
            PasswordLink.expires_at > now,
            User.deactivated_at.is_(None),
        )
    ).first()
    return (row[0], row[1]) if row else None


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """An invitation that was neither used nor taken back; `expired` ones cannot be used."""

    id: uuid.UUID
    email: str
    role: str
    team: str | None
    team_name: str | None
    by_name: str
    created_at: dt.datetime
    expires_at: dt.datetime
    expired: bool


def open_invitations(
    session: Session, team_id: uuid.UUID | None, *, now: dt.datetime
) -> list[OpenInvitation]:
    """What was neither used nor taken back, the latest first: of one team, or (None) of all."""
    query = (
        sa.select(
            Invitation.id,
            Invitation.email,
            Invitation.role,
            Team.slug,
            Team.name,
            sa.func.coalesce(User.name, ""),
            Invitation.created_at,
            Invitation.expires_at,
        )
        .join(Team, Team.id == Invitation.team_id, isouter=True)
        .join(User, User.id == Invitation.created_by, isouter=True)
        .where(Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))
        .order_by(Invitation.created_at.desc(), Invitation.id.desc())
    )
    if team_id is not None:
        query = query.where(Invitation.team_id == team_id)
    return [OpenInvitation(*row, expired=row.expires_at <= now) for row in session.execute(query)]
