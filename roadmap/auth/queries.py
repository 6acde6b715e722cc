"""Read accounts, sessions, tokens and password links."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.auth.email_addresses import email_key
from roadmap.auth.models import AccountDeletion, LoginSession, PasswordLink, PendingEmail
from roadmap.auth.tokens import hash_token
from roadmap.people.models import User
from roadmap.people.reach import team_roles

# The idle timeout of a session, and its maximum lifetime.
SESSION_IDLE_TIMEOUT = dt.timedelta(hours=8)
SESSION_LIFETIME = dt.timedelta(days=7)

# The columns of `user` that are also attributes of an actor.
ACTOR_ATTRIBUTES = (
    *("id", "name", "email", "email_key", "is_admin"),
    *("timezone", "locale", "theme", "uses_single_keys", "version"),
)

# Active accounts, and those whose owners may still cancel the deletion, see `auth.deletion`.
MAY_SIGN_IN = sa.or_(
    User.deactivated_at.is_(None),
    sa.exists()
    .where(
        AccountDeletion.user_id == User.id,
        AccountDeletion.requested_by == User.id,
        AccountDeletion.requested_at == User.deactivated_at,
    )
    .correlate(User),
)


def select_actor(tokens: Any, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Select the actor of a `token_hash` in this table of tokens, and further columns.

    Runs before every page, so it selects columns: loading entities would double its cost.
    """
    users: Any = User.__table__
    return (
        sa.select(*(users.c[name] for name in ACTOR_ATTRIBUTES), *columns)
        .add_columns(team_roles().label("team_roles"))
        .join_from(tokens, users, users.c.id == tokens.c.user_id)
        .where(tokens.c.token_hash == sa.bindparam("token_hash"), users.c.deactivated_at.is_(None))
    )


def any_user_exists(session: Session) -> bool:
    """Return whether any account exists."""
    return session.scalar(sa.select(User.id).limit(1)) is not None


def find_user(session: Session, user_id: uuid.UUID) -> User | None:
    """Return the account with this id, or None."""
    return session.scalars(sa.select(User).where(User.id == user_id)).first()


def find_user_by_email(session: Session, email: str) -> User | None:
    """Return the account with this confirmed address, or None."""
    return session.scalars(sa.select(User).where(User.email_key == email_key(email))).first()


def find_sign_in_user_by_email(session: Session, email: str) -> User | None:
    """Return the account that signs in with this address, or None.

    A new account signs in with its pending address, unless another account has confirmed the
    address or has been waiting for it longer.
    """
    waiting = (
        sa.select(User)
        .join(PendingEmail, PendingEmail.user_id == User.id)
        .where(User.email_key.is_(None), PendingEmail.email_key == email_key(email))
        .order_by(PendingEmail.created_at, PendingEmail.id)
    )
    return find_user_by_email(session, email) or session.scalars(waiting).first()


def find_pending_email(session: Session, user_id: uuid.UUID) -> PendingEmail | None:
    """Return the pending address of a person, or None."""
    own = sa.select(PendingEmail).where(PendingEmail.user_id == user_id)
    return session.scalars(own.execution_options(populate_existing=True)).first()


def list_pending_emails(session: Session, email: str) -> Sequence[User]:
    """Return the accounts with this pending address, by name."""
    return session.scalars(
        sa.select(User)
        .join(PendingEmail, PendingEmail.user_id == User.id)
        .where(PendingEmail.email_key == email_key(email))
        .order_by(User.name, User.id)
    ).all()


def find_sign_in_user(session: Session, user_id: uuid.UUID) -> User | None:
    """Load an account that matches `MAY_SIGN_IN`, or None."""
    own = sa.select(User).where(User.id == user_id, MAY_SIGN_IN)
    return session.scalars(own.execution_options(populate_existing=True)).first()


def _is_valid_session(now: dt.datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        LoginSession.last_seen_at >= now - SESSION_IDLE_TIMEOUT,
        LoginSession.created_at >= now - SESSION_LIFETIME,
    )


def find_user_pending_deletion(
    session: Session, token_hash: bytes, *, now: dt.datetime
) -> sa.Row[User, AccountDeletion] | None:
    """Find the person of this session whose account is pending deletion, or None."""
    return session.execute(
        sa.select(User, AccountDeletion)
        .join(AccountDeletion, AccountDeletion.user_id == User.id)
        .join(LoginSession, LoginSession.user_id == User.id)
        .where(
            LoginSession.token_hash == token_hash,
            _is_valid_session(now),
            User.deactivated_at.is_not(None),
            MAY_SIGN_IN,
        )
    ).first()


def list_users(session: Session) -> Sequence[sa.Row[User, dt.datetime | None]]:
    """Return all accounts and the dates of their scheduled deletions, oldest accounts first."""
    return session.execute(
        sa.select(User, AccountDeletion.due_at)
        .outerjoin(AccountDeletion, AccountDeletion.user_id == User.id)
        .order_by(User.created_at, User.id)
    ).all()


def list_sessions(
    session: Session, user_id: uuid.UUID, *, now: dt.datetime
) -> Sequence[LoginSession]:
    """Return the valid sessions of a person, last used first."""
    return session.scalars(
        sa.select(LoginSession)
        .where(LoginSession.user_id == user_id, _is_valid_session(now))
        .order_by(LoginSession.last_seen_at.desc(), LoginSession.id.desc())
    ).all()


def find_by_token(session: Session, model: Any, token: str) -> tuple[Any, User] | None:
    """Load the row of a token and its owner, unless the account is deactivated."""
    found = session.execute(
        sa.select(model, User)
        .join(User, User.id == model.user_id)
        .where(model.token_hash == hash_token(token), User.deactivated_at.is_(None))
    ).first()
    return (found[0], found[1]) if found else None


def find_password_link(
    session: Session, token: str, *, now: dt.datetime
) -> tuple[PasswordLink, User] | None:
    """Find the valid password link with this token, and its owner."""
    found = find_by_token(session, PasswordLink, token)
    is_usable = found and found[0].used_at is None and found[0].expires_at > now
    return found if is_usable else None
