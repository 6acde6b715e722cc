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

from roadmap.catalog.queries import Published, all_published, at_revision, published
from roadmap.people.actor import Actor
from roadmap.people.models import Team
from roadmap.people.queries import led_by
from roadmap.readiness.current import shared_digests
from roadmap.readiness.queries import Record, glimpses
from roadmap.teams.led import Person, members_of_led, members_of_tree
from roadmap.teams.matrix import (
    CLAIMED_NOT_PROVEN,
    STILL_DAYS,
    VERDICTS,
    Matrix,
    Place,
    RoadmapChoice,
    Row,
    SkillCell,
    SkillColumn,
    StageCell,
    StageColumn,
    name_key,
)

_TEAMS: Any = Team.__table__


# --- The matrix -----------------------------------------------------------------------------------


def matrix(
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
    if team.id not in actor.led_teams:
        raise LookupError(f"{team.slug} is not led by {actor.id}")
    people = members_of_tree(session, actor, team.id)
    revisions = {
        slug: revision_id
        for person in people
        for slug, (_roadmap_id, revision_id) in person.roadmaps.items()
    }
    followed_by_any = {slug: at_revision(session, each) for slug, each in revisions.items()}
    choices = _choices(people, followed_by_any)
    shown = _chosen(session, choices, followed_by_any, roadmap)
    today = actor.today(now)
    slug = shown.content.slug if shown else ""
    followed = {person.id: person.roadmaps[slug] for person in people if slug in person.roadmaps}
    digests = shared_digests(session, followed, now)
    others = glimpses(session, [person.id for person in people if person.id not in digests])
    _tell_movement(people, digests, others)
    nested = {key: place for person in people for key, place in person.places.items()}
    nested.pop(team.id, None)
    return Matrix(
        slug=team.slug,
        name=team.name,
        roadmap=slug,
        roadmap_title=shown.content.title if shown else "",
        roadmaps=choices,
        teams=(
            Place(team.slug, team.name),
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


def _choices(
    people: Sequence[Person], followed: Mapping[str, Published]
) -> tuple[RoadmapChoice, ...]:
    """The roadmaps that these people are on, the one first that is shown where none is named."""
    first = Counter(next(iter(person.roadmaps)) for person in people if person.roadmaps)
    on = Counter(slug for person in people for slug in person.roadmaps)
    titles = {slug: each.content.title for slug, each in followed.items()}
    ranked = sorted(on, key=lambda slug: (-first[slug], -on[slug], titles[slug], slug))
    return tuple(RoadmapChoice(slug, titles[slug], on[slug]) for slug in ranked)


def _chosen(
    session: Session,
    choices: Sequence[RoadmapChoice],
    followed: Mapping[str, Published],
    slug: str | None,
) -> Published | None:
    """The roadmap to show; None where nothing is published yet."""
    if not slug and not choices:
        return next(iter(all_published(session)), None)
    slug = slug or choices[0].slug
    found = followed.get(slug) or published(session, slug)
    if found is None:
        raise LookupError(f"no roadmap {slug}")
    return found


def _row(
    person: Person,
    digest: Mapping[str, Any] | None,
    shown: Published | None,
    actor: Actor,
    outside: Record | None = None,
) -> Row:
    """A person's row. `outside` is the glimpse of somebody who is not on the roadmap."""
    teams, joined_on = tuple(person.places.values()), _joined_on(person, actor)
    if shown is None:
        return Row(person.id, person.name, teams, joined_on, person.moved_on)
    if digest is None:
        outside = outside or Record()
        own, other = outside.self_levels, outside.other_levels
        skills = {
            skill.key: SkillCell(own.get(skill.key), other.get(skill.key), skill.bar)
            for skill in shown.content.skills
        }
        return Row(person.id, person.name, teams, joined_on, person.moved_on, skills=skills)
    stages, assessed = digest["stages"], digest["skills"]
    return Row(
        person.id,
        person.name,
        teams,
        joined_on,
        person.moved_on,
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


def _tell_movement(
    people: Sequence[Person],
    digests: Mapping[uuid.UUID, Mapping[str, Any]],
    others: Mapping[uuid.UUID, Record],
) -> None:
    """Adds when they moved last of those who have no kept row, which else would say so."""
    for person in people:
        if person.kept:
            continue
        if person.id in digests:
            person.moved_on = digests[person.id]["moved_on"]
        else:
            person.moved_on = others[person.id].moved_on(shared_only=True)


def _joined_on(person: Person, actor: Actor) -> dt.date:
    """The day on which they came into the team, by the actor's own calendar."""
    return person.joined_at.astimezone(actor.zone).date()


def _verdict(digest: Mapping[str, Any]) -> str:
    verdict: str = digest["verdict"]
    return CLAIMED_NOT_PROVEN if digest["claimed_not_proven"] else verdict


# --- All teams at a glance ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TeamStanding:
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
class Still:
    """Somebody of whom nothing moved for a while; `moved_on` None where nothing ever did.

    `team` is a team of theirs that the actor leads, for the address of their page.
    """

    id: uuid.UUID
    name: str
    team: str
    team_name: str
    moved_on: dt.date | None
    days: int

    @property
    def href(self) -> str:
        return f"/teams/{self.team}/people/{self.id}"


@dataclass(frozen=True, slots=True)
class Standings:
    """What a manager sees first: `teams` in the order of the tree, `still` the longest first.

    `not_begun` of the `people` are on no roadmap.
    """

    teams: tuple[TeamStanding, ...]
    still: tuple[Still, ...]
    people: int
    not_begun: int


def standings(session: Session, actor: Actor, now: dt.datetime) -> Standings:
    """All teams that the actor leads, and who has not moved for `matrix.STILL_DAYS` days.

    Three statements, one more where somebody is on no roadmap, two more where kept rows have run
    out, however many teams; of very many people more (see `core.many`).
    """
    led = session.execute(
        sa.select(_TEAMS.c.id, _TEAMS.c.slug, _TEAMS.c.name, _TEAMS.c.parent_id).where(
            _TEAMS.c.id.in_(led_by(actor.id))
        )
    ).all()
    if not led:
        return Standings((), (), 0, 0)
    people = members_of_led(session, actor)
    digests = shared_digests(
        session,
        {person.id: next(iter(person.roadmaps.values())) for person in people if person.roadmaps},
        now,
    )
    below = _below({team.id: team.parent_id for team in led})
    unknown = [each.id for each in people if not each.kept and each.id not in digests]
    _tell_movement(people, digests, glimpses(session, unknown))
    return Standings(
        teams=tuple(
            _standing(team, depth, _within(people, below[team.id]), digests)
            for team, depth in _in_order(led)
        ),
        still=_still(people, actor, actor.today(now)),
        people=len(people),
        not_begun=sum(person.id not in digests for person in people),
    )


def _in_order(led: Sequence[Any]) -> list[tuple[Any, int]]:
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


def _below(parents: Mapping[uuid.UUID, uuid.UUID | None]) -> dict[uuid.UUID, set[uuid.UUID]]:
    """For each team itself and what is nested in it."""
    found: dict[uuid.UUID, set[uuid.UUID]] = {team: set() for team in parents}
    for team in parents:
        above: uuid.UUID | None = team
        while above in found and team not in found[above]:
            found[above].add(team)
            above = parents[above]
    return found


def _within(people: Sequence[Person], teams: set[uuid.UUID]) -> list[Person]:
    return [person for person in people if not teams.isdisjoint(person.places)]


def _standing(
    team: Any, depth: int, people: Sequence[Person], digests: Mapping[uuid.UUID, Mapping[str, Any]]
) -> TeamStanding:
    known = [digests[person.id] for person in people if person.id in digests]
    progress = [digest["progress"] for digest in known]
    hours = sum(each["hours"] for each in progress)
    tones = [
        sum(each[tone] * each["hours"] for each in progress) / hours if hours else 0.0
        for tone in ("claimed", "evidenced", "verified")
    ]
    counts = Counter(_verdict(digest) for digest in known)
    return TeamStanding(
        team.slug,
        team.name,
        depth,
        len(people),
        len(known),
        {verdict: counts[verdict] for verdict in VERDICTS if counts[verdict]},
        *tones,
    )


def _still(people: Sequence[Person], actor: Actor, today: dt.date) -> tuple[Still, ...]:
    found = []
    for person in people:
        row = _row(person, None, None, actor)
        days = row.still_for(today)
        if days >= STILL_DAYS:
            place = row.teams[0]
            found.append(Still(row.id, row.name, place.slug, place.name, row.moved_on, days))
    return tuple(sorted(found, key=lambda still: -still.days))
