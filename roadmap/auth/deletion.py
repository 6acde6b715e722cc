"""Request, cancel and list the permanent deletion of accounts.

During the grace period the account is only deactivated, so all queries that exclude deactivated
accounts exclude it. `roadmap.erasure` then erases it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.auth import actions
from roadmap.auth.models import AccountDeletion
from roadmap.core.i18n import _, render_for, show_date_to
from roadmap.core.proxy import public_base_url
from roadmap.core.signals import managers_changed
from roadmap.mail import outbox
from roadmap.mail.models import OutgoingMail
from roadmap.people.audit import record_audit
from roadmap.people.history import record_history
from roadmap.people.models import User
from roadmap.people.permissions import ActorOrId

GRACE = dt.timedelta(days=14)
# The maximum number of successors suggested when the last administrator wants to leave.
MAX_SUGGESTED = 5


def request_deletion(
    session: Session,
    user_id: uuid.UUID,
    *,
    by: ActorOrId,
    grace: dt.timedelta = GRACE,
    address: str = "",
    now: dt.datetime,
) -> AccountDeletion | None:
    """Deactivate an account, schedule its deletion, and mail the person their options.

    Their API tokens, links and feeds work again if the deletion is cancelled. Returns None if the
    account does not exist. A second request only changes `due_at` to an earlier date. Raises
    LastAdministrator, and PermissionDenied if `by` is another Actor but not an administrator.
    """
    user, actor_id = actions.load_for_administrator(session, user_id, by)
    if user is None:
        return None
    due_at = now + grace
    found = find_deletion(session, user_id)
    if found is not None:
        found.due_at = min(found.due_at, due_at)
        session.flush()
        return found
    if user.deactivated_at is None:
        actions.close_account(session, user, now=now)
    found = AccountDeletion(user_id=user_id, requested_by=actor_id, requested_at=now, due_at=due_at)
    session.add(found)
    session.flush()
    _record(session, user_id, "account.deletion_requested", actor_id, address, now)
    if grace and user.email_key:
        outbox.enqueue(session, _mail(user, found), now=now)
    return found


def cancel_deletion(
    session: Session, user_id: uuid.UUID, *, by: ActorOrId, address: str = "", now: dt.datetime
) -> bool:
    """Cancel a deletion and restore the state of the account before the request.

    Returns False if no deletion is pending any more. Raises PermissionDenied.
    """
    user, actor_id = actions.load_for_administrator(session, user_id, by)
    found = find_deletion(session, user_id)
    if user is None or found is None or found.due_at <= now:
        return False
    if user.deactivated_at == found.requested_at:
        actions.update_user(session, user_id, deactivated_at=None)
    session.delete(found)
    session.flush()
    _record(session, user_id, "account.deletion_cancelled", actor_id, address, now)
    return True


def _record(
    session: Session,
    user_id: uuid.UUID,
    action: str,
    by: uuid.UUID | None,
    address: str,
    now: dt.datetime,
) -> None:
    record_audit(session, action, user_id, by=by, now=now, address=address)
    record_history(session, user_id, action, by=by, now=now)
    managers_changed.send(session, person=user_id, by=by, now=now)


def find_deletion(session: Session, user_id: uuid.UUID) -> AccountDeletion | None:
    """Return the request to delete this account, or None."""
    own = sa.select(AccountDeletion).where(AccountDeletion.user_id == user_id)
    return session.scalar(own.execution_options(populate_existing=True))


def list_due(session: Session, *, now: dt.datetime) -> Sequence[uuid.UUID]:
    """Return the ids of accounts whose grace period is over, oldest first."""
    due = sa.select(AccountDeletion.user_id).where(AccountDeletion.due_at <= now)
    return session.scalars(due.order_by(AccountDeletion.due_at, AccountDeletion.user_id)).all()


def suggest_administrators(session: Session, user_id: uuid.UUID) -> Sequence[User]:
    """Return up to MAX_SUGGESTED others who can sign in, by name."""
    can = sa.select(User).where(
        User.id != user_id, User.deactivated_at.is_(None), User.password_hash.is_not(None)
    )
    return session.scalars(can.order_by(User.name, User.id).limit(MAX_SUGGESTED)).all()


def _mail(user: User, deletion: AccountDeletion) -> OutgoingMail:
    """Render the mail about a request; people can only cancel their own requests."""
    with render_for(user):
        day = show_date_to(user, deletion.due_at)
        if deletion.requested_by == user.id:
            back_url = _(
                "Until then you can keep it: sign in, and choose to keep your account.\n\n%(link)s",
                link=f"{public_base_url()}/login",
            )
        else:
            back_url = _(
                "An administrator decided this. Until then an administrator can restore the "
                "account."
            )
        body = _(
            "Hello %(name)s,\n\nYour account on Cairn is closed and will be deleted on %(day)s, "
            "with everything that you recorded.\n\n%(back_url)s\n",
            name=user.name,
            day=day,
            back_url=back_url,
        )
        subject = _("Your Cairn account will be deleted on %(day)s", day=day)
    # Without `user_id`, because deactivated accounts get no mail.
    return OutgoingMail(recipient=user.email, subject=subject, body=body, address_is_fixed=True)
