"""Reading teams for those who lead them: the matrix, and all their teams at a glance.

Everything here is about the people that the actor manages, and from what they share alone.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.queries import (
    PublishedRoadmap,
    load_revision,
    published_roadmap,
    published_roadmaps,
)
from roadmap.people.actor import Actor
from roadmap.people.models import Team
from roadmap.people.reach import teams_of
from roadmap.people.roles import Capability
from roadmap.readiness.queries import PersonRecord, partial_records
from roadmap.readiness.summaries import load_shared_summaries
from roadmap.teams.managed_people import ManagedPerson, list_managed_people, list_team_tree_members
from roadmap.teams.matrix import (
    CLAIMED_NOT_PROVEN,
    INACTIVE_DAYS,
    VERDICTS,
    Matrix,
    RoadmapChoice,
    Row,
    SkillCell,
    SkillColumn,
    StageCell,
    StageColumn,
    TeamRef,
    name_key,
)

_TEAMS: Any = Team.__table__


# --- The matrix -----------------------------------------------------------------------------------


def load_matrix(
    session: Session, actor: Actor, team: Team, *, roadmap: str | None = None, now: dt.datetime
) -> Matrix:
    """The matrix of a team that the actor leads, with the teams nested in it, by name.

    Its people are the active members, not the actor. `roadmap` is the slug of a published roadmap;
    without one it is the roadmap that is the primary one of most of these people, with equal
    numbers the one that more of them are on, then the first by title. Three statements, one more
    where somebody is not on it, two more where kept rows have run out; of very many people more
    (see `core.many`).

    Raises LookupError where the actor does not lead this team, or there is no such roadmap.
    """
    if not actor.has_in(Capability.SEE_SHARED, team.id):
        raise LookupError(f"{team.slug} is not led by {actor.id}")
    people = list_team_tree_members(session, actor, team.id)
    revisions = {
        slug: revision_id
        for person in people
        for slug, (_roadmap_id, revision_id) in person.roadmaps.items()
    }
    followed_by_any = {slug: load_revision(session, each) for slug, each in revisions.items()}
    choices = _roadmap_choices(people, followed_by_any)
    shown = _select_roadmap(session, choices, followed_by_any, roadmap)
    today = actor.today(now)
    slug = shown.content.slug if shown else ""
    followed = {person.id: person.roadmaps[slug] for person in people if slug in person.roadmaps}
    digests = load_shared_summaries(session, followed, now)
    others = partial_records(session, [person.id for person in people if person.id not in digests])
    _fill_last_activity(people, digests, others)
    nested = {key: place for person in people for key, place in person.places.items()}
    nested.pop(team.id, None)
    return Matrix(
        slug=team.slug,
        name=team.name,
        roadmap=slug,
        roadmap_title=shown.content.title if shown else "",
        roadmaps=choices,
        teams=(
            TeamRef(team.slug, team.name),
            *sorted(nested.values(), key=lambda place: (name_key(place.name), place.slug)),
        ),
        stages=tuple(StageColumn(s.key, s.title) for s in shown.content.stages) if shown else (),
        skills=(
            tuple(SkillColumn(s.key, s.title, s.bar) for s in shown.content.skills) if shown else ()
        ),
        rows=tuple(
            _row(person, digests.get(person.id), shown, actor, others.get(person.id))
            for person in people
        ),
        today=today,
        people=len(people),
    )


def _roadmap_choices(
    people: Sequence[ManagedPerson], followed: Mapping[str, PublishedRoadmap]
) -> tuple[RoadmapChoice, ...]:
    """The roadmaps that these people are on, the one first that is shown where none is named."""
    first = Counter(next(iter(person.roadmaps)) for person in people if person.roadmaps)
    on = Counter(slug for person in people for slug in person.roadmaps)
    titles = {slug: each.content.title for slug, each in followed.items()}
    ranked = sorted(on, key=lambda slug: (-first[slug], -on[slug], titles[slug], slug))
    return tuple(RoadmapChoice(slug, titles[slug], on[slug]) for slug in ranked)


def _select_roadmap(
    session: Session,
    choices: Sequence[RoadmapChoice],
    followed: Mapping[str, PublishedRoadmap],
    slug: str | None,
) -> PublishedRoadmap | None:
    """The roadmap to show; None where nothing is published yet."""
    if not slug and not choices:
        return next(iter(published_roadmaps(session)), None)
    slug = slug or choices[0].slug
    found = followed.get(slug) or published_roadmap(session, slug)
    if found is None:
        raise LookupError(f"no roadmap {slug}")
    return found


def _row(
    person: ManagedPerson,
    digest: Mapping[str, Any] | None,
    shown: PublishedRoadmap | None,
    actor: Actor,
    outside: PersonRecord | None = None,
) -> Row:
    """A person's row. `outside` is the glimpse of somebody who is not on the roadmap."""
    teams, joined_on = tuple(person.places.values()), _joined_on(person, actor)
    if shown is None:
        return Row(person.id, person.name, teams, joined_on, person.last_activity_on)
    if digest is None:
        outside = outside or PersonRecord()
        own, other = outside.self_levels, outside.other_levels
        skills = {
            skill.key: SkillCell(own.get(skill.key), other.get(skill.key), skill.bar)
            for skill in shown.content.skills
        }
        return Row(person.id, person.name, teams, joined_on, person.last_activity_on, skills=skills)
    stages, assessed = digest["stages"], digest["skills"]
    return Row(
        person.id,
        person.name,
        teams,
        joined_on,
        person.last_activity_on,
        score=digest["score"],
        verdict=_verdict(digest),
        stages={
            stage.key: StageCell(found["claimed"], found["evidenced"], found["verified"])
            for stage in shown.content.stages
            if (found := stages.get(stage.key))
        },
        skills={
            skill.key: SkillCell(found["self"], found["other"], skill.bar)
            for skill in shown.content.skills
            if (found := assessed.get(skill.key))
        },
    )


