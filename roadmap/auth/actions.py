"""Write accounts: create, change, close and reopen them.

Passwords arrive here as hashes. Computing one takes 100 ms, too long for a writing transaction.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from roadmap.auth.api_tokens import revoke_all
from roadmap.auth.email_addresses import email_key
from roadmap.auth.models import LoginSession, PasswordLink
from roadmap.auth.queries import any_user_exists
from roadmap.auth.tokens import new_token
from roadmap.core.signals import managers_changed
from roadmap.people.audit import record_audit
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user
from roadmap.people.models import User
from roadmap.people.permissions import ActorOrId, require_permission

PASSWORD_LINK_LIFETIME = dt.timedelta(hours=24)
# Any number that no other advisory lock of this database uses.
ADMINISTRATORS_LOCK = 727_275


class EmailTaken(ValueError):
    """Another account has this e-mail address."""


class LastAdministrator(ValueError):
    """No administrator would be left."""


class SignUpClosed(ValueError):
    """There is an account already; further ones need an invitation."""


class PasswordLinkUsed(ValueError):
    """The link was used or has expired."""


def sign_up(
    session: Session, *, name: str, email: str, password_hash: str, address: str, now: dt.datetime
) -> User:
    """Create the first account, an administrator. Raises SignUpClosed if there is an account.

    Of two simultaneous sign-ups the second waits and is refused.
    """
    if not is_first_account(session):
        raise SignUpClosed
    return create_user(
        session,
        name=name,
        email=email,
        password_hash=password_hash,
        is_admin=True,
        by=None,
        address=address,
        now=now,
    )


def is_first_account(session: Session) -> bool:
    """Return whether there is no account yet.

    Simultaneous callers wait for the end of this transaction.
    """
    _lock_administrators(session)
    return not any_user_exists(session)


def create_user(
    session: Session,
    *,
    name: str,
    email: str,
    password_hash: str | None = None,
    is_admin: bool = False,
    by: uuid.UUID | None,
    address: str = "",
    now: dt.datetime,
) -> User:
    """Create an account. Raises EmailTaken."""
    user = User(
        name=name,
        email=email,
        email_key=email_key(email),
        password_hash=password_hash,
        is_admin=is_admin,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(user)
            session.flush()
    except IntegrityError:
        raise EmailTaken(email) from None
    record_audit(
        session,
        by=by or user.id,
        action="account.created",
        target=str(user.id),
        address=address,
        now=now,
        administrator=is_admin,
    )
    return user


def change_email(
    session: Session,
    user_id: uuid.UUID,
    email: str,
    *,
    by: uuid.UUID,
    address: str,
    now: dt.datetime,
) -> None:
    """Change the address with which the person signs in. Raises EmailTaken."""
    lock_user(session, user_id)
    change = sa.update(User).where(User.id == user_id)
    try:
        with session.begin_nested():
            session.execute(change.values(email=email, email_key=email_key(email)))
    except IntegrityError:
        raise EmailTaken(email) from None
    # Links sent to the old address must not open the account any more.
    _delete_password_links(session, user_id)
    _record_history(session, user_id, "account.changed", by=by, now=now, fields=["email"])
    record_audit(
        session,
        by=by,
        action="account.email_changed",
        target=str(user_id),
        address=address,
        now=now,
    )


def set_password(
    session: Session,
    user_id: uuid.UUID,
    password_hash: str,
    *,
    by: uuid.UUID | None,
    address: str = "",
    now: dt.datetime,
) -> None:
    """Set a password; end all sessions, API tokens and password links of the person."""
    lock_user(session, user_id)
    session.execute(sa.update(User).where(User.id == user_id).values(password_hash=password_hash))
    end_sessions(session, user_id)
    # The old password may have leaked, and tokens been made with it.
    revoke_all(session, user_id)
    _delete_password_links(session, user_id)
    record_audit(
        session, by=by, action="password.changed", target=str(user_id), address=address, now=now
    )


def upgrade_password_hash(
    session: Session, user_id: uuid.UUID, old_hash: str, new_hash: str
) -> None:
    """Store the same password with newer parameters, unless it was changed in the meantime."""
    session.execute(
        sa.update(User)
        .where(User.id == user_id, User.password_hash == old_hash)
        .values(password_hash=new_hash)
    )


def create_password_link(
    session: Session,
    user_id: uuid.UUID,
    *,
    by: ActorOrId,
    address: str = "",
    now: dt.datetime,
) -> str:
    """Create a link to set a password; return its token, valid for a day and not stored.

    With an Actor as `by`, only an administrator may: raises PermissionDenied.
    """
    token, token_hash = new_token()
    session.execute(
        sa.delete(PasswordLink).where(
            PasswordLink.user_id == user_id, PasswordLink.expires_at <= now
        )
    )
    session.add(
        PasswordLink(
            user_id=user_id,
            token_hash=token_hash,
            created_at=now,
            expires_at=now + PASSWORD_LINK_LIFETIME,
        )
    )
    session.flush()
    record_audit(
        session,
        by=require_permission(by, "admin.write"),
        action="password.link_made",
        target=str(user_id),
        address=address,
        now=now,
    )
    return token


def use_password_link(
    session: Session, link: PasswordLink, password_hash: str, *, address: str, now: dt.datetime
) -> None:
    """Set a password by a link. Raises PasswordLinkUsed if it was used in the meantime."""
    used = session.execute(
        sa.update(PasswordLink)
        .where(PasswordLink.id == link.id, PasswordLink.used_at.is_(None))
        .values(used_at=now)
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise PasswordLinkUsed
    set_password(session, link.user_id, password_hash, by=link.user_id, address=address, now=now)


def deactivate(session: Session, user_id: uuid.UUID, *, by: ActorOrId, now: dt.datetime) -> bool:
    """Close an account and end its sessions; return False if it was closed already.

    Raises LastAdministrator and PermissionDenied.
    """
    _lock_administrators(session)
    actor_id = require_permission(by, "admin.write")
    user = session.get(User, user_id, populate_existing=True)
    if user is None or user.deactivated_at is not None:
        return False
    if user.is_admin:
        _require_other_administrator(session, user_id)
    lock_user(session, user_id)
    session.execute(sa.update(User).where(User.id == user_id).values(deactivated_at=now))
    end_sessions(session, user_id)
    revoke_all(session, user_id)
    _delete_password_links(session, user_id)
    record_audit(session, by=actor_id, action="account.deactivated", target=str(user_id), now=now)
    managers_changed.send(session, person=user_id, by=actor_id, now=now)
    return True


def reactivate(session: Session, user_id: uuid.UUID, *, by: ActorOrId, now: dt.datetime) -> bool:
    """Reopen a closed account; return False if it was open already. Raises PermissionDenied."""
    _lock_administrators(session)
    actor_id = require_permission(by, "admin.write")
    user = session.get(User, user_id, populate_existing=True)
    if user is None or user.deactivated_at is None:
        return False
    lock_user(session, user_id)
    session.execute(sa.update(User).where(User.id == user_id).values(deactivated_at=None))
    session.refresh(user)
    record_audit(session, by=actor_id, action="account.reactivated", target=str(user_id), now=now)
    managers_changed.send(session, person=user_id, by=actor_id, now=now)
    return True


def set_admin(
    session: Session,
    user_id: uuid.UUID,
    is_admin: bool,
    *,
    by: ActorOrId,
    now: dt.datetime,
) -> bool:
    """Make a person an administrator, or end that and all their sessions.

    Returns False if nothing changed. Raises LastAdministrator and PermissionDenied.
    """
    _lock_administrators(session)
    actor_id = require_permission(by, "admin.write")
    user = session.get(User, user_id, populate_existing=True)
    if user is None or user.is_admin == is_admin:
        return False
    if not is_admin and user.deactivated_at is None:
        _require_other_administrator(session, user_id)
    lock_user(session, user_id)
    session.execute(sa.update(User).where(User.id == user_id).values(is_admin=is_admin))
    session.refresh(user)
    end_sessions(session, user_id)
    done = "role.granted" if is_admin else "role.withdrawn"
    record_audit(
        session, by=actor_id, action=done, target=str(user_id), now=now, role="administrator"
    )
    return True


def end_sessions(session: Session, user_id: uuid.UUID, *, keep: uuid.UUID | None = None) -> int:
    """End the sessions of a person except `keep`; return how many."""
    query = sa.delete(LoginSession).where(LoginSession.user_id == user_id)
    if keep is not None:
        query = query.where(LoginSession.id != keep)
    ended: int = session.execute(query).rowcount  # type: ignore[attr-defined]
    return ended


def mark_session_fresh(session: Session, session_id: uuid.UUID, *, now: dt.datetime) -> None:
    """Record that the person of this session has just typed their password."""
    session.execute(
        sa.update(LoginSession).where(LoginSession.id == session_id).values(fresh_at=now)
    )


def _delete_password_links(session: Session, user_id: uuid.UUID) -> None:
    session.execute(
        sa.delete(PasswordLink).where(
            PasswordLink.user_id == user_id, PasswordLink.used_at.is_(None)
        )
    )


def _lock_administrators(session: Session) -> None:
    """Serialize decisions about administrators; SQLite serializes all writers."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(ADMINISTRATORS_LOCK)))


def has_other_administrator(session: Session, but: uuid.UUID) -> bool:
    """Return whether anybody else is an administrator."""
    others = sa.select(User.id).where(User.is_admin, User.deactivated_at.is_(None), User.id != but)
    return session.scalar(others.limit(1)) is not None


def _require_other_administrator(session: Session, but: uuid.UUID) -> None:
    """Raise LastAdministrator if nobody else is an administrator."""
    if not has_other_administrator(session, but):
        raise LastAdministrator


def _record_history(
    session: Session,
    user_id: uuid.UUID,
    action: str,
    *,
    by: uuid.UUID,
    now: dt.datetime,
    **data: Any,
) -> None:
    record_history(
        session, user_id=user_id, by=by, action=action, subject=str(user_id), now=now, **data
    )
