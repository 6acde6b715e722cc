"""An overview of all teams whose people an actor sees, and of those who are inactive in them.

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
from roadmap.teams.matrix import INACTIVE_DAYS, VERDICTS, name_key
from roadmap.teams.matrix_queries import fill_last_activity, verdict_of
from roadmap.teams.queries import TeamPerson, list_people


@dataclass(frozen=True, slots=True)
class TeamSummary:
    """A team with the people of the teams nested in it, as in its matrix.

    `depth` is 0 for teams at the top, `role` the actor's highest in this team or above it.
    `verdicts` counts people by verdict (`matrix.VERDICTS`). The shares are of the effort of all
    people who are on a roadmap, each on their primary one.
    """

    slug: str
    name: str
    depth: int
    role: str
    people: int
    enrolled: int
    verdicts: Mapping[str, int]
    claimed: float
    evidenced: float
    verified: float


@dataclass(frozen=True, slots=True)
class InactivePerson:
    """A person without recent activity; `last_activity_on` is None where there never was any."""

    name: str
    team_name: str
    href: str
    last_activity_on: dt.date | None
    days: int


@dataclass(frozen=True, slots=True)
class TeamsOverview:
    """Teams in the order of the tree, and inactive people, those inactive longest first.

    `not_begun` of the `people` are on no roadmap.
    """

    teams: Sequence[TeamSummary] = ()
    inactive: Sequence[InactivePerson] = ()
    people: int = 0
    not_begun: int = 0


def load_teams_overview(session: Session, actor: Actor, now: dt.datetime) -> TeamsOverview:
    """Load the teams whose people the actor sees, and who was inactive for `INACTIVE_DAYS`.

    Takes four statements for any number of teams, one more where somebody is on no roadmap, two
    more where summary rows are out of date; very many people take more (see `core.batches`).
    """
    seen = teams_of(actor.id, Capability.SEE_SHARED)
    rows = session.execute(
        sa.select(Team.id, Team.slug, Team.name, Team.parent_id).where(Team.id.in_(seen))
    ).all()
    if not rows:
        return TeamsOverview()
    people = list_people(session, actor, seen)
    primary = {each.id: next(iter(each.roadmaps.values())) for each in people if each.roadmaps}
    digests = load_shared_summaries(session, primary, now)
    unknown = [each.id for each in people if not each.has_summary and each.id not in digests]
    fill_last_activity(people, digests, partial_records(session, unknown))
    teams = sorted(rows, key=lambda team: (name_key(team.name), team.slug))
    below = find_descendants(teams)
    return TeamsOverview(
        teams=[
            _team_summary(
                team,
                depth,
                actor.role_in(team.id),
                [each.id for each in people if not below[team.id].isdisjoint(each.teams)],
                digests,
            )
            for team, depth in list_as_tree(teams)
        ],
        inactive=_inactive_people(people, actor, actor.today(now)),
        people=len(people),
        not_begun=sum(person.id not in digests for person in people),
    )


def _team_summary(
    team: Any,
    depth: int,
    role: str,
    people: Sequence[uuid.UUID],
    digests: Mapping[uuid.UUID, Mapping[str, Any]],
) -> TeamSummary:
    known = [digests[person] for person in people if person in digests]
    progress = [digest["progress"] for digest in known]
    hours = sum(each["hours"] for each in progress)
    tones = (
        sum(each[tone] * each["hours"] for each in progress) / hours if hours else 0.0
        for tone in ("claimed", "evidenced", "verified")
    )
    counts = Counter(verdict_of(digest) for digest in known)
    verdicts = {verdict: counts[verdict] for verdict in VERDICTS if counts[verdict]}
    return TeamSummary(team.slug, team.name, depth, role, len(people), len(known), verdicts, *tones)


def _inactive_people(
    people: Sequence[TeamPerson], actor: Actor, today: dt.date
) -> list[InactivePerson]:
    found = []
    for person in people:
        last = person.last_activity_on
        days = (today - (last or person.joined_on(actor))).days
        if days >= INACTIVE_DAYS:
            slug, team_name = next(iter(person.teams.values()))
            href = f"/teams/{slug}/people/{person.id}"
            found.append(InactivePerson(person.name, team_name, href, last, days))
    return sorted(found, key=lambda person: -person.days)
