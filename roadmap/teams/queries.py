"""Read the teams of a person, the matrix of a team, and an overview of teams.

All figures are based only on facts that people share.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.models import Roadmap
from roadmap.catalog.queries import (
    PublishedRoadmap,
    load_revision,
    published_roadmap,
    published_roadmaps,
)
from roadmap.core.i18n import _
from roadmap.core.text import fold
from roadmap.invitations.queries import count_open_invitations
from roadmap.people.actor import Actor
from roadmap.people.models import Membership, Team, User
from roadmap.people.reach import allows, select_holders, select_teams, team_tree
from roadmap.people.roles import Capability
from roadmap.people.rules import by_name, find_descendants, list_as_tree
from roadmap.progress.models import Enrollment
from roadmap.readiness.models import ReadinessSummary
from roadmap.readiness.queries import PersonRecord, partial_records
from roadmap.readiness.summaries import load_shared_summaries
from roadmap.readiness.summary import summary_verdict
from roadmap.teams.columns import COLUMN_KINDS
from roadmap.teams.matrix import (
    VERDICTS,
    ColumnGroup,
    Matrix,
    RoadmapChoice,
    Row,
    TeamRef,
)

if TYPE_CHECKING:
    from roadmap.catalog.content import Content


def list_my_teams(session: Session, user_id: uuid.UUID) -> list[tuple[Team, str, list[str]]]:
    """List a person's teams by name, with their role and the people who see what they share."""
    holders = select_holders([user_id], Capability.SEE_SHARED).subquery()
    viewers = (
        sa.select(holders.c.team, User.id, User.name)
        .join_from(holders, User, User.id == holders.c.holder)
        .distinct()
        .subquery()
    )
    rows = session.execute(
        sa.select(Team, Membership.role, viewers.c.name, viewers.c.id)
        .join_from(Membership, Team, Team.id == Membership.team_id)
        # An outer join, because a team may have nobody who sees what its members share.
        .outerjoin(viewers, viewers.c.team == Team.id)
        .where(Membership.user_id == user_id)
    )
    found: dict[uuid.UUID, tuple[Team, str, list[str]]] = {}
    for team, role, name, _id in sorted(rows, key=lambda row: (fold(row[2] or ""), str(row[3]))):
        _team, _role, seen_by = found.setdefault(team.id, (team, role, []))
        if name is not None:
            seen_by.append(name)
    return sorted(found.values(), key=lambda each: by_name(each[0]))


_PEOPLE = (
    sa.select(
        User.id,
        User.name,
        Membership.created_at.label("joined_at"),
        Team.slug.label("team_slug"),
        Team.name.label("team_name"),
        Roadmap.slug.label("roadmap_slug"),
        Roadmap.id.label("roadmap_id"),
        Roadmap.revision_id,
        ReadinessSummary.shared_last_activity_on,
    )
    .join_from(Membership, User, User.id == Membership.user_id)
    .join(Team, Team.id == Membership.team_id)
    .outerjoin(Enrollment, Enrollment.user_id == User.id)
    .outerjoin(
        Roadmap,
        sa.and_(Roadmap.id == Enrollment.roadmap_id, Roadmap.revision_id.is_not(None)),
    )
    .outerjoin(
        ReadinessSummary,
        sa.and_(ReadinessSummary.user_id == User.id, ReadinessSummary.roadmap_id == Roadmap.id),
    )
    .where(allows(Capability.BE_IN_MATRIX), User.deactivated_at.is_(None))
    .order_by(User.id, Enrollment.is_primary.desc(), Enrollment.created_at)
)


def list_people(session: Session, actor: Actor, teams: sa.Select[Any]) -> list[Row]:
    """List the active members of teams by name, except the actor.

    `teams` selects team ids, see `people.reach`.
    """
    people: dict[uuid.UUID, Row] = {}
    seen = _PEOPLE.where(Membership.team_id.in_(teams), User.id != actor.id)
    for found in session.execute(seen):
        joined_on = found.joined_at.astimezone(actor.zone).date()
        row = people.setdefault(found.id, Row(found.id, found.name, joined_on))
        row.joined_on = min(row.joined_on, joined_on)
        team = TeamRef(found.team_slug, found.team_name)
        if team not in row.teams:
            row.teams.append(team)
        if found.roadmap_slug is not None:
            row.roadmaps.setdefault(found.roadmap_slug, (found.roadmap_id, found.revision_id))
        # All summaries of a person agree, because activity does not depend on the roadmap.
        row.last_activity_on = row.last_activity_on or found.shared_last_activity_on
    for row in people.values():
        row.teams.sort(key=lambda team: fold(team.name))
    return sorted(people.values(), key=lambda row: (fold(row.name), str(row.id)))