def _fill_last_activity(
    people: Sequence[ManagedPerson],
    digests: Mapping[uuid.UUID, Mapping[str, Any]],
    others: Mapping[uuid.UUID, PersonRecord],
) -> None:
    """Adds when they moved last of those who have no kept row, which else would say so."""
    for person in people:
        if person.kept:
            continue
        if person.id in digests:
            person.last_activity_on = digests[person.id]["last_activity_on"]
        else:
            person.last_activity_on = others[person.id].last_activity_on(shared_only=True)


def _joined_on(person: ManagedPerson, actor: Actor) -> dt.date:
    """The day on which they came into the team, by the actor's own calendar."""
    return person.joined_at.astimezone(actor.zone).date()


def _verdict(digest: Mapping[str, Any]) -> str:
    verdict: str = digest["verdict"]
    return CLAIMED_NOT_PROVEN if digest["claimed_not_proven"] else verdict


# --- All teams at a glance ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TeamSummary:
    """A team that the actor leads, with the teams nested in it: as many people as its matrix has.

    `depth` is 0 for the teams on top. `verdicts` count people by verdict (see `matrix.VERDICTS`);
    the shares are of the effort of all who are on a roadmap, each on their primary one.
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
    """Somebody of whom nothing moved for a while; `last_activity_on` None where nothing ever did.

    `team` is a team of theirs that the actor leads, for the address of their page.
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
    """What a manager sees first: `teams` in the order of the tree, `still` the longest first.

    `not_begun` of the `people` are on no roadmap.
    """

    teams: tuple[TeamSummary, ...]
    still: tuple[InactivePerson, ...]
    people: int
    not_begun: int


def load_teams_overview(session: Session, actor: Actor, now: dt.datetime) -> TeamsOverview:
    """All teams that the actor leads, and who has not moved for `matrix.STILL_DAYS` days.

    Three statements, one more where somebody is on no roadmap, two more where kept rows have run
    out, however many teams; of very many people more (see `core.many`).
    """
    led = session.execute(
        sa.select(_TEAMS.c.id, _TEAMS.c.slug, _TEAMS.c.name, _TEAMS.c.parent_id).where(
            _TEAMS.c.id.in_(teams_of(actor.id, Capability.SEE_SHARED))
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
    below = _team_subtrees({team.id: team.parent_id for team in led})
    unknown = [each.id for each in people if not each.kept and each.id not in digests]
    _fill_last_activity(people, digests, partial_records(session, unknown))
    return TeamsOverview(
        teams=tuple(
            _team_summary(team, depth, _members_of_teams(people, below[team.id]), digests)
            for team, depth in _in_tree_order(led)
        ),
        still=_inactive_people(people, actor, actor.today(now)),
        people=len(people),
        not_begun=sum(person.id not in digests for person in people),
    )


def _in_tree_order(led: Sequence[Any]) -> list[tuple[Any, int]]:
    """The teams as a tree reads, each with its depth; by name side by side."""
    by_parent: dict[uuid.UUID | None, list[Any]] = {}
    ids = {team.id for team in led}
    for team in sorted(led, key=lambda team: (name_key(team.name), team.slug)):
        by_parent.setdefault(team.parent_id if team.parent_id in ids else None, []).append(team)
    ordered: list[tuple[Any, int]] = []
    seen: set[uuid.UUID] = set()

    def walk(teams: Iterable[Any], depth: int) -> None:
        for team in teams:
            if team.id not in seen:
                seen.add(team.id)
                ordered.append((team, depth))
                walk(by_parent.get(team.id, ()), depth + 1)

    walk(by_parent.get(None, ()), 0)
    # Teams that are nested in a circle have no top: each that is left begins one.
    for team in led:
        walk([team], 0)
    return ordered


def _team_subtrees(
    parents: Mapping[uuid.UUID, uuid.UUID | None],
) -> dict[uuid.UUID, set[uuid.UUID]]:
    """For each team itself and what is nested in it."""
    found: dict[uuid.UUID, set[uuid.UUID]] = {team: set() for team in parents}
    for team in parents:
        above: uuid.UUID | None = team
        while above in found and team not in found[above]:
            found[above].add(team)
            above = parents[above]
    return found


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
    counts = Counter(_verdict(digest) for digest in known)
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
        row = _row(person, None, None, actor)
        days = row.days_inactive(today)
        if days >= INACTIVE_DAYS:
            place = row.teams[0]
            found.append(
                InactivePerson(row.id, row.name, place.slug, place.name, row.last_activity_on, days)
            )
    return tuple(sorted(found, key=lambda still: -still.days))
