"""The teams that a person is in, and who can see what they share there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.people.models import Membership, Team, User

_MEMBERS: Any = Membership.__table__
_TEAMS: Any = Team.__table__
_USERS: Any = User.__table__


@dataclass(frozen=True, slots=True)
class MyTeam:
    """A team of somebody, their role in it, and the names of those who manage it or one above."""

    slug: str
    name: str
    role: str
    managers: tuple[str, ...]


def list_my_teams(session: Session, user_id: uuid.UUID) -> list[MyTeam]:
    """The teams that a person is in, by name. One statement."""
    above = (
        sa.select(_MEMBERS.c.team_id.label("team"), _MEMBERS.c.team_id.label("id"))
        .where(_MEMBERS.c.user_id == user_id)
        .cte("above", recursive=True)
    )
    above = above.union(
        sa.select(above.c.team, _TEAMS.c.parent_id)
        .join_from(above, _TEAMS, _TEAMS.c.id == above.c.id)
        .where(_TEAMS.c.parent_id.is_not(None))
    )
    # Whoever manages a team or one that it is nested in; an outer join, for there may be nobody.
    managers = (
        sa.select(above.c.team, _USERS.c.id, _USERS.c.name)
        .join_from(above, _MEMBERS, _MEMBERS.c.team_id == above.c.id)
        .join(_USERS, _USERS.c.id == _MEMBERS.c.user_id)
        .where(
            _MEMBERS.c.role == "manager",
            _USERS.c.id != user_id,
            _USERS.c.deactivated_at.is_(None),
        )
        .distinct()
        .subquery()
    )
    rows = session.execute(
        sa.select(_TEAMS.c.slug, _TEAMS.c.name, _MEMBERS.c.role, managers.c.name)
        .join_from(_MEMBERS, _TEAMS, _TEAMS.c.id == _MEMBERS.c.team_id)
        .outerjoin(managers, managers.c.team == _TEAMS.c.id)
        .where(_MEMBERS.c.user_id == user_id)
        .order_by(_TEAMS.c.name, _TEAMS.c.slug, managers.c.name, managers.c.id)
    )
    found: dict[str, MyTeam] = {}
    for slug, name, role, manager in rows:
        team = found.get(slug) or MyTeam(slug, name, role, ())
        led_by = (*team.managers, manager) if manager is not None else team.managers
        found[slug] = MyTeam(slug, name, role, led_by)
    return list(found.values())
