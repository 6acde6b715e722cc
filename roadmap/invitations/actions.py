"""Create, accept and revoke invitations.

An invitation lets a person open an account, and join a team if it names one. It is valid only while
its inviter may still invite.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.auth.email_addresses import email_key
from roadmap.auth.queries import find_user_by_email
from roadmap.auth.tokens import form_token, hash_token
from roadmap.core.database import count_changed, lock_name
from roadmap.core.i18n import _l
from roadmap.core.limits import LimitReached, count_rows
from roadmap.core.signals import invitation_ended, user_invited
from roadmap.core.stale_forms import refresh
from roadmap.core.types import form_id, new_id
from roadmap.invitations import emails
from roadmap.invitations.models import Invitation
from roadmap.invitations.queries import (
    IS_OPEN,
    UNKNOWN,
    VALID,
    invitation_state,
    may_invite,
    select_open,
)
from roadmap.mail import outbox, transport
from roadmap.people.actions import add_member
from roadmap.people.audit import record_audit
from roadmap.people.locks import TeamDeleted, lock_and_load_user, lock_team
from roadmap.people.models import Team, User
from roadmap.people.queries import find_role
from roadmap.people.roles import ROLES, is_at_least

DEFAULT_LIFETIME = dt.timedelta(days=14)
# How long expired invitations stay listed. Their audit entries remain.
RETENTION = dt.timedelta(days=90)
# The maximum number of open invitations per inviter.
MAX_OPEN = 500


class InvitationRefused(ValueError):
    """An invitation cannot be created.

    `reason` is inviter (the inviter may not invite there), member (the person is already in the
    team), invited (they are already invited to a higher `role`) or account (they have an account).
    """

    def __init__(self, reason: str, role: str = "") -> None:
        self.reason = reason
        self.role = role
        super().__init__(reason)


class InvitationInvalid(ValueError):
    """An invitation can no longer be accepted, because of its `state`."""

    def __init__(self, state: str) -> None:
        self.state = state
        super().__init__(state)


class WrongAddress(ValueError):
    """The invitation is for an e-mail address other than the account's."""


def invite(
    session: Session,
    *,
    team: Team | None,
    role: str,
    email: str = "",
    by: uuid.UUID,
    lifetime: dt.timedelta = DEFAULT_LIFETIME,
    now: dt.datetime,
    key: str = "",
) -> tuple[Invitation, str]:
    """Create an invitation and the token of its link, which is not stored, once per form `key`.

    With a normalized address, only its owner can use the invitation. They get a mail, and it
    replaces their open invitation to the same team. Raises InvitationRefused, TeamDeleted,
    LimitReached, and KeyError for an unknown role.
    """
    if role not in ROLES:
        raise KeyError(role)
    team_id, invited = team.id if team else None, email_key(email)
    row_id = form_id(key, by, team_id, role, email, lifetime)
    if team_id is not None:
        lock_team(session, team_id)
    # Serialize invitations of one address to one team, or from one form.
    lock_name(session, f"invite:{team_id}:{invited or row_id}")
    if not may_invite(session, by, team_id):
        raise InvitationRefused("inviter")
    made = session.get(Invitation, row_id, populate_existing=True)
    if made is not None and invitation_state(session, made, now) == VALID:
        return made, form_token(key, row_id, made.created_at)
    invitation_id = row_id if made is None else new_id()
    known = check_guest(session, email, team_id, role, now=now) if invited else None
    mine = Invitation.created_by == by, Invitation.expires_at > now, IS_OPEN
    if count_rows(session, Invitation, *mine) >= MAX_OPEN:
        raise LimitReached(
            _l("At most %(most)d of your invitations can be open at a time.", most=MAX_OPEN),
            _l("Revoke those that are no longer needed, then try again."),
        )
    if invited:
        for older in session.scalars(select_open(invited, team_id)).all():
            _end_invitation(session, older, "replaced", by=by, now=now)
    token = form_token(key, invitation_id, now)
    invitation = Invitation(
        id=invitation_id, token_hash=hash_token(token), email=email, email_key=invited,
        is_mailed=bool(invited) and transport.is_configured(), team_id=team_id, role=role,
        created_by=by, created_at=now, expires_at=now + lifetime,
    )  # fmt: skip
    session.add(invitation)
    session.flush()
    _record_audit(session, "created", invitation, by=by, now=now)
    if invited:
        mail = emails.render_invitation_mail(invitation, token, reader=known)
        outbox.enqueue(session, mail, now=now)
    if known is not None:
        user_invited.send(session, user_id=known.id, invitation=invitation, now=now)
    return invitation, token


