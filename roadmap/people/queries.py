"""Read teams, their members and roles. Deactivated accounts are excluded."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.text import fold
from roadmap.people.models import Membership, Team, User
from roadmap.people.reach import select_teams, select_teams_with_holder, team_tree
from roadmap.people.roles import Capability
from roadmap.people.rules import by_name


def own_teams(session: Session, user_id: uuid.UUID) -> frozenset[uuid.UUID]:
    """Return the ids of the teams that a person is in."""
    own = sa.select(Membership.team_id).where(Membership.user_id == user_id)
    return frozenset(session.scalars(own))


def is_administrator(session: Session, user_id: uuid.UUID) -> bool:
    """Return whether a person is currently an administrator; False if deactivated."""
    found = sa.select(User.id).where(
        User.id == user_id, User.is_admin, User.deactivated_at.is_(None)
    )
    return session.execute(found).first() is not None


def find_team(session: Session, slug: str) -> Team | None:
    return session.scalar(sa.select(Team).where(Team.slug == slug))


def list_teams(session: Session, ids: Collection[uuid.UUID]) -> list[Team]:
    """List the teams with these ids, by name."""
    return sorted(session.scalars(sa.select(Team).where(Team.id.in_(ids))), key=by_name)


def count_teams(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(Team)) or 0


def members(
    session: Session,
    team_id: uuid.UUID,
    *,
    nested: bool = False,
    included: sa.ColumnElement[bool] | None = None,
) -> Sequence[Any]:
    """List the members of a team, and of nested teams if `nested`, by name, in one statement.

    `included` is a condition on the user; by default, those with an active account are listed.
    """
    teams: Any = team_tree(team_id) if nested else [team_id]
    if included is None:
        included = User.deactivated_at.is_(None)
    rows = session.execute(
        sa.select(
            User.id,
            User.name,
            User.email,
            User.email_key,
            User.deactivated_at,
            Membership.role,
            Team.id.label("team_id"),
            Team.slug.label("team"),
            Team.name.label("team_name"),
        )
        .join_from(Membership, User, User.id == Membership.user_id)
        .join(Team, Team.id == Membership.team_id)
        .where(Membership.team_id.in_(teams), included)
    )
    return sorted(rows, key=lambda row: (fold(row.name), row.id, fold(row.team_name)))


def is_within(session: Session, team_id: uuid.UUID, user_id: uuid.UUID) -> bool:
    """Return whether a person is in a team or in one nested in it."""
    found = sa.exists().where(
        Membership.user_id == user_id, Membership.team_id.in_(team_tree(team_id))
    )
    return bool(session.scalar(sa.select(found)))


def memberships(session: Session, user_id: uuid.UUID) -> list[tuple[Team, str]]:
    """List the teams of a person with their roles, by name."""
    rows = session.execute(
        sa.select(Team, Membership.role)
        .join(Membership, Membership.team_id == Team.id)
        .where(Membership.user_id == user_id)
    )
    return sorted(((team, role) for team, role in rows), key=lambda each: by_name(each[0]))


def list_solely_managed_teams(
    session: Session, user_id: uuid.UUID, *, leaving_team_id: uuid.UUID | None = None
) -> list[Team]:
    """List the teams, including nested ones, of which a person is the only manager, by name.

    With `leaving_team_id`, list those that have no manager once the person has left this team.
    """
    remaining = Membership.user_id != user_id
    if leaving_team_id is not None:
        remaining = sa.or_(remaining, Membership.team_id != leaving_team_id)
    others = select_teams_with_holder(Capability.MANAGE_TEAM, remaining)
    managed = select_teams(user_id, Capability.MANAGE_TEAM)
    rows = session.scalars(sa.select(Team).where(Team.id.in_(managed), Team.id.not_in(others)))
    return sorted(rows, key=by_name)


def other_teams(session: Session, user_id: uuid.UUID, team: Team) -> str:
    """Return the names of the other teams that a person is in, comma-separated."""
    # Compare ids, because the caller may have loaded the team in another session.
    return ", ".join(
        each.name for each, _role in memberships(session, user_id) if each.id != team.id
    )


def find_role(session: Session, team_id: uuid.UUID, user_id: uuid.UUID) -> str | None:
    """Find the role of a person in a team; None if they are not in it."""
    own = (Membership.team_id == team_id, Membership.user_id == user_id)
    return session.scalar(sa.select(Membership.role).where(*own))


def find_member_name(session: Session, team_id: uuid.UUID, user_id: uuid.UUID) -> str | None:
    """Find the name of a team member; None if the person is not in the team."""
    query = sa.select(User.name).join(Membership, Membership.user_id == User.id)
    return session.scalar(query.where(User.id == user_id, Membership.team_id == team_id))
