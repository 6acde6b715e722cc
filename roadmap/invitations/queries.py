"""Read invitations and their state."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.auth.tokens import hash_token
from roadmap.core.limits import count_rows
from roadmap.invitations.models import Invitation
from roadmap.people.models import User
from roadmap.people.reach import select_teams
from roadmap.people.roles import Capability

# States of an invitation. The others are `used`, `expired`, `revoked`, and `lapsed` if the inviter
# may no longer invite.
VALID, UNKNOWN = "valid", "unknown"

# Neither used nor revoked.
IS_OPEN = Invitation.accepted_at.is_(None) & Invitation.revoked_at.is_(None)
_NEWEST_FIRST = sa.select(Invitation).order_by(
    Invitation.created_at.desc(), Invitation.email_key, Invitation.id.desc()
)


def list_open_invitations(session: Session, team_id: uuid.UUID | None) -> Sequence[Invitation]:
    """Return the open invitations of a team, or all if None, newest first.

    Includes expired ones.
    """
    query = _NEWEST_FIRST.where(IS_OPEN)
    if team_id is not None:
        query = query.where(Invitation.team_id == team_id)
    return session.scalars(query).all()


def count_open_invitations(session: Session, teams: Any, *, now: dt.datetime) -> int:
    """Count the open invitations to teams that have not expired; `teams` may be a subquery."""
    return count_rows(
        session, Invitation, IS_OPEN, Invitation.team_id.in_(teams), Invitation.expires_at > now
    )


def list_invitations_to(
    session: Session, key: str | None, *, now: dt.datetime
) -> Sequence[Invitation]:
    """Return the valid team invitations for a confirmed address, newest first."""
    if not key:
        return []
    to_teams = _NEWEST_FIRST.where(
        IS_OPEN,
        Invitation.team_id.is_not(None),
        Invitation.email_key == key,
        Invitation.expires_at > now,
    )
    rows = session.scalars(to_teams)
    return [row for row in rows if may_invite(session, row.created_by, row.team_id)]


def may_invite(session: Session, person: uuid.UUID | None, team_id: uuid.UUID | None) -> bool:
    """Return whether a person may invite to a team, or to the installation if None.

    Administrators may invite to all teams, managers to those they manage.
    """
    active = sa.select(User.is_admin).where(User.id == person, User.deactivated_at.is_(None))
    is_admin = session.scalar(active)
    if is_admin or is_admin is None or team_id is None:
        return bool(is_admin)
    teams = select_teams(person, Capability.MANAGE_TEAM)
    return bool(session.scalar(sa.select(sa.literal(team_id, sa.Uuid).in_(teams))))


def find_by_token(session: Session, token: str) -> Invitation | None:
    """Return the invitation with this token, or None."""
    return _find_reloaded(session, Invitation.token_hash == hash_token(token))


def find_received(session: Session, invitation_id: uuid.UUID, key: str | None) -> Invitation | None:
    """Return the invitation with this id, if it is for this confirmed address."""
    is_theirs = sa.and_(Invitation.email_key == key, Invitation.email_key != "")
    return _find_reloaded(session, sa.and_(Invitation.id == invitation_id, is_theirs))


def _find_reloaded(session: Session, condition: sa.ColumnElement[bool]) -> Invitation | None:
    found = sa.select(Invitation).where(condition)
    return session.scalars(found.execution_options(populate_existing=True)).first()


def find_invitation(
    session: Session, invitation_id: uuid.UUID, team_id: uuid.UUID | None = None
) -> Invitation | None:
    """Return the invitation with this id; with `team_id`, only if it is for that team."""
    found = session.scalar(sa.select(Invitation).where(Invitation.id == invitation_id))
    return found if found and team_id in (None, found.team_id) else None


def load_invitations(session: Session, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Invitation]:
    """Return the invitations with these ids that exist, by id."""
    rows = session.scalars(sa.select(Invitation).where(Invitation.id.in_(ids)))
    return {row.id: row for row in rows}


def invitation_state(session: Session, invitation: Invitation, now: dt.datetime) -> str:
    """Return the state of an invitation, which depends on the inviter's current permissions."""
    if invitation.accepted_at is not None:
        return "used"
    if invitation.revoked_at is not None:
        return "revoked"
    if invitation.expires_at <= now:
        return "expired"
    return VALID if may_invite(session, invitation.created_by, invitation.team_id) else "lapsed"


def select_open(key: str, team_id: uuid.UUID | None) -> sa.Select[Invitation]:
    """Select the open invitations of an address to a team, or to no team if None."""
    return sa.select(Invitation).where(
        Invitation.email_key == key,
        Invitation.team_id.is_(None) if team_id is None else Invitation.team_id == team_id,
        IS_OPEN,
    )
