"""Confirm new e-mail addresses by a mailed link.

Until then the old address is used, and sign-in, password reset, administrators and invitations do
not find the new one. Without a mail transport, an administrator confirms it.
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
from roadmap.core.i18n import _
from roadmap.core.proxy import public_base_url
from roadmap.core.types import new_id
from roadmap.mail import outbox, transport
from roadmap.mail.models import OutgoingMail
from roadmap.people.history import record_history
from roadmap.people.locks import lock_and_load_user, lock_user
from roadmap.people.models import User
from roadmap.people.permissions import ActorOrId, require_permission

LINK_LIFETIME = dt.timedelta(hours=24)
# How long an unconfirmed address is stored, unless it is the only one of its account.
RETENTION = dt.timedelta(days=30)
# The source kind of its mails in the outbox.
MAIL_SOURCE = "email"


class EmailNotPending(ValueError):
    """The address is not pending, or its link has expired or was replaced."""


def request_email(
    session: Session, user_id: uuid.UUID, email: str, *, by: uuid.UUID, now: dt.datetime
) -> bool:
    """Store a pending address and mail its link, replacing an earlier one.

    Returns False if nothing needs confirmation, because it is a spelling of the current address.
    Never reveals whether another account has this address.
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
        # A new account shows its only address even though it is unconfirmed.
        user.email = email
    session.flush()
    if transport.is_configured():
        outbox.enqueue(session, _link_mail(user, pending, token), now=now)
    record_history(session, user_id, "account.email_requested", by=by, now=now)
    return True


def find_link_state(
    session: Session, pending: PendingEmail | None, *, now: dt.datetime
) -> tuple[str, str]:
    """Return the state of the mail with the link, and the error of its last attempt.

    The state is `sent`, `waiting`, `failed`, or "" if no link was mailed or it has expired, as when
    mail was configured later.
    """
    if pending is None or not transport.is_configured():
        return "", ""
    state, error = outbox.find_delivery(session, MAIL_SOURCE, pending.id)
    return (state, error) if state == "failed" or pending.expires_at > now else ("", "")


def discard_email(session: Session, user_id: uuid.UUID) -> bool:
    """Delete the pending address of a person, and its mail if it was not sent.

    Returns False if none is pending.
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
    """Return the pending address of this person that the link confirms, or None."""
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
    """Make the pending address the confirmed one, return it, and notify the old address.

    Raises EmailNotPending, EmailTaken, and PermissionDenied if `by` is an Actor.
    """
    user = lock_and_load_user(session, user_id)
    actor_id = require_permission(by, "admin.write")
    pending = find_pending_email(session, user_id)
    if pending is None or pending.id != pending_id:
        raise EmailNotPending
    old, new = user.email if user.email_key else "", pending.email
    session.delete(pending)
    change_email(session, user_id, new, by=actor_id, address=address, now=now)
    if old and transport.is_configured():
        body = _(
            "The e-mail address of your account on Cairn is now %(new)s.\n"
            "If you did not change it, tell your administrator at once.\n",
            new=new,
        )
        # Without `user_id`, because the mail would otherwise go to the new address.
        subject = _("Your e-mail address on Cairn was changed")
        mail = OutgoingMail(recipient=old, subject=subject, body=body)
        outbox.enqueue(session, mail, now=now)
    return new


def prune(session: Session, *, now: dt.datetime) -> int:
    """Delete old unconfirmed addresses; return the number of rows."""
    others = sa.select(User.id).where(User.email_key.is_not(None))
    old = sa.delete(PendingEmail).where(
        PendingEmail.expires_at < now + LINK_LIFETIME - RETENTION, PendingEmail.user_id.in_(others)
    )
    return count_changed(session, old)


def _link_mail(user: User, pending: PendingEmail, token: str) -> OutgoingMail:
    body = _(
        "Hello,\n\n"
        "%(name)s wants to use this address for their account on Cairn.\n"
        "If that is you, sign in to that account and open this link within 24 hours:\n\n"
        "%(link)s\n\n"
        "If it was not you, ignore this mail: nothing changes.\n",
        name=user.name,
        link=f"{public_base_url()}/account/email/{token}",
    )
    return OutgoingMail(
        recipient=pending.email,
        subject=_("Confirm your e-mail address for Cairn"),
        body=body,
        user_id=user.id,
        source_kind=MAIL_SOURCE,
        source_id=pending.id,
        address_is_fixed=True,
    )