def check_guest(
    session: Session, email: str, team_id: uuid.UUID | None, role: str, *, now: dt.datetime
) -> User | None:
    """Return the account of the address, if any.

    Raises InvitationRefused if it needs no invitation or has an open one with a higher role.
    """
    known = find_user_by_email(session, email)
    if known is not None:
        if team_id is None:
            raise InvitationRefused("account")
        if is_at_least(find_role(session, team_id, known.id), role):
            raise InvitationRefused("member")
    for older in session.scalars(select_open(email_key(email), team_id)):
        higher = not is_at_least(role, older.role)
        if higher and invitation_state(session, older, now) == VALID:
            raise InvitationRefused("invited", older.role)
    return known


def accept(
    session: Session,
    invitation: Invitation,
    user_id: uuid.UUID,
    *,
    is_new: bool = False,
    now: dt.datetime,
) -> bool:
    """Add a person to the invitation's team; return whether anything changed.

    `is_new` is whether the invitation created their account. Members never get a lower role. Only
    one of several concurrent callers succeeds. Raises InvitationInvalid, WrongAddress, and
    AccountDeactivated.
    """
    if invitation.team_id is not None:
        try:
            lock_team(session, invitation.team_id)
        except TeamDeleted:
            raise InvitationInvalid(UNKNOWN) from None
    user = lock_and_load_user(session, user_id)
    current = session.get(Invitation, invitation.id, populate_existing=True)
    if current is None:
        raise InvitationInvalid(UNKNOWN)
    if not is_new and current.email_key and current.email_key != user.email_key:
        raise WrongAddress
    team = current.team
    in_already = team is not None and is_at_least(
        find_role(session, team.id, user_id), current.role
    )
    if in_already and not current.email_key:
        return False
    state = invitation_state(session, current, now)
    if state == VALID and not _update_open(session, current, accepted_at=now, accepted_by=user_id):
        state = invitation_state(session, current, now)
    if state != VALID:
        if in_already:
            return False
        raise InvitationInvalid(state)
    _record_audit(session, "accepted", current, by=user_id, now=now)
    if team is not None and not in_already:
        add_member(
            session, team, user_id, current.role, invited_by=current.created_by, by=user_id, now=now
        )
    invitation_ended.send(
        session, invitation=current, accepted_by=user_id, joined=not in_already, now=now
    )
    return not in_already


def revoke(
    session: Session, invitation: Invitation, *, by: uuid.UUID | None, now: dt.datetime
) -> bool:
    """Revoke an invitation and its unsent mail; return False if it was not open."""
    return _end_invitation(session, invitation, "revoked", by=by, now=now)


def decline(
    session: Session, invitation: Invitation, user_id: uuid.UUID, *, now: dt.datetime
) -> bool:
    """Decline an invitation for the invited person; return False if it was not open."""
    return _end_invitation(session, invitation, "declined", by=user_id, now=now)


def prune(session: Session, *, now: dt.datetime) -> int:
    """Delete invitations past their retention period; return the number of rows."""
    old = sa.delete(Invitation).where(Invitation.expires_at < now - RETENTION)
    return count_changed(session, old)


def _end_invitation(
    session: Session,
    invitation: Invitation,
    outcome: str,
    *,
    by: uuid.UUID | None,
    now: dt.datetime,
) -> bool:
    """End an invitation without accepting it; `outcome` is revoked, replaced or declined."""
    if not _update_open(session, invitation, revoked_at=now):
        return False
    outbox.withdraw(session, emails.MAIL_SOURCE, [invitation.id])
    _record_audit(session, outcome, invitation, by=by, now=now)
    declined_by = by if outcome == "declined" else None
    invitation_ended.send(session, invitation=invitation, declined_by=declined_by, now=now)
    return True


def _update_open(session: Session, invitation: Invitation, **values: Any) -> bool:
    """Update an invitation; return False if it is no longer open."""
    open_one = sa.update(Invitation).where(Invitation.id == invitation.id, IS_OPEN)
    written = count_changed(session, open_one.values(**values))
    refresh(session, invitation)
    return bool(written)


def _record_audit(
    session: Session, done: str, invitation: Invitation, *, by: uuid.UUID | None, now: dt.datetime
) -> None:
    team = invitation.team
    record_audit(
        session, f"invitation.{done}", invitation.id, by=by, now=now,
        team=team.slug if team else None, team_name=team.name if team else "", role=invitation.role,
        email=invitation.email,
    )  # fmt: skip