def load_matrix(
    session: Session,
    actor: Actor,
    team: Team | None,
    *,
    roadmap: str | None = None,
    now: dt.datetime,
) -> Matrix:
    """Load the matrix of a team that the actor sees, including nested teams, sorted by name.

    Without a team, it covers all teams whose people the actor sees. It contains the active members
    except the actor. `roadmap` is the slug of a published roadmap; by default the primary roadmap
    of most of these people, on a tie the one that more of them are on, then the first by title.

    Runs three statements, one for each column that loads its values, one more if somebody is not on
    the roadmap, two more if summary rows are out of date, and more for very many people (see
    `core.batches`). Raises LookupError if the actor
    may not see the team or the roadmap does not exist.
    """
    if team is not None and not actor.has_capability_in(Capability.SEE_SHARED, team.id):
        raise LookupError(f"{team.slug} is not visible to {actor.id}")
    seen = team_tree(team.id) if team else select_teams(actor.id, Capability.SEE_SHARED)
    rows = list_people(session, actor, seen)
    revisions = {slug: ids[1] for row in rows for slug, ids in row.roadmaps.items()}
    followed_by_any = {slug: load_revision(session, each) for slug, each in revisions.items()}
    choices = _roadmap_choices(rows, followed_by_any)
    slug = roadmap or (choices[0].slug if choices else "")
    shown = followed_by_any.get(slug) or (
        published_roadmap(session, slug)
        if slug
        # None if nothing is published yet.
        else next(iter(published_roadmaps(session)), None)
    )
    if slug and shown is None:
        raise LookupError(f"no such roadmap: {slug}")
    content = shown.content if shown else None
    slug = content.slug if content else ""
    followed = {row.id: row.roadmaps[slug] for row in rows if slug in row.roadmaps}
    digests = load_shared_summaries(session, followed, now)
    others = _fill_last_activity(session, rows, digests)
    ids = [row.id for row in rows]
    loaded = {kind.kind: kind.load(session, ids, now) for kind in COLUMN_KINDS}
    for row in rows:
        row.loaded = {kind: found.get(row.id) for kind, found in loaded.items() if found}
        if content is not None:
            _fill_progress(row, content, digests.get(row.id), others.get(row.id))
    own = [TeamRef(team.slug, team.name)] if team else []
    nested = {place for row in rows for place in row.teams}.difference(own)
    return Matrix(
        slug=team.slug if team else "",
        name=team.name if team else _("All your people"),
        roadmap=slug,
        roadmap_title=content.title if content else "",
        roadmaps=choices,
        teams=(*own, *sorted(nested, key=by_name)),
        groups=tuple(ColumnGroup(kind, kind.for_content(content)) for kind in COLUMN_KINDS),
        rows=tuple(rows),
        today=actor.today(now),
        people=len(rows),
    )


def _roadmap_choices(
    rows: Sequence[Row], followed: Mapping[str, PublishedRoadmap]
) -> tuple[RoadmapChoice, ...]:
    primary = Counter(next(iter(row.roadmaps)) for row in rows if row.roadmaps)
    on = Counter(slug for row in rows for slug in row.roadmaps)
    titles = {slug: each.content.title for slug, each in followed.items()}
    ranked = sorted(on, key=lambda slug: (-primary[slug], -on[slug], titles[slug], slug))
    return tuple(RoadmapChoice(slug, titles[slug], on[slug]) for slug in ranked)


