"""Load the matrix of a team from what its people share with their managers."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from roadmap.catalog.queries import (
    PublishedRoadmap,
    load_revision,
    published_roadmap,
    published_roadmaps,
)
from roadmap.people.actor import Actor
from roadmap.people.models import Team
from roadmap.people.reach import team_tree
from roadmap.people.roles import Capability
from roadmap.readiness.queries import PersonRecord, partial_records
from roadmap.readiness.summaries import load_shared_summaries
from roadmap.teams.columns import COLUMN_KINDS
from roadmap.teams.matrix import (
    CLAIMED_NOT_PROVEN,
    ColumnGroup,
    Matrix,
    RoadmapChoice,
    Row,
    SkillCell,
    StageCell,
    TeamRef,
    name_key,
)
from roadmap.teams.queries import TeamPerson, list_people

if TYPE_CHECKING:
    from roadmap.catalog.content import Content


def load_matrix(
    session: Session, actor: Actor, team: Team, *, roadmap: str | None = None, now: dt.datetime
) -> Matrix:
    """Load the matrix of a team that the actor manages, with the teams nested in it, by name.

    Its people are the active members without the actor. `roadmap` is the slug of a published
    roadmap; by default it is the primary roadmap of most of these people, on a tie the one that
    more of them are on, then the first by title. Takes three statements, one more where somebody is
    not on the roadmap, two more where summary rows are out of date; very many people take more
    (see `core.batches`).

    Raise LookupError where the actor does not manage the team or there is no such roadmap.
    """
    if not actor.has_in(Capability.SEE_SHARED, team.id):
        raise LookupError(f"{team.slug} is not managed by {actor.id}")
    people = list_people(session, actor, team_tree(team.id))
    revisions = {slug: ids[1] for person in people for slug, ids in person.roadmaps.items()}
    followed_by_any = {slug: load_revision(session, each) for slug, each in revisions.items()}
    choices = _roadmap_choices(people, followed_by_any)
    slug = roadmap or (choices[0].slug if choices else "")
    shown = followed_by_any.get(slug) or (
        published_roadmap(session, slug)
        if slug
        # None where nothing is published yet.
        else next(iter(published_roadmaps(session)), None)
    )
    if slug and shown is None:
        raise LookupError(f"no roadmap {slug}")
    slug = shown.content.slug if shown else ""
    followed = {person.id: person.roadmaps[slug] for person in people if slug in person.roadmaps}
    digests = load_shared_summaries(session, followed, now)
    others = partial_records(session, [person.id for person in people if person.id not in digests])
    fill_last_activity(people, digests, others)
    ids = [person.id for person in people]
    loaded = {kind.kind: kind.load(session, ids, now) for kind in COLUMN_KINDS}
    content = shown.content if shown else None
    nested = {key: place for person in people for key, place in person.teams.items()}
    nested.pop(team.id, None)
    return Matrix(
        slug=team.slug,
        name=team.name,
        roadmap=slug,
        roadmap_title=content.title if content else "",
        roadmaps=choices,
        teams=(
            TeamRef(team.slug, team.name),
            *sorted(nested.values(), key=lambda place: (name_key(place.name), place.slug)),
        ),
        groups=tuple(ColumnGroup(kind, kind.for_content(content)) for kind in COLUMN_KINDS),
        rows=tuple(
            Row(
                id=person.id,
                name=person.name,
                teams=tuple(person.teams.values()),
                joined_on=person.joined_on(actor),
                last_activity_on=person.last_activity_on,
                loaded={kind: found.get(person.id) for kind, found in loaded.items() if found},
                **_progress(content, digests.get(person.id), others.get(person.id)),
            )
            for person in people
        ),
        today=actor.today(now),
        people=len(people),
    )


def _roadmap_choices(
    people: Sequence[TeamPerson], followed: Mapping[str, PublishedRoadmap]
) -> tuple[RoadmapChoice, ...]:
    """Return the roadmaps that these people are on, the default one first."""
    primary = Counter(next(iter(person.roadmaps)) for person in people if person.roadmaps)
    on = Counter(slug for person in people for slug in person.roadmaps)
    titles = {slug: each.content.title for slug, each in followed.items()}
    ranked = sorted(on, key=lambda slug: (-primary[slug], -on[slug], titles[slug], slug))
    return tuple(RoadmapChoice(slug, titles[slug], on[slug]) for slug in ranked)


def _progress(
    content: Content | None, digest: Mapping[str, Any] | None, outside: PersonRecord | None
) -> dict[str, Any]:
    """Return the fields of a row that depend on the roadmap.

    `outside` are the assessments of a person who is not on it: skills need no roadmap.
    """
    if content is None:
        return {}
    if digest is None:
        outside = outside or PersonRecord()
        own, other = outside.self_levels, outside.other_levels
        return {
            "skills": {
                skill.key: SkillCell(own.get(skill.key), other.get(skill.key), skill.bar)
                for skill in content.skills
            }
        }
    stages, assessed = digest["stages"], digest["skills"]
    return {
        "score": digest["score"],
        "verdict": verdict_of(digest),
        "stages": {
            stage.key: StageCell(found["claimed"], found["evidenced"], found["verified"])
            for stage in content.stages
            if (found := stages.get(stage.key))
        },
        "skills": {
            skill.key: SkillCell(found["self"], found["other"], skill.bar)
            for skill in content.skills
            if (found := assessed.get(skill.key))
        },
    }


def fill_last_activity(
    people: Sequence[TeamPerson],
    digests: Mapping[uuid.UUID, Mapping[str, Any]],
    others: Mapping[uuid.UUID, PersonRecord],
) -> None:
    """Set the last activity of people without a summary row, which holds it for the others."""
    for person in people:
        if person.has_summary:
            continue
        if person.id in digests:
            person.last_activity_on = digests[person.id]["last_activity_on"]
        else:
            person.last_activity_on = others[person.id].last_activity_on(shared_only=True)


def verdict_of(digest: Mapping[str, Any]) -> str:
    """Return one of `matrix.VERDICTS` for a summary."""
    return CLAIMED_NOT_PROVEN if digest["claimed_not_proven"] else str(digest["verdict"])
