"""Create, change, deactivate and reactivate accounts, and prune expired rows.

Callers pass password hashes, because computing one in a transaction would hold locks for 100 ms.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from roadmap.auth.email_addresses import email_key
from roadmap.auth.models import AccountDeletion, ApiToken, Attempt, LoginSession, PasswordLink
from roadmap.auth.queries import any_user_exists, find_sign_in_user_by_email
from roadmap.auth.rate_limits import LONGEST_WINDOW
from roadmap.auth.tokens import form_token, hash_token
from roadmap.core.database import count_changed, lock_name
from roadmap.core.signals import managers_changed
from roadmap.core.types import form_id, new_id
from roadmap.people.audit import record_audit
from roadmap.people.history import record_history
from roadmap.people.locks import lock_and_load_user, lock_user
from roadmap.people.models import User
from roadmap.people.permissions import ActorOrId, require_permission

PASSWORD_LINK_LIFETIME = dt.timedelta(hours=24)
# How long expired tokens stay listed, so that their owners see why something stopped working.
TOKEN_RETENTION = dt.timedelta(days=90)
# An advisory lock id, shared with processes of older releases.
ADMINISTRATORS_LOCK = 727_275


class EmailTaken(ValueError):
    """Another account has this e-mail address."""


class LastAdministrator(ValueError):
    """No administrator would be left."""


class PasswordLinkUsed(ValueError):
    """The link was used or has expired."""


def is_first_account(session: Session) -> bool:
    """Return whether there is no account yet; concurrent callers wait for this transaction."""
    lock_name(session, ADMINISTRATORS_LOCK)
    return not any_user_exists(session)


def create_user(
    session: Session,
    *,
    name: str,
    email: str,
    password_hash: str | None = None,
    is_admin: bool = False,
    timezone: str = "UTC",
    is_confirmed: bool = True,
    by: uuid.UUID | None,
    address: str = "",
    now: dt.datetime,
) -> User:
    """Create an account. Raises EmailTaken.

    The caller must request confirmation of an unconfirmed address, see `email_confirmation`.
    """
    if not is_confirmed and find_sign_in_user_by_email(session, email) is not None:
        raise EmailTaken(email)
    user = User(
        name=name,
        email=email,
        email_key=email_key(email) if is_confirmed else None,
        password_hash=password_hash,
        is_admin=is_admin,
        timezone=timezone,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(user)
            session.flush()
    except IntegrityError:
        raise EmailTaken(email) from None
    # Sign-ups have a network address; the command line has none.
    record_audit(
        session, "account.created", user.id, by=by or (user.id if address else None), now=now,
        address=address, administrator=is_admin,
    )  # fmt: skip
    return user


def change_email(
    session: Session,
    user_id: uuid.UUID,
    email: str,
    *,
    by: uuid.UUID | None,
    address: str,
    now: dt.datetime,
) -> None:
    """Set the confirmed e-mail address. Raises EmailTaken."""
    shown = session.scalar(sa.select(User.email).where(User.id == user_id))
    try:
        with session.begin_nested():
            update_user(session, user_id, email=email, email_key=email_key(email))
    except IntegrityError:
        raise EmailTaken(email) from None
    # Links sent to the old address must stop working.
    _delete_password_links(session, user_id)
    record_history(session, user_id, "account.changed", by=by, now=now, fields=["email"])
    record_audit(
        session, "account.email_changed", user_id, by=by, now=now, address=address,
        confirmed_only=shown == email,
    )  # fmt: skip


def set_password(
    session: Session,
    user_id: uuid.UUID,
    password_hash: str,
    *,
    by: uuid.UUID | None,
    address: str = "",
    now: dt.datetime,
) -> None:
    """Set a password; end all of the person's sessions, API tokens and password links."""
    update_user(session, user_id, password_hash=password_hash)
    end_sessions(session, user_id)
    session.execute(sa.delete(ApiToken).where(ApiToken.user_id == user_id))
    _delete_password_links(session, user_id)
    record_audit(session, "password.changed", user_id, by=by, now=now, address=address)