def _fill_last_activity(
    session: Session, rows: Sequence[Row], digests: Mapping[uuid.UUID, Mapping[str, Any]]
) -> Mapping[uuid.UUID, PersonRecord]:
    """Set the last activity of people without a valid summary.

    Returns the records of the people without a digest.
    """
    others = partial_records(session, [row.id for row in rows if row.id not in digests])
    for row in rows:
        if row.id in others:
            row.last_activity_on = others[row.id].last_activity_on(shared_only=True)
        else:
            row.last_activity_on = digests[row.id].get("last_activity_on", row.last_activity_on)
    return others


def _fill_progress(
    row: Row, content: Content, digest: Mapping[str, Any] | None, record: PersonRecord | None
) -> None:
    """Set the fields that depend on the roadmap. A person without a digest is not on it.

    In that case `record` has their assessments, because skills do not require enrollment.
    """
    if digest is not None:
        row.score, row.verdict = digest["score"], summary_verdict(digest)
        row.stages, row.skills = digest["stages"], digest["skills"]
    elif record is not None:
        own, other = record.own.self_levels, record.own.other_levels
        row.skills = {
            skill.key: {"self": own.get(skill.key), "other": other.get(skill.key)}
            for skill in content.skills
        }


@dataclass(frozen=True, slots=True)
class TeamSummary:
    """A summary of a team's matrix, including nested teams.

    `depth` is 0 for top-level teams, and `role` is the actor's highest role in this team or above.
    `verdicts` counts people by verdict (`matrix.VERDICTS`). The shares cover the total effort of
    the primary roadmaps of all people who have one.
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
    """Teams in tree order, and inactive people, inactive longest first.

    `not_enrolled` counts the `people` who are not on a roadmap.
    """

    teams: Sequence[TeamSummary] = ()
    inactive: Sequence[Row] = ()
    people: int = 0
    not_enrolled: int = 0
    # Open invitations to the teams, counted only while there are no `people`.
    invited: int = 0


def load_teams_overview(session: Session, actor: Actor, now: dt.datetime) -> TeamsOverview:
    """Load the teams whose people the actor sees, and people inactive for `INACTIVE_DAYS`.

    Runs four statements for any number of teams, one more if somebody is not on a roadmap, two more
    if summary rows are out of date, and more for very many people (see `core.batches`).
    """
    seen = select_teams(actor.id, Capability.SEE_SHARED)
    rows = session.execute(
        sa.select(Team.id, Team.slug, Team.name, Team.parent_id).where(Team.id.in_(seen))
    ).all()
    if not rows:
        return TeamsOverview()
    people = list_people(session, actor, seen)
    primary = {each.id: next(iter(each.roadmaps.values())) for each in people if each.roadmaps}
    digests = load_shared_summaries(session, primary, now)
    _fill_last_activity(session, people, digests)
    today = actor.today(now)
    teams = sorted(rows, key=by_name)
    slugs = {team.id: team.slug for team in teams}
    below = find_descendants(teams)
    return TeamsOverview(
        teams=[
            _team_summary(
                team, depth, actor, people, {slugs[key] for key in below[team.id]}, digests
            )
            for team, depth in list_as_tree(teams)
        ],
        inactive=sorted(
            (each for each in people if each.is_inactive(today)), key=lambda each: each.active_on
        ),
        people=len(people),
        not_enrolled=sum(person.id not in digests for person in people),
        invited=0 if people else count_open_invitations(session, seen, now=now),
    )


def _team_summary(
    team: Any,
    depth: int,
    actor: Actor,
    people: Sequence[Row],
    slugs: Collection[str],
    digests: Mapping[uuid.UUID, Mapping[str, Any]],
) -> TeamSummary:
    """Summarize a team; `slugs` are those of the team and its nested teams."""
    members = [each.id for each in people if any(place.slug in slugs for place in each.teams)]
    known = [digests[person] for person in members if person in digests]
    progress = [digest["progress"] for digest in known]
    hours = sum(each["hours"] for each in progress)
    tones = (
        sum(each[tone] * each["hours"] for each in progress) / hours if hours else 0.0
        for tone in ("claimed", "evidenced", "verified")
    )
    counts = Counter(summary_verdict(digest) for digest in known)
    verdicts = {verdict: counts[verdict] for verdict in VERDICTS if counts[verdict]}
    role = actor.role_in(team.id)
    return TeamSummary(
        team.slug, team.name, depth, role, len(members), len(known), verdicts, *tones
    )
