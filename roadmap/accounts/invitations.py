"""Invitations: made by whoever leads a team or administers, and accepted once by one person.

An invitation opens an account here, and a team where it names one. It is as good as the person
who made it: once they may not invite any more, it is dead.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.accounts import letters, outbox
from roadmap.accounts.models import Invitation
from roadmap.accounts.queries import by_email, email_key
from roadmap.accounts.tokens import hash_token, new_token
from roadmap.core.signals import invitation_ended, invited
from roadmap.people.actions import add_member
from roadmap.people.models import ROLES, Membership, Team, User
from roadmap.people.queries import led_teams
from roadmap.people.records import TeamGone, audit, lock_person, lock_team

LIVES = dt.timedelta(days=14)

# How an invitation stands. `lapsed`: whoever made it may not invite any more.
VALID, USED, EXPIRED, REVOKED, LAPSED, UNKNOWN = STATES = (
    *("valid", "used", "expired", "revoked"),
    *("lapsed", "unknown"),
)


class InvitationRefused(ValueError):
    """An invitation cannot be made. `reason`: inviter (may not invite there), member (that person
    is in the team already, in this role or a higher one), invited (to a higher role already) or
    account (they have one already)."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class InvitationDead(ValueError):
    """An invitation cannot be accepted any more. `state` is one of STATES, never valid."""

    def __init__(self, state: str) -> None:
        self.state = state
        super().__init__(state)


class WrongAddress(ValueError):
    """The invitation is for another e-mail address than that of the account."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a token leads to. `invitation` is None only where the state is unknown."""

    state: str
    invitation: Invitation | None = None
    team: Team | None = None
    by_name: str = ""


def invite(
    session: Session,
    *,
    team: Team | None,
    role: str,
    email: str = "",
    by: uuid.UUID,
    lives: dt.timedelta = LIVES,
    now: dt.datetime,
) -> tuple[Invitation, str]:
    """Makes an invitation; the token of its link is known this once (see `letters.address_of`).

    With an e-mail address (as `forms.checked_email` writes it) only the person of that address
    can use it, they get a mail, and an older open invitation for them to the same team ends.
    Raises InvitationRefused, TeamGone, and KeyError for an unknown role.
    """
    if role not in ROLES:
        raise KeyError(role)
    team_id, key = team.id if team else None, email_key(email)
    if team_id is not None:
        lock_team(session, team_id)
    if key:
        _one_at_a_time(session, key, team_id)
    if not may_invite(session, by, team_id):
        raise InvitationRefused("inviter")
    known = by_email(session, email) if key else None
    if known is not None and team is None:
        raise InvitationRefused("account")
    if known is not None and team is not None and has_role(session, team.id, known.id, role):
        raise InvitationRefused("member")
    if key:
        _replace(session, key, team_id, role, by=by, now=now)
    token, token_hash = new_token()
    invitation = Invitation(
        token_hash=token_hash, email=email, email_key=key, team_id=team_id, role=role,
        created_by=by, created_at=now, expires_at=now + lives,
    )  # fmt: skip
    session.add(invitation)
    session.flush()
    _note(session, "created", invitation, team, by=by, now=now, email=email)
    inviter = session.get_one(User, by)
    if key:
        outbox.put(
            session,
            to=email,
            subject=letters.subject(inviter, team),
            body=letters.body(inviter, team, invitation, token, reader=known),
            user_id=known.id if known else None,
            key=invitation.id,
            now=now,
        )
    if known is not None:
        invited.send(session, user_id=known.id, team=team, by_name=inviter.name, now=now)
    return invitation, token


def may_invite(session: Session, person: uuid.UUID | None, team_id: uuid.UUID | None) -> bool:
    """Whether this person may invite: an administrator everywhere, a manager to what they lead."""
    user = session.get(User, person, populate_existing=True) if person else None
    if user is None or user.deactivated_at is not None:
        return False
    return user.is_admin or (team_id is not None and team_id in led_teams(session, user.id))


def look_up(session: Session, token: str, now: dt.datetime) -> Found:
    """What this token leads to, and how it stands."""
    row = session.execute(
        sa.select(Invitation, Team, User.name)
        .join(Team, Team.id == Invitation.team_id, isouter=True)
        .join(User, User.id == Invitation.created_by, isouter=True)
        .where(Invitation.token_hash == hash_token(token))
        .execution_options(populate_existing=True)
    ).first()
    if row is None:
        return Found(UNKNOWN)
    invitation, team, by_name = row
    return Found(_state(session, invitation, now), invitation, team, by_name or "")


def find(session: Session, invitation_id: uuid.UUID) -> Invitation | None:
    """The invitation with this id."""
    return session.get(Invitation, invitation_id)


