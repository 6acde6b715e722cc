"""Read the teams of a person, and what the people of a team share: its matrix, and an overview.

All figures come from what people share with those who see them.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.models import Roadmap
from roadmap.catalog.queries import (
    PublishedRoadmap,
    load_revision,
    published_roadmap,
    published_roadmaps,
)
from roadmap.core.i18n import gettext as _
from roadmap.core.text import fold
from roadmap.people.actor import Actor
from roadmap.people.models import Membership, Team, User
from roadmap.people.reach import allows, select_holders, team_tree, teams_of
from roadmap.people.roles import Capability
from roadmap.people.rules import find_descendants, list_as_tree
from roadmap.progress.models import Enrollment
from roadmap.readiness.models import ReadinessSummary
from roadmap.readiness.queries import PersonRecord, partial_records
from roadmap.readiness.summaries import Followed, load_shared_summaries
from roadmap.readiness.summary import summary_verdict
from roadmap.teams.columns import COLUMN_KINDS
from roadmap.teams.matrix import (
    INACTIVE_DAYS,
    VERDICTS,
    ColumnGroup,
    Matrix,
    RoadmapChoice,
    Row,
    SkillCell,
    StageCell,
    TeamRef,
)

if TYPE_CHECKING:
    from roadmap.catalog.content import Content

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
        sa.select(_TEAMS.c.slug, _TEAMS.c.name, _MEMBERS.c.role, seen_by.c.name, seen_by.c.id)
        .join_from(_MEMBERS, _TEAMS, _TEAMS.c.id == _MEMBERS.c.team_id)
        # An outer join, because nobody may see anything in a team.
        .outerjoin(seen_by, seen_by.c.team == _TEAMS.c.id)
        .where(_MEMBERS.c.user_id == user_id)
    )
    found: dict[str, MyTeam] = {}
    in_order = sorted(rows, key=lambda row: (fold(row[3] or ""), str(row[4])))
    for slug, name, role, seer, _id in in_order:
        team = found.setdefault(slug, MyTeam(slug, name, role, []))
        if seer is not None:
            team.seen_by.append(seer)
    return sorted(found.values(), key=lambda team: (fold(team.name), team.slug))


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

    @property
    def href(self) -> str:
        """Return the address of their page, as of somebody in the first of the teams."""
        return f"/teams/{next(iter(self.teams.values())).slug}/people/{self.id}"

    def joined_on(self, actor: Actor) -> dt.date:
        """Return the day on which the person joined, in the actor's time zone."""
        return self.joined_at.astimezone(actor.zone).date()

    def active_on(self, actor: Actor) -> dt.date:
        """Return the day of the last activity, or on which they joined where there is none."""
        return self.last_activity_on or self.joined_on(actor)


