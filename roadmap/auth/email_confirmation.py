"""Let a new e-mail address wait until the link mailed to it was opened.

Until then the old address counts, and the new one is found by nobody: not by sign-in, not by a
password reset, not by an administrator, not by an invitation. Without mail an administrator
confirms it.
"""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.auth.actions import change_email
from roadmap.auth.email_addresses import email_key
from roadmap.auth.models import PendingEmail
from roadmap.auth.queries import find_pending_email
from roadmap.auth.tokens import hash_token, new_token
from roadmap.core.database import count_changed
from roadmap.core.i18n import gettext as _
from roadmap.core.proxy import public_address
from roadmap.core.types import new_id
from roadmap.mail import outbox, transport
from roadmap.people.history import record_history
from roadmap.people.locks import lock_and_load_user, lock_user
from roadmap.people.models import User
from roadmap.people.permissions import ActorOrId, require_permission

LINK_LIFETIME = dt.timedelta(hours=24)
# How long an address waits before it is forgotten, unless it is the only one of its account.
RETENTION = dt.timedelta(days=30)
# The kind of source of its mail.
MAIL_SOURCE = "email"


class NotPending(ValueError):
    """This address does not wait, or its link has expired or was replaced."""


def request_email(
    session: Session, user_id: uuid.UUID, email: str, *, by: uuid.UUID, now: dt.datetime
) -> bool:
    """Let an address wait and mail its link, instead of an earlier one.

    Return False where there is nothing to confirm: it is the present address, written differently.
    Nobody learns whether it is the address of another account.
    """
    user, key = lock_and_load_user(session, user_id), email_key(email)
    earlier = find_pending_email(session, user_id)
    waits_since = earlier.created_at if earlier and earlier.email_key == key else now
    _discard(session, earlier)
    if key == user.email_key:
        user.email = email
        return False
    token, token_hash = new_token()
    pending = PendingEmail(
        id=new_id(), user_id=user_id, email=email, email_key=key, token_hash=token_hash,
        created_at=waits_since, expires_at=now + LINK_LIFETIME,
    )  # fmt: skip
    session.add(pending)
    if user.email_key is None:
        # The only address of a new account is shown as its own.
        user.email = email
    session.flush()
    if transport.is_configured():
        outbox.enqueue(session, _link_mail(user, pending, token), now=now)
    record_history(session, user_id=user_id, by=by, action="account.email_requested", now=now)
    return True


def find_mail_error(session: Session, pending: PendingEmail | None) -> str:
    """Return why the link could not be mailed to the address that waits, or ""."""
    if pending is None:
        return ""
    unsent = outbox.find_unsent(session, MAIL_SOURCE, [pending.id])
    error, waits = unsent.get(pending.id, ("", False))
    return "" if waits else error


def discard_email(session: Session, user_id: uuid.UUID) -> bool:
    """Forget the address of a person that waits, and its mail if that was not sent.

    Return False where none waits any more.
    """
    lock_user(session, user_id)
    return _discard(session, find_pending_email(session, user_id))


def _discard(session: Session, pending: PendingEmail | None) -> bool:
    if pending is None:
        return False
    outbox.withdraw(session, MAIL_SOURCE, [pending.id])
    session.delete(pending)
    session.flush()
    return True


def find_by_link(
    session: Session, user_id: uuid.UUID, token: str, *, now: dt.datetime
) -> PendingEmail | None:
    """Return the waiting address of this person that the link confirms, or None."""
    pending = find_pending_email(session, user_id)
    is_it = pending and pending.token_hash == hash_token(token) and pending.expires_at > now
    return pending if is_it else None


def confirm_email(
    session: Session,
    user_id: uuid.UUID,
    pending_id: uuid.UUID,
    *,
    by: ActorOrId,
    address: str = "",
    now: dt.datetime,
) -> str:
    """Make the waiting address the one that counts, and return it; tell the old one.

    Raises NotPending, EmailTaken, and PermissionDenied where `by` is an Actor.
    """
    user = lock_and_load_user(session, user_id)
    actor_id = require_permission(by, "admin.write")
    pending = find_pending_email(session, user_id)
    if pending is None or pending.id != pending_id:
        raise NotPending
    old, new = user.email if user.email_key else "", pending.email
    session.delete(pending)
    change_email(session, user_id, new, by=actor_id, address=address, now=now)
    if old and transport.is_configured():
        body = _(
            "The e-mail address of your account on Cairn is now %(new)s.\nIf you did not "
            "change it, tell your administrator at once.\n",
            new=new,
        )
        # Without a `user_id`, or the mail would go to the new address.
        mail = outbox.Mail(old, _("Your e-mail address on Cairn was changed"), body)
        outbox.enqueue(session, mail, now=now)
    return new


def prune(session: Session, *, now: dt.datetime) -> int:
    """Delete addresses that nobody confirmed; return the number of rows."""
    others = sa.select(User.id).where(User.email_key.is_not(None))
    old = sa.delete(PendingEmail).where(
        PendingEmail.expires_at < now + LINK_LIFETIME - RETENTION, PendingEmail.user_id.in_(others)
    )
    return count_changed(session, old)


def _link_mail(user: User, pending: PendingEmail, token: str) -> outbox.Mail:
    body = _(
        "Hello,\n\n"
        "%(name)s wants to use this address for their account on Cairn.\n"
        "If that is you, sign in to that account and open this link within 24 hours:\n\n"
        "%(link)s\n\n"
        "If it was not you, ignore this mail: nothing changes.\n",
        name=user.name,
        link=f"{public_address()}/account/email/{token}",
    )
    return outbox.Mail(
        pending.email,
        _("Confirm your e-mail address for Cairn"),
        body,
        user_id=user.id,
        source=outbox.Source(MAIL_SOURCE, pending.id),
        address_is_fixed=True,
    )