def upgrade_password_hash(
    session: Session, user_id: uuid.UUID, old_hash: str, new_hash: str
) -> None:
    """Replace the hash of an unchanged password by one with current parameters."""
    same = sa.update(User).where(User.id == user_id, User.password_hash == old_hash)
    session.execute(same.values(password_hash=new_hash))


def create_password_link(
    session: Session,
    user_id: uuid.UUID,
    *,
    by: ActorOrId,
    address: str = "",
    now: dt.datetime,
    key: str = "",
) -> str:
    """Create a link to set a password; return its token, which is valid for a day and not stored.

    The person's earlier links stop working. Repeated calls with the same form `key` return the same
    token until it is used. Raises PermissionDenied if `by` is an Actor but not an administrator.
    """
    lock_user(session, user_id)
    row_id = form_id(key, user_id)
    if (made := session.get(PasswordLink, row_id)) is not None:
        if made.used_at is None and made.expires_at > now:
            require_permission(by, "admin.write")
            return form_token(key, row_id, made.created_at)
        row_id = new_id()
    _delete_password_links(session, user_id)
    token = form_token(key, row_id, now)
    session.add(
        PasswordLink(
            id=row_id,
            user_id=user_id,
            token_hash=hash_token(token),
            created_at=now,
            expires_at=now + PASSWORD_LINK_LIFETIME,
        )
    )
    session.flush()
    actor_id = require_permission(by, "admin.write")
    # Anyone can request the mail, so do not record the person as the actor.
    record_audit(
        session, "password.link_made", user_id, by=None if by == user_id else actor_id, now=now,
        address=address,
    )  # fmt: skip
    done = "account.password_link_created"
    record_history(session, user_id, done, by=actor_id, now=now)
    return token


def use_password_link(
    session: Session,
    link: PasswordLink,
    password_hash: str,
    *,
    timezone: str = "",
    address: str,
    now: dt.datetime,
) -> None:
    """Set a password by a link, and the time zone if given.

    Raises PasswordLinkUsed if the link is no longer valid.
    """
    unused = sa.update(PasswordLink).where(
        PasswordLink.id == link.id, PasswordLink.used_at.is_(None)
    )
    if count_changed(session, unused.values(used_at=now)) != 1:
        raise PasswordLinkUsed
    me = link.user_id
    if timezone:
        update_user(session, me, timezone=timezone)
        record_history(session, me, "account.changed", by=me, now=now, fields=["timezone"])
    set_password(session, me, password_hash, by=me, address=address, now=now)


def deactivate(session: Session, user_id: uuid.UUID, *, by: ActorOrId, now: dt.datetime) -> bool:
    """Deactivate an account and end its sessions; return False if it was already deactivated.

    Raises LastAdministrator and PermissionDenied.
    """
    user, actor_id = load_for_administrator(session, user_id, by)
    if user is None or user.deactivated_at is not None:
        return False
    close_account(session, user, now=now)
    session.execute(sa.delete(ApiToken).where(ApiToken.user_id == user_id))
    record_audit(session, "account.deactivated", user_id, by=actor_id, now=now)
    managers_changed.send(session, person=user_id, by=actor_id, now=now)
    return True


def close_account(session: Session, user: User, *, now: dt.datetime) -> None:
    """Deactivate an active account while holding its lock, and end its sessions.

    Raises LastAdministrator.
    """
    if user.is_admin and not has_other_administrator(session, user.id):
        raise LastAdministrator
    update_user(session, user.id, deactivated_at=now)
    end_sessions(session, user.id)
    _delete_password_links(session, user.id)


def reactivate(session: Session, user_id: uuid.UUID, *, by: ActorOrId, now: dt.datetime) -> bool:
    """Reactivate an account, including one pending deletion; return False if it was active.

    Raises PermissionDenied.
    """
    user, actor_id = load_for_administrator(session, user_id, by)
    if user is None or user.deactivated_at is None:
        return False
    # After the grace period, its erasure may have started.
    over = sa.exists().where(AccountDeletion.user_id == user_id, AccountDeletion.due_at <= now)
    if session.scalar(sa.select(over)):
        return False
    update_user(session, user_id, deactivated_at=None)
    session.execute(sa.delete(AccountDeletion).where(AccountDeletion.user_id == user_id))
    record_audit(session, "account.reactivated", user_id, by=actor_id, now=now)
    managers_changed.send(session, person=user_id, by=actor_id, now=now)
    return True