_PEOPLE = (
    sa.select(
        _USERS.c.id,
        _USERS.c.name,
        _MEMBERS.c.created_at.label("joined_at"),
        _TEAMS.c.id.label("team_id"),
        _TEAMS.c.slug.label("team_slug"),
        _TEAMS.c.name.label("team_name"),
        _ROADMAPS.c.slug.label("roadmap_slug"),
        _ROADMAPS.c.id.label("roadmap_id"),
        _ROADMAPS.c.revision_id,
        _SUMMARIES.c.computed_on,
        _SUMMARIES.c.shared_last_activity_on.label("last_activity_on"),
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
    .order_by(_USERS.c.id, _ENROLLED.c.is_primary.desc(), _ENROLLED.c.created_at)
)


def list_people(session: Session, actor: Actor, teams: sa.Select[Any]) -> list[TeamPerson]:
    """List the active members of these teams, by name, without the actor.

    `teams` selects ids, see `people.reach`.
    """
    people: dict[uuid.UUID, TeamPerson] = {}
    seen = _PEOPLE.where(_MEMBERS.c.team_id.in_(teams), _USERS.c.id != actor.id)
    for row in session.execute(seen):
        person = people.setdefault(row.id, TeamPerson(row.id, row.name, row.joined_at))
        person.joined_at = min(person.joined_at, row.joined_at)
        person.teams.setdefault(row.team_id, TeamRef(row.team_slug, row.team_name))
        if row.roadmap_slug is not None:
            person.roadmaps.setdefault(row.roadmap_slug, (row.roadmap_id, row.revision_id))
        if row.computed_on is not None:
            # Each row of a person says the same: activity is the person's, not a roadmap's.
            person.has_summary, person.last_activity_on = True, row.last_activity_on
    for person in people.values():
        by_name = sorted(person.teams.items(), key=lambda team: fold(team[1].name))
        person.teams = dict(by_name)
    return sorted(people.values(), key=lambda person: (fold(person.name), str(person.id)))


def load_matrix(
    session: Session,
    actor: Actor,
    team: Team | None,
    *,
    roadmap: str | None = None,
    now: dt.datetime,
) -> Matrix:
    """Load the matrix of a team that the actor manages, with the teams nested in it, by name.

    Without a team it is of all teams whose people the actor sees. Its people are the active
    members without the actor. `roadmap` is the slug of a published roadmap; by default it is the
    primary roadmap of most of these people, on a tie the one that more of them are on, then the
    first by title. Takes three statements, one more where somebody is
    not on the roadmap, two more where summary rows are out of date; very many people take more
    (see `core.batches`).

    Raise LookupError where the actor does not manage the team or there is no such roadmap.
    """
    if team is not None and not actor.has_in(Capability.SEE_SHARED, team.id):
        raise LookupError(f"{team.slug} is not managed by {actor.id}")
    seen = team_tree(team.id) if team else teams_of(actor.id, Capability.SEE_SHARED)
    people = list_people(session, actor, seen)
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
    _fill_last_activity(people, digests, others)
    ids = [person.id for person in people]
    loaded = {kind.kind: kind.load(session, ids, now) for kind in COLUMN_KINDS}
    content = shown.content if shown else None
    nested = {key: place for person in people for key, place in person.teams.items()}
    if team is not None:
        nested.pop(team.id, None)
    return Matrix(
        slug=team.slug if team else "",
        name=team.name if team else _("All your people"),
        roadmap=slug,
        roadmap_title=content.title if content else "",
        roadmaps=choices,
        teams=(
            *([TeamRef(team.slug, team.name)] if team else []),
            *sorted(nested.values(), key=lambda place: (fold(place.name), place.slug)),
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
        own, other = outside.own.self_levels, outside.own.other_levels
        return {
            "skills": {
                skill.key: SkillCell(own.get(skill.key), other.get(skill.key), skill.bar)
                for skill in content.skills
            }
        }
    stages, assessed = digest["stages"], digest["skills"]
    return {
        "score": digest["score"],
        "verdict": summary_verdict(digest),
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


def _fill_last_activity(
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
class TeamsOverview:
    """Teams in the order of the tree, and inactive people, those inactive longest first.

    `not_begun` of the `people` are on no roadmap.
    """

    teams: Sequence[TeamSummary] = ()
    inactive: Sequence[TeamPerson] = ()
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
    _fill_last_activity(people, digests, partial_records(session, unknown))
    latest = actor.today(now) - dt.timedelta(days=INACTIVE_DAYS)
    inactive = [person for person in people if person.active_on(actor) <= latest]
    teams = sorted(rows, key=lambda team: (fold(team.name), team.slug))
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
        inactive=sorted(inactive, key=lambda person: person.active_on(actor)),
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
    counts = Counter(summary_verdict(digest) for digest in known)
    verdicts = {verdict: counts[verdict] for verdict in VERDICTS if counts[verdict]}
    return TeamSummary(team.slug, team.name, depth, role, len(people), len(known), verdicts, *tones)
