"""Write accounts: create, change, close and reopen them; delete what has expired.

Passwords arrive here as hashes. Computing one takes 100 ms, too long for a writing transaction.
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
from roadmap.auth.queries import any_user_exists, find_user_to_sign_in
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
# How long an expired token stays listed, so that its person sees why something stopped.
TOKEN_RETENTION = dt.timedelta(days=90)
# A number, which a process of an older release takes as well.
ADMINISTRATORS_LOCK = 727_275


class EmailTaken(ValueError):
    """Another account has this e-mail address."""


class LastAdministrator(ValueError):
    """No administrator would be left."""


class PasswordLinkUsed(ValueError):
    """The link was used or has expired."""


def is_first_account(session: Session) -> bool:
    """Return whether there is no account yet; simultaneous callers wait for this transaction."""
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

    Unless the address is confirmed, the caller lets it wait, see `email_confirmation`.
    """
    if not is_confirmed and find_user_to_sign_in(session, email) is not None:
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
    # Who signs up has an address; the command line has none.
    record_audit(
        session, by=by or (user.id if address else None), action="account.created",
        target=str(user.id), address=address, now=now, administrator=is_admin,
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
    """Change the address that counts to a confirmed one. Raises EmailTaken."""
    shown = session.scalar(sa.select(User.email).where(User.id == user_id))
    try:
        with session.begin_nested():
            update_user(session, user_id, email=email, email_key=email_key(email))
    except IntegrityError:
        raise EmailTaken(email) from None
    # Links sent to the old address must not open the account any more.
    _delete_password_links(session, user_id)
    record_history(
        session, user_id=user_id, by=by, action="account.changed", now=now, fields=["email"]
    )
    record_audit(
        session, by=by, action="account.email_changed", target=str(user_id), address=address,
        now=now, confirmed_only=shown == email,
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
    """Set a password; end all sessions, API tokens and password links of the person."""
    update_user(session, user_id, password_hash=password_hash)
    end_sessions(session, user_id)
    session.execute(sa.delete(ApiToken).where(ApiToken.user_id == user_id))
    _delete_password_links(session, user_id)
    record_audit(
        session, by=by, action="password.changed", target=str(user_id), address=address, now=now
    )


def upgrade_password_hash(
    session: Session, user_id: uuid.UUID, old_hash: str, new_hash: str
) -> None:
    """Store the same password with newer parameters, unless it was changed in the meantime."""
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
    """Create a link to set a password; return its token, valid for a day and not stored.

    The person's earlier links stop working.

    For each `key` of a form it is created once, and returned again until it is used.
    With an Actor as `by`, only an administrator may: raises PermissionDenied.
    """
    lock_user(session, user_id)
    made_as = form_id(key, user_id)
    if (made := session.get(PasswordLink, made_as)) is not None:
        if made.used_at is None and made.expires_at > now:
            require_permission(by, "admin.write")
            return form_token(key, made_as, made.created_at)
        made_as = new_id()
    _delete_password_links(session, user_id)
    token = form_token(key, made_as, now)
    session.add(
        PasswordLink(
            id=made_as,
            user_id=user_id,
            token_hash=hash_token(token),
            created_at=now,
            expires_at=now + PASSWORD_LINK_LIFETIME,
        )
    )
    session.flush()
    actor_id = require_permission(by, "admin.write")
    # Anybody can ask for the mail with a link, not only the person whose id stands for that.
    record_audit(
        session, by=None if by == user_id else actor_id, action="password.link_made",
        target=str(user_id), address=address, now=now,
    )  # fmt: skip
    done = "account.password_link_created"
    record_history(session, user_id=user_id, by=actor_id, action=done, now=now)
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
    """Set a password by a link, and the time zone where the link is the first way in.

    Raises PasswordLinkUsed if it was used in the meantime.
    """
    unused = sa.update(PasswordLink).where(
        PasswordLink.id == link.id, PasswordLink.used_at.is_(None)
    )
    if count_changed(session, unused.values(used_at=now)) != 1:
        raise PasswordLinkUsed
    me = link.user_id
    if timezone:
        update_user(session, me, timezone=timezone)
        record_history(
            session, user_id=me, by=me, action="account.changed", now=now, fields=["timezone"]
        )
    set_password(session, me, password_hash, by=me, address=address, now=now)


def deactivate(session: Session, user_id: uuid.UUID, *, by: ActorOrId, now: dt.datetime) -> bool:
    """Close an account and end its sessions; return False if it was closed already.

    Raises LastAdministrator and PermissionDenied.
    """
    user, actor_id = load_for_administrator(session, user_id, by)
    if user is None or user.deactivated_at is not None:
        return False
    close(session, user, now=now)
    session.execute(sa.delete(ApiToken).where(ApiToken.user_id == user_id))
    record_audit(session, by=actor_id, action="account.deactivated", target=str(user_id), now=now)
    managers_changed.send(session, person=user_id, by=actor_id, now=now)
    return True


def close(session: Session, user: User, *, now: dt.datetime) -> None:
    """Close an open account, below the lock, and sign its person out. Raises LastAdministrator."""
    if user.is_admin and not has_other_administrator(session, user.id):
        raise LastAdministrator
    update_user(session, user.id, deactivated_at=now)
    end_sessions(session, user.id)
    _delete_password_links(session, user.id)


def reactivate(session: Session, user_id: uuid.UUID, *, by: ActorOrId, now: dt.datetime) -> bool:
    """Reopen a closed account, also one that waits for its deletion. Raises PermissionDenied.

    Return False if it was open already.
    """
    user, actor_id = load_for_administrator(session, user_id, by)
    if user is None or user.deactivated_at is None:
        return False
    # Once its grace is over, its erasure may have begun.
    over = sa.exists().where(AccountDeletion.user_id == user_id, AccountDeletion.due_at <= now)
    if session.scalar(sa.select(over)):
        return False
    update_user(session, user_id, deactivated_at=None)
    session.execute(sa.delete(AccountDeletion).where(AccountDeletion.user_id == user_id))
    record_audit(session, by=actor_id, action="account.reactivated", target=str(user_id), now=now)
    managers_changed.send(session, person=user_id, by=actor_id, now=now)
    return True


def set_admin(
    session: Session, user_id: uuid.UUID, is_admin: bool, *, by: ActorOrId, now: dt.datetime
) -> bool:
    """Make a person an administrator, or end that; end all their sessions.

    Return False if nothing changed. Raises LastAdministrator and PermissionDenied.
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
        session, by=actor_id, action="role.granted" if is_admin else "role.withdrawn",
        target=str(user_id), now=now, role="administrator",
    )  # fmt: skip
    return True


def has_other_administrator(session: Session, but: uuid.UUID) -> bool:
    """Return whether anybody else is an administrator."""
    others = sa.select(User.id).where(User.is_admin, User.deactivated_at.is_(None), User.id != but)
    return session.scalar(others.limit(1)) is not None


def end_sessions(session: Session, user_id: uuid.UUID, *, keep: uuid.UUID | None = None) -> int:
    """End the sessions of a person except `keep`; return how many."""
    query = sa.delete(LoginSession).where(LoginSession.user_id == user_id)
    if keep is not None:
        query = query.where(LoginSession.id != keep)
    return count_changed(session, query)


def mark_session_fresh(session: Session, session_id: uuid.UUID, *, now: dt.datetime) -> None:
    """Record that the person of this session has just typed their password."""
    this = sa.update(LoginSession).where(LoginSession.id == session_id)
    session.execute(this.values(fresh_at=now))


def prune(session: Session, *, now: dt.datetime) -> int:
    """Delete counted attempts and expired links and tokens; return the number of rows."""
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
    """Delete sessions that began so many days ago, whether they still last or not."""
    old = sa.delete(LoginSession).where(LoginSession.created_at < now - dt.timedelta(days=days))
    return count_changed(session, old)


def forget_session_addresses(session: Session, *, before: dt.datetime) -> int:
    """Empty the addresses of sessions that began before that moment; return how many."""
    old = sa.update(LoginSession).where(
        LoginSession.created_at < before, LoginSession.address != ""
    )
    return count_changed(session, old.values(address=""))


def update_user(session: Session, user_id: uuid.UUID, **values: Any) -> None:
    """Lock an account and change columns of it."""
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
    """Load an account and the id of who decides about it, below the lock."""
    lock_name(session, ADMINISTRATORS_LOCK)
    actor_id = require_permission(by, "admin.write")
    return session.get(User, user_id, populate_existing=True), actor_id
