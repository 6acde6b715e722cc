"""The teams that a person is in, and who can see what they share there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.people.models import Membership, Team, User
from roadmap.people.reach import select_holders
from roadmap.people.roles import Capability

_MEMBERS: Any = Membership.__table__
_TEAMS: Any = Team.__table__
_USERS: Any = User.__table__


@dataclass(frozen=True, slots=True)
class MyTeam:
    """A team of a person, their role in it, and the names of those who see what they share."""

    slug: str
    name: str
    role: str
    seen_by: tuple[str, ...]


def list_my_teams(session: Session, user_id: uuid.UUID) -> list[MyTeam]:
    """List the teams that a person is in, by name, in one statement."""
    holders = select_holders([user_id], Capability.SEE_SHARED).subquery()
    seen_by = (
        sa.select(holders.c.team, _USERS.c.id, _USERS.c.name)
        .join_from(holders, _USERS, _USERS.c.id == holders.c.holder)
        .distinct()
        .subquery()
    )
    rows = session.execute(
        sa.select(_TEAMS.c.slug, _TEAMS.c.name, _MEMBERS.c.role, seen_by.c.name)
        .join_from(_MEMBERS, _TEAMS, _TEAMS.c.id == _MEMBERS.c.team_id)
        # An outer join, because nobody may see anything in a team.
        .outerjoin(seen_by, seen_by.c.team == _TEAMS.c.id)
        .where(_MEMBERS.c.user_id == user_id)
        .order_by(_TEAMS.c.name, _TEAMS.c.slug, seen_by.c.name, seen_by.c.id)
    )
    names: dict[tuple[str, str, str], list[str]] = {}
    for slug, name, role, seer in rows:
        names.setdefault((slug, name, role), []).extend([seer] if seer is not None else [])
    return [MyTeam(*team, tuple(seen_by)) for team, seen_by in names.items()]