def accept(
    session: Session, invitation: Invitation, user_id: uuid.UUID, *, now: dt.datetime
) -> bool:
    """Puts a person into the team that the invitation names. Whoever is in it already, in this
    role or a higher one, stays as they are, and an invitation for anybody stays good for others.

    False where nothing changed for them. Raises InvitationDead, WrongAddress, and AccountClosed for
    whoever was closed out meanwhile. Of any number who accept at once, one does.
    """
    if invitation.team_id is not None:
        try:
            lock_team(session, invitation.team_id)
        except TeamGone:
            raise InvitationDead(UNKNOWN) from None
    lock_person(session, user_id)
    user = session.get_one(User, user_id, populate_existing=True)
    now_standing = session.get(Invitation, invitation.id, populate_existing=True)
    if now_standing is None:
        raise InvitationDead(UNKNOWN)
    if now_standing.email_key and now_standing.email_key != user.email_key:
        raise WrongAddress
    team = session.get(Team, now_standing.team_id) if now_standing.team_id else None
    in_already = team is not None and has_role(session, team.id, user_id, now_standing.role)
    if in_already and not now_standing.email_key:
        return False
    state = _take(session, now_standing, user_id, now)
    if state != VALID:
        if in_already:
            return False
        raise InvitationDead(state)
    _note(session, "accepted", now_standing, team, by=user_id, now=now)
    if team is not None and not in_already:
        add_member(session, team, user_id, now_standing.role, by=user_id, now=now)
    _ended(session, now_standing, team, accepted_by=user_id, joined=not in_already, now=now)
    return not in_already


def revoke(
    session: Session, invitation: Invitation, *, by: uuid.UUID | None, now: dt.datetime
) -> bool:
    """Takes an invitation back, and its mail where that has not left yet.

    False where it was used or taken back already.
    """
    gone = session.execute(
        sa.update(Invitation)
        .where(
            Invitation.id == invitation.id,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    ).rowcount  # type: ignore[attr-defined]
    session.refresh(invitation)
    if gone:
        outbox.forget(session, invitation.id)
        team = session.get(Team, invitation.team_id) if invitation.team_id else None
        _note(session, "revoked", invitation, team, by=by, now=now)
        _ended(session, invitation, team, accepted_by=None, joined=False, now=now)
    return bool(gone)


def role_in(session: Session, team_id: uuid.UUID, user_id: uuid.UUID) -> str | None:
    """The role of a person in a team; None where they are not in it."""
    return session.scalar(
        sa.select(Membership.role).where(
            Membership.team_id == team_id, Membership.user_id == user_id
        )
    )


def has_role(session: Session, team_id: uuid.UUID, user_id: uuid.UUID, role: str) -> bool:
    """Whether a person has this role in the team, or a higher one."""
    held = role_in(session, team_id, user_id)
    return held is not None and ROLES.index(held) >= ROLES.index(role)


def _take(session: Session, invitation: Invitation, user_id: uuid.UUID, now: dt.datetime) -> str:
    """Marks an invitation as used, unless somebody was quicker; answers how it stood."""
    state = _state(session, invitation, now)
    if state != VALID:
        return state
    taken = session.execute(
        sa.update(Invitation)
        .where(
            Invitation.id == invitation.id,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > now,
        )
        .values(accepted_at=now, accepted_by=user_id)
    ).rowcount  # type: ignore[attr-defined]
    session.refresh(invitation)
    return VALID if taken == 1 else _state(session, invitation, now)


def _state(session: Session, invitation: Invitation, now: dt.datetime) -> str:
    if invitation.accepted_at is not None:
        return USED
    if invitation.revoked_at is not None:
        return REVOKED
    if invitation.expires_at <= now:
        return EXPIRED
    lapsed = not may_invite(session, invitation.created_by, invitation.team_id)
    return LAPSED if lapsed else VALID


def has_open(session: Session, email: str, team_id: uuid.UUID | None) -> bool:
    """Whether an invitation of this address to the team (or to none) is open: a new one ends it."""
    return bool(email and session.scalars(_open_of(email_key(email), team_id)).first())


def _open_of(key: str, team_id: uuid.UUID | None) -> sa.Select[Invitation]:
    return sa.select(Invitation).where(
        Invitation.email_key == key,
        Invitation.team_id.is_(None) if team_id is None else Invitation.team_id == team_id,
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
    )


def _one_at_a_time(session: Session, key: str, team_id: uuid.UUID | None) -> None:
    """Two who invite the same address to the same do it one after the other, so that the second
    finds what the first made. SQLite's writers always do."""
    if session.get_bind().dialect.name == "postgresql":
        name = f"invite:{team_id}:{key}"
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(name, 0))))


def _replace(
    session: Session,
    key: str,
    team_id: uuid.UUID | None,
    role: str,
    *,
    by: uuid.UUID,
    now: dt.datetime,
) -> None:
    """The newest invitation of an address to a team is the one that counts.

    But one to a higher role that still holds stays: raises InvitationRefused.
    """
    standing = session.scalars(_open_of(key, team_id)).all()
    for invitation in standing:
        higher = ROLES.index(invitation.role) > ROLES.index(role)
        if higher and _state(session, invitation, now) == VALID:
            raise InvitationRefused("invited")
    for invitation in standing:
        revoke(session, invitation, by=by, now=now)


def _ended(session: Session, invitation: Invitation, team: Team | None, **how: Any) -> None:
    """Tells the higher rooms. `how`: accepted_by, joined and now."""
    invitation_ended.send(
        session, email_key=invitation.email_key, team=team, role=invitation.role,
        invited_by=invitation.created_by, **how,
    )  # fmt: skip


def _note(
    session: Session,
    done: str,
    invitation: Invitation,
    team: Team | None,
    *,
    by: uuid.UUID | None,
    now: dt.datetime,
    **data: Any,
) -> None:
    audit(
        session,
        by=by,
        action=f"invitation.{done}",
        target=str(invitation.id),
        now=now,
        team=team.slug if team else None,
        role=invitation.role,
        **data,
    )
