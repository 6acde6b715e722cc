"""Reading teams: who is in them, and who leads whom.

To manage a team is to manage the teams nested in it as well: a manager of managers sees the
roll-up. A deactivated account is in no team's view, and judges nothing.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.people.models import ROLES, Membership, Team, User

_MEMBERS: Any = Membership.__table__
_TEAMS: Any = Team.__table__
_USERS: Any = User.__table__


@dataclass(frozen=True, slots=True)
class TeamMember:
    """A person in a team. `team` is the slug of the team that the membership is of."""

    id: uuid.UUID
    name: str
    email: str
    role: str
    team_id: uuid.UUID
    team: str
    team_name: str


def _led(manager: Any) -> sa.CTE:
    """The ids of the teams that `manager` manages, and of all that are nested in them."""
    led = (
        sa.select(_MEMBERS.c.team_id.label("id"))
        .join(_USERS, _USERS.c.id == _MEMBERS.c.user_id)
        .where(
            _MEMBERS.c.user_id == manager,
            _MEMBERS.c.role == "manager",
            _USERS.c.deactivated_at.is_(None),
        )
        .cte(recursive=True)
    )
    # UNION, not UNION ALL: teams that are nested in a circle end it.
    return led.union(sa.select(_TEAMS.c.id).where(_TEAMS.c.parent_id == led.c.id))


def _below(team: Any) -> sa.CTE:
    """The id of a team, and of all that are nested in it."""
    below = sa.select(_TEAMS.c.id).where(_TEAMS.c.id == team).cte(recursive=True)
    return below.union(sa.select(_TEAMS.c.id).where(_TEAMS.c.parent_id == below.c.id))


def nested_in(team_id: Any) -> sa.Select[Any]:
    """Selects the id of a team (or of a parameter) and of all nested in it, to scope a query."""
    return sa.select(_below(team_id).c.id)


def led_by(manager: Any) -> sa.Select[Any]:
    """Selects the ids of the teams that somebody (an id or a parameter) leads, to scope a query."""
    return sa.select(_led(manager).c.id)


def managed_by(manager: Any) -> sa.Select[Any]:
    """Selects the ids of everybody whom somebody (an id or a parameter) leads, to scope a query.

    However many they are, the statement carries one id. Not that person's own.
    """
    led = _led(manager)
    return (
        sa.select(_MEMBERS.c.user_id)
        .join(led, led.c.id == _MEMBERS.c.team_id)
        .join(_USERS, _USERS.c.id == _MEMBERS.c.user_id)
        .where(_MEMBERS.c.user_id != manager, _USERS.c.deactivated_at.is_(None))
        .distinct()
    )


_MANAGER = sa.bindparam("manager", type_=sa.Uuid)
_LED_TEAMS = led_by(_MANAGER)
_MANAGED = managed_by(_MANAGER)


def led_teams(session: Session, manager_id: uuid.UUID) -> frozenset[uuid.UUID]:
    """Ids of the teams that a person manages, and of those nested in them."""
    return frozenset(session.scalars(_LED_TEAMS, {"manager": manager_id}))


def managed_people(session: Session, manager_id: uuid.UUID) -> frozenset[uuid.UUID]:
    """Ids of everybody in the teams that a person leads, without that person."""
    return frozenset(session.scalars(_MANAGED, {"manager": manager_id}))


def own_teams(session: Session, user_id: uuid.UUID) -> frozenset[uuid.UUID]:
    """Ids of the teams that a person is in, in whatever role."""
    return frozenset(
        session.scalars(sa.select(_MEMBERS.c.team_id).where(_MEMBERS.c.user_id == user_id))
    )


def administers(session: Session, user_id: uuid.UUID) -> bool:
    """Whether this person administers at this moment: a closed account does not."""
    found = sa.select(_USERS.c.id).where(
        _USERS.c.id == user_id, _USERS.c.is_admin, _USERS.c.deactivated_at.is_(None)
    )
    return session.execute(found).first() is not None


def managers_of(session: Session, user_id: uuid.UUID) -> list[User]:
    """Who manages a team of this person, or one that it is nested in; by name."""
    above = (
        sa.select(_MEMBERS.c.team_id.label("id"))
        .where(_MEMBERS.c.user_id == user_id)
        .cte("above", recursive=True)
    )
    above = above.union(
        sa.select(_TEAMS.c.parent_id)
        .join(above, above.c.id == _TEAMS.c.id)
        .where(_TEAMS.c.parent_id.is_not(None))
    )
    return list(
        session.scalars(
            sa.select(User)
            .where(
                User.id != user_id,
                User.deactivated_at.is_(None),
                User.id.in_(
                    sa.select(_MEMBERS.c.user_id).where(
                        _MEMBERS.c.role == "manager", _MEMBERS.c.team_id.in_(sa.select(above.c.id))
                    )
                ),
            )
            .order_by(User.name, User.id)
        )
    )


def find_team(session: Session, slug: str) -> Team | None:
    """The team with this slug."""
    return session.scalar(sa.select(Team).where(Team.slug == slug))


def members(session: Session, team_id: uuid.UUID, *, nested: bool = False) -> list[TeamMember]:
    """The people of a team (and of those nested in it), by name, in one statement."""
    teams: Any = nested_in(team_id) if nested else [team_id]
    rows = session.execute(
        sa.select(
            _USERS.c.id,
            _USERS.c.name,
            _USERS.c.email,
            _MEMBERS.c.role,
            _TEAMS.c.id,
            _TEAMS.c.slug,
            _TEAMS.c.name,
        )
        .join_from(_MEMBERS, _USERS, _USERS.c.id == _MEMBERS.c.user_id)
        .join(_TEAMS, _TEAMS.c.id == _MEMBERS.c.team_id)
        .where(_MEMBERS.c.team_id.in_(teams), _USERS.c.deactivated_at.is_(None))
        .order_by(sa.func.lower(_USERS.c.name), _USERS.c.id, _TEAMS.c.name)
    )
    return [TeamMember(*row) for row in rows]


def is_within(session: Session, team_id: uuid.UUID, user_id: uuid.UUID) -> bool:
    """Whether a person is in a team or in one that is nested in it."""
    return bool(
        session.scalar(
            sa.select(
                sa.exists().where(
                    _MEMBERS.c.user_id == user_id,
                    _MEMBERS.c.team_id.in_(sa.select(_below(team_id).c.id)),
                )
            )
        )
    )


def memberships(session: Session, user_id: uuid.UUID) -> list[tuple[Team, str]]:
    """The teams of a person with their role there, by name."""
    rows = session.execute(
        sa.select(Team, Membership.role)
        .join(Membership, Membership.team_id == Team.id)
        .where(Membership.user_id == user_id)
        .order_by(Team.name, Team.slug)
    )
    return [(team, role) for team, role in rows]


def find_role(session: Session, team_id: uuid.UUID, user_id: uuid.UUID) -> str | None:
    """The role of a person in a team; None where they are not in it."""
    return session.scalar(
        sa.select(Membership.role).where(
            Membership.team_id == team_id, Membership.user_id == user_id
        )
    )


def has_role_or_higher(session: Session, team_id: uuid.UUID, user_id: uuid.UUID, role: str) -> bool:
    """Whether a person has this role in the team, or a higher one."""
    held = find_role(session, team_id, user_id)
    return held is not None and ROLES.index(held) >= ROLES.index(role)
