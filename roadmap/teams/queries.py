"""Read the teams that a person is in, and the people of the teams that an actor sees."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.models import Roadmap
from roadmap.people.actor import Actor
from roadmap.people.models import Membership, Team, User
from roadmap.people.reach import allows, select_holders
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


class MyTeam(NamedTuple):
    """A team of a person, their role in it, and the names of those who see what they share."""

    slug: str
    name: str
    role: str
    seen_by: list[str]


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
    found: dict[str, MyTeam] = {}
    for slug, name, role, seer in rows:
        team = found.setdefault(slug, MyTeam(slug, name, role, []))
        if seer is not None:
            team.seen_by.append(seer)
    return list(found.values())


@dataclass(slots=True)
class TeamPerson:
    """A member of some teams: `teams` by id, and `roadmaps` with the primary one first.

    `last_activity_on` is known where `has_summary` is true.
    """

    id: uuid.UUID
    name: str
    joined_at: dt.datetime
    teams: dict[uuid.UUID, TeamRef] = field(default_factory=dict)
    roadmaps: dict[str, Followed] = field(default_factory=dict)
    last_activity_on: dt.date | None = None
    has_summary: bool = False

    def joined_on(self, actor: Actor) -> dt.date:
        """Return the day on which the person joined, in the actor's time zone."""
        return self.joined_at.astimezone(actor.zone).date()


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
    .where(allows(Capability.BE_IN_MATRIX), _USERS.c.deactivated_at.is_(None))
    .order_by(_USERS.c.id, _TEAMS.c.name, _ENROLLED.c.is_primary.desc(), _ENROLLED.c.created_at)
)


def list_people(session: Session, actor: Actor, teams: sa.Select[Any]) -> list[TeamPerson]:
    """List the active members of these teams, by name, without the actor.

    `teams` selects ids, see `people.reach`.
    """
    people: dict[uuid.UUID, TeamPerson] = {}
    for (
        user_id,
        name,
        joined,
        team_id,
        slug,
        team,
        roadmap,
        *on,
        computed_on,
        active_on,
    ) in session.execute(_PEOPLE.where(_MEMBERS.c.team_id.in_(teams), _USERS.c.id != actor.id)):
        person = people.setdefault(user_id, TeamPerson(user_id, name, joined))
        person.joined_at = min(person.joined_at, joined)
        person.teams.setdefault(team_id, TeamRef(slug, team))
        if roadmap is not None:
            person.roadmaps.setdefault(roadmap, (on[0], on[1]))
        if computed_on is not None:
            # Each row of a person says the same: activity is the person's, not a roadmap's.
            person.has_summary, person.last_activity_on = True, active_on
    return sorted(people.values(), key=lambda person: (name_key(person.name), str(person.id)))
