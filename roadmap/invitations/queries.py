"""Read invitations: by token, open ones of a team, and their state."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.auth.email_addresses import email_key
from roadmap.auth.tokens import hash_token
from roadmap.invitations.models import Invitation
from roadmap.people.models import Team, User
from roadmap.people.reach import teams_of
from roadmap.people.roles import Capability


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """An invitation that was neither used nor revoked; `expired` ones cannot be used."""

    id: uuid.UUID
    email: str
    role: str
    team: str | None
    team_name: str | None
    by_name: str
    created_at: dt.datetime
    expires_at: dt.datetime
    expired: bool


def list_open_invitations(
    session: Session, team_id: uuid.UUID | None, *, now: dt.datetime
) -> list[OpenInvitation]:
    """Return the open invitations of one team, or of all for None, newest first."""
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


# States of an invitation. `lapsed`: the inviter may not invite any more.
VALID, USED, EXPIRED, REVOKED, LAPSED, UNKNOWN = STATES = (
    *("valid", "used", "expired", "revoked"),
    *("lapsed", "unknown"),
)


@dataclass(frozen=True, slots=True)
class InvitationLookup:
    """The result for a token. `invitation` is None only if the state is unknown."""

    state: str
    invitation: Invitation | None = None
    team: Team | None = None
    by_name: str = ""


def may_invite(session: Session, person: uuid.UUID | None, team_id: uuid.UUID | None) -> bool:
    """Return whether this person may invite to the team, or to no team in particular.

    Administrators may invite to any team, managers to the teams that they lead.
    """
    user = session.scalars(
        sa.select(User)
        .where(User.id == person, User.deactivated_at.is_(None))
        .execution_options(populate_existing=True)
    ).first()
    if user is None:
        return False
    if user.is_admin or team_id is None:
        return user.is_admin
    teams = teams_of(user.id, Capability.MANAGE_TEAM)
    return bool(session.scalar(sa.select(sa.literal(team_id, sa.Uuid).in_(teams))))


def look_up_token(session: Session, token: str, now: dt.datetime) -> InvitationLookup:
    """Return the invitation with this token and its state."""
    row = session.execute(
        sa.select(Invitation, Team, User.name)
        .join(Team, Team.id == Invitation.team_id, isouter=True)
        .join(User, User.id == Invitation.created_by, isouter=True)
        .where(Invitation.token_hash == hash_token(token))
        .execution_options(populate_existing=True)
    ).first()
    if row is None:
        return InvitationLookup(UNKNOWN)
    invitation, team, by_name = row
    return InvitationLookup(
        invitation_state(session, invitation, now), invitation, team, by_name or ""
    )


def find_invitation(
    session: Session, invitation_id: uuid.UUID, team_id: uuid.UUID | None = None
) -> Invitation | None:
    """Return the invitation with this id, where given only if it is for this team."""
    found = sa.select(Invitation).where(Invitation.id == invitation_id)
    if team_id is not None:
        found = found.where(Invitation.team_id == team_id)
    return session.scalars(found).first()


def invitation_state(session: Session, invitation: Invitation, now: dt.datetime) -> str:
    if invitation.accepted_at is not None:
        return USED
    if invitation.revoked_at is not None:
        return REVOKED
    if invitation.expires_at <= now:
        return EXPIRED
    lapsed = not may_invite(session, invitation.created_by, invitation.team_id)
    return LAPSED if lapsed else VALID


def has_open_invitation(session: Session, email: str, team_id: uuid.UUID | None) -> bool:
    """Return whether this address has an open invitation to the team, or to none."""
    return bool(email and session.scalars(select_open(email_key(email), team_id)).first())


def select_open(key: str, team_id: uuid.UUID | None) -> sa.Select[Invitation]:
    return sa.select(Invitation).where(
        Invitation.email_key == key,
        Invitation.team_id.is_(None) if team_id is None else Invitation.team_id == team_id,
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
    )