def set_admin(
    session: Session, user_id: uuid.UUID, is_admin: bool, *, by: ActorOrId, now: dt.datetime
) -> bool:
    """Grant or revoke a person's administrator rights, and end all their sessions.

    Returns False if nothing changed. Raises LastAdministrator and PermissionDenied.
    """
    user, actor_id = load_for_administrator(session, user_id, by)
    if user is None or user.is_admin == is_admin:
        return False
    is_active = user.deactivated_at is None
    if not is_admin and is_active and not has_other_administrator(session, user_id):
        raise LastAdministrator
    update_user(session, user_id, is_admin=is_admin)
    end_sessions(session, user_id)
    record_audit(
        session, "role.granted" if is_admin else "role.withdrawn", user_id, by=actor_id, now=now,
        role="administrator",
    )  # fmt: skip
    return True


def has_other_administrator(session: Session, user_id: uuid.UUID) -> bool:
    """Return whether anybody else is an administrator."""
    others = sa.select(User.id).where(
        User.is_admin, User.deactivated_at.is_(None), User.id != user_id
    )
    return session.scalar(others.limit(1)) is not None


def end_sessions(
    session: Session, user_id: uuid.UUID, *, except_id: uuid.UUID | None = None
) -> int:
    """End the sessions of a person except `except_id`; return how many."""
    query = sa.delete(LoginSession).where(LoginSession.user_id == user_id)
    if except_id is not None:
        query = query.where(LoginSession.id != except_id)
    return count_changed(session, query)


def mark_session_fresh(session: Session, session_id: uuid.UUID, *, now: dt.datetime) -> None:
    """Record that the password was just entered in this session."""
    this = sa.update(LoginSession).where(LoginSession.id == session_id)
    session.execute(this.values(fresh_at=now))


def prune(session: Session, *, now: dt.datetime) -> int:
    """Delete old attempts and expired links and tokens; return the number of rows."""
    is_over = sa.or_(PasswordLink.used_at.is_not(None), PasswordLink.expires_at <= now)
    deleted = 0
    for old in (
        sa.delete(Attempt).where(Attempt.attempted_at <= now - LONGEST_WINDOW),
        sa.delete(PasswordLink).where(is_over),
        sa.delete(ApiToken).where(ApiToken.expires_at < now - TOKEN_RETENTION),
    ):
        deleted += count_changed(session, old)
    return deleted


def prune_sessions(session: Session, *, days: int, now: dt.datetime) -> int:
    """Delete sessions started more than `days` ago, even if they are still valid."""
    old = sa.delete(LoginSession).where(LoginSession.created_at < now - dt.timedelta(days=days))
    return count_changed(session, old)


def clear_session_addresses(session: Session, *, before: dt.datetime) -> int:
    """Clear the addresses of sessions started before `before`; return how many."""
    old = sa.update(LoginSession).where(
        LoginSession.created_at < before, LoginSession.address != ""
    )
    return count_changed(session, old.values(address=""))


def update_user(session: Session, user_id: uuid.UUID, **values: Any) -> None:
    """Lock an account and update columns."""
    person = lock_and_load_user(session, user_id)
    for name, value in values.items():
        setattr(person, name, value)
    session.flush()


def _delete_password_links(session: Session, user_id: uuid.UUID) -> None:
    mine = sa.delete(PasswordLink).where(PasswordLink.user_id == user_id)
    session.execute(mine.where(PasswordLink.used_at.is_(None)))


def load_for_administrator(
    session: Session, user_id: uuid.UUID, by: ActorOrId
) -> tuple[User | None, uuid.UUID | None]:
    """Lock and load an account; return it with the id of the permitted actor."""
    lock_name(session, ADMINISTRATORS_LOCK)
    actor_id = require_permission(by, "admin.write")
    return session.get(User, user_id, populate_existing=True), actor_id
