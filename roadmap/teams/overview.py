"""An overview of all teams that a manager manages, and of the people who are inactive in them.

Figures come from what people share with their managers.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.people.actor import Actor
from roadmap.people.models import Team
from roadmap.people.nesting import find_descendants, list_as_tree
from roadmap.people.reach import teams_of
from roadmap.people.roles import Capability
from roadmap.readiness.queries import partial_records
from roadmap.readiness.summaries import load_shared_summaries
from roadmap.teams.managed_people import ManagedPerson, list_managed_people
from roadmap.teams.matrix import INACTIVE_DAYS, VERDICTS, name_key
from roadmap.teams.matrix_queries import fill_last_activity, joined_on, verdict_of


@dataclass(frozen=True, slots=True)
class TeamSummary:
    """A team that the actor manages, with the people of the teams nested in it, as in its matrix.

    `depth` is 0 for teams at the top. `verdicts` counts people by verdict (`matrix.VERDICTS`). The
    shares are of the effort of all people who are on a roadmap, each on their primary one.
    """

    slug: str
    name: str
    depth: int
    people: int
    enrolled: int
    verdicts: Mapping[str, int]
    claimed: float
    evidenced: float
    verified: float


@dataclass(frozen=True, slots=True)
class InactivePerson:
    """A person without recent activity; `last_activity_on` is None where there never was any.

    `team` is one of their teams that the actor manages, for the URL of their page.
    """

    id: uuid.UUID
    name: str
    team: str
    team_name: str
    last_activity_on: dt.date | None
    days: int

    @property
    def href(self) -> str:
        return f"/teams/{self.team}/people/{self.id}"


@dataclass(frozen=True, slots=True)
class TeamsOverview:
    """Teams in the order of the tree, and inactive people, those inactive longest first.

    `not_begun` of the `people` are on no roadmap.
    """

    teams: tuple[TeamSummary, ...]
    inactive: tuple[InactivePerson, ...]
    people: int
    not_begun: int


def load_teams_overview(session: Session, actor: Actor, now: dt.datetime) -> TeamsOverview:
    """Load all teams that the actor manages, and who was inactive for `matrix.INACTIVE_DAYS`.

    Takes three statements for any number of teams, one more where somebody is on no roadmap, two
    more where summary rows are out of date; very many people take more (see `core.batches`).
    """
    led = session.execute(
        sa.select(Team.id, Team.slug, Team.name, Team.parent_id).where(
            Team.id.in_(teams_of(actor.id, Capability.SEE_SHARED))
        )
    ).all()
    if not led:
        return TeamsOverview((), (), 0, 0)
    people = list_managed_people(session, actor)
    digests = load_shared_summaries(
        session,
        {person.id: next(iter(person.roadmaps.values())) for person in people if person.roadmaps},
        now,
    )
    teams = sorted(led, key=lambda team: (name_key(team.name), team.slug))
    below = find_descendants(teams)
    unknown = [each.id for each in people if not each.kept and each.id not in digests]
    fill_last_activity(people, digests, partial_records(session, unknown))
    return TeamsOverview(
        teams=tuple(
            _team_summary(team, depth, _members_of_teams(people, below[team.id]), digests)
            for team, depth in list_as_tree(teams)
        ),
        inactive=_inactive_people(people, actor, actor.today(now)),
        people=len(people),
        not_begun=sum(person.id not in digests for person in people),
    )


def _members_of_teams(
    people: Sequence[ManagedPerson], teams: set[uuid.UUID]
) -> list[ManagedPerson]:
    return [person for person in people if not teams.isdisjoint(person.places)]


def _team_summary(
    team: Any,
    depth: int,
    people: Sequence[ManagedPerson],
    digests: Mapping[uuid.UUID, Mapping[str, Any]],
) -> TeamSummary:
    known = [digests[person.id] for person in people if person.id in digests]
    progress = [digest["progress"] for digest in known]
    hours = sum(each["hours"] for each in progress)
    tones = [
        sum(each[tone] * each["hours"] for each in progress) / hours if hours else 0.0
        for tone in ("claimed", "evidenced", "verified")
    ]
    counts = Counter(verdict_of(digest) for digest in known)
    return TeamSummary(
        team.slug,
        team.name,
        depth,
        len(people),
        len(known),
        {verdict: counts[verdict] for verdict in VERDICTS if counts[verdict]},
        *tones,
    )


def _inactive_people(
    people: Sequence[ManagedPerson], actor: Actor, today: dt.date
) -> tuple[InactivePerson, ...]:
    found = []
    for person in people:
        last = person.last_activity_on
        days = (today - (last or joined_on(person, actor))).days
        if days >= INACTIVE_DAYS:
            place = next(iter(person.places.values()))
            found.append(InactivePerson(person.id, person.name, place.slug, place.name, last, days))
    return tuple(sorted(found, key=lambda person: -person.days))
