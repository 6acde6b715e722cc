"""The members of the teams whose people an actor sees, with their roadmaps."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.models import Roadmap
from roadmap.people.actor import Actor
from roadmap.people.models import Membership, Team, User
from roadmap.people.reach import allows, team_tree, teams_of
from roadmap.people.roles import Capability
from roadmap.progress.models import Enrollment
from roadmap.readiness.models import ReadinessSummary
from roadmap.readiness.summaries import Followed
from roadmap.teams.matrix import TeamRef, name_key

_MEMBERS: Any = Membership.__table__
_TEAMS: Any = Team.__table__
_USERS: Any = User.__table__
_ENROLLED: Any = Enrollment.__table__
_ROADMAPS: Any = Roadmap.__table__
_SUMMARIES: Any = ReadinessSummary.__table__


@dataclass(slots=True)
class ManagedPerson:
    """A member of teams whose people the actor sees; `roadmaps` has the primary one first."""

    id: uuid.UUID
    name: str
    joined_at: dt.datetime
    places: dict[uuid.UUID, TeamRef] = field(default_factory=dict)
    roadmaps: dict[str, Followed] = field(default_factory=dict)
    last_activity_on: dt.date | None = None
    kept: bool = False


_PEOPLE = (
    sa.select(
        _USERS.c.id,
        _USERS.c.name,
        _MEMBERS.c.created_at,
        _TEAMS.c.id,
        _TEAMS.c.slug,
        _TEAMS.c.name,
        _ROADMAPS.c.slug,
        _ROADMAPS.c.id,
        _ROADMAPS.c.revision_id,
        _SUMMARIES.c.computed_on,
        _SUMMARIES.c.shared_last_activity_on,
    )
    .join_from(_MEMBERS, _USERS, _USERS.c.id == _MEMBERS.c.user_id)
    .join(_TEAMS, _TEAMS.c.id == _MEMBERS.c.team_id)
    .outerjoin(_ENROLLED, _ENROLLED.c.user_id == _USERS.c.id)
    .outerjoin(
        _ROADMAPS,
        sa.and_(_ROADMAPS.c.id == _ENROLLED.c.roadmap_id, _ROADMAPS.c.revision_id.is_not(None)),
    )
    .outerjoin(
        _SUMMARIES,
        sa.and_(_SUMMARIES.c.user_id == _USERS.c.id, _SUMMARIES.c.roadmap_id == _ROADMAPS.c.id),
    )
    .where(
        allows(Capability.BE_IN_MATRIX),
        _USERS.c.deactivated_at.is_(None),
        _USERS.c.id != sa.bindparam("actor", type_=sa.Uuid),
    )
    .order_by(_USERS.c.id, _TEAMS.c.name, _ENROLLED.c.is_primary.desc(), _ENROLLED.c.created_at)
)


_TEAM_TREE_MEMBERS = _PEOPLE.where(
    _MEMBERS.c.team_id.in_(team_tree(sa.bindparam("team", type_=sa.Uuid)))
)
_MANAGED_PEOPLE = _PEOPLE.where(
    _MEMBERS.c.team_id.in_(teams_of(sa.bindparam("actor", type_=sa.Uuid), Capability.SEE_SHARED))
)


def list_team_tree_members(
    session: Session, actor: Actor, team_id: uuid.UUID
) -> list[ManagedPerson]:
    """List the active members of a team and of those nested in it, by name, without the actor."""
    return _group_by_person(
        session.execute(_TEAM_TREE_MEMBERS, {"actor": actor.id, "team": team_id})
    )


def list_managed_people(session: Session, actor: Actor) -> list[ManagedPerson]:
    """List the active members of all teams whose people the actor sees, by name, without them."""
    return _group_by_person(session.execute(_MANAGED_PEOPLE, {"actor": actor.id}))


def _group_by_person(rows: Iterable[Any]) -> list[ManagedPerson]:
    found: dict[uuid.UUID, ManagedPerson] = {}
    teams: dict[uuid.UUID, TeamRef] = {}
    for user_id, name, joined, team_id, slug, team, *on, made_on, moved in rows:
        person = found.get(user_id)
        if person is None:
            person = found[user_id] = ManagedPerson(user_id, name, joined)
        person.joined_at = min(person.joined_at, joined)
        if team_id not in teams:
            teams[team_id] = TeamRef(slug, team)
        person.places[team_id] = teams[team_id]
        roadmap, roadmap_id, revision_id = on
        if roadmap is not None:
            person.roadmaps.setdefault(roadmap, (roadmap_id, revision_id))
        if made_on is not None:
            # Each row of a person says the same: movement is theirs, not a roadmap's.
            person.kept, person.last_activity_on = True, moved
    return sorted(found.values(), key=lambda person: (name_key(person.name), str(person.id)))
