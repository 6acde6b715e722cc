"""The queue of a manager: what waits for a review in all of their teams, and what was reviewed.

Every item is read as managers see it, and every statement is limited to the people whom the actor
manages.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from roadmap.evidence.audience_sql import is_visible, newest_version_id
from roadmap.evidence.constants import AWAITING_REVIEW
from roadmap.evidence.item import Audience, Item
from roadmap.evidence.loader import load_items
from roadmap.evidence.models import Evidence, EvidenceVersion, Review
from roadmap.evidence.queries import Judgement, load_judgements
from roadmap.people.actor import Actor
from roadmap.people.models import Membership, Team, User
from roadmap.people.reach import people_of, team_tree, teams_of
from roadmap.people.roles import Capability

# What the queue can show.
SHOW_OPTIONS = ("waiting", "in_review", "judged")
# Older reviews are found on the pages of the people.
RECENT_PERIOD = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the queue is narrowed to; None means any. `team` is a slug and includes nested teams."""

    person: uuid.UUID | None = None
    kind: str | None = None
    team: str | None = None
    show: str = "waiting"

    @property
    def is_empty(self) -> bool:
        return (self.person, self.kind, self.team) == (None, None, None)


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """An item in the queue with the name of its author, and its last review in `judged`."""

    item: Item
    author: str
    judgement: Judgement | None = None


def list_pending(
    session: Session,
    actor: Actor,
    filters: Filters | None = None,
    *,
    limit: int | None = None,
    offset: int = 0,
    after: tuple[dt.datetime, uuid.UUID] | None = None,
    leave_out: uuid.UUID | None = None,
    texts: bool = False,
) -> list[QueueEntry]:
    """List what waits in all teams that the actor leads, the oldest first.

    `after` is (submitted_at, id) of the last item seen, to continue from there. Four statements,
    five with `texts` and skills.
    """
    query = _ids_query(_pending_conditions(actor, filters or Filters()))
    if after is not None:
        submitted_at, key = after
        query = query.where(
            sa.tuple_(Evidence.submitted_at, Evidence.id)
            > sa.tuple_(
                sa.literal(submitted_at, Evidence.submitted_at.type),
                sa.literal(key, Evidence.id.type),
            )
        )
    if leave_out is not None:
        query = query.where(Evidence.id != leave_out)
    query = query.order_by(Evidence.submitted_at, Evidence.id).limit(limit).offset(offset or None)
    return _entries(session, query, texts=texts)


def count_pending(session: Session, actor: Actor, filters: Filters | None = None) -> int:
    """Count what waits for the actor."""
    query = _ids_query(_pending_conditions(actor, filters or Filters())).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(query)) or 0


def next_pending(
    session: Session, actor: Actor, filters: Filters, evidence: Evidence
) -> QueueEntry | None:
    """Load the entry that follows an item in the queue; after the last one it is the first."""
    place = (evidence.submitted_at, evidence.id) if evidence.submitted_at else None
    found = list_pending(session, actor, filters, limit=1, after=place, leave_out=evidence.id)
    if not found and place is not None:
        found = list_pending(session, actor, filters, limit=1, leave_out=evidence.id)
    return found[0] if found else None


def list_completed(
    session: Session,
    actor: Actor,
    filters: Filters,
    *,
    now: dt.datetime,
    limit: int | None = None,
    offset: int = 0,
) -> list[QueueEntry]:
    """List what anybody reviewed lately in these teams, the latest first. Six statements."""
    query = (
        _completed_query(actor, filters, now)
        .order_by(Review.decided_at.desc(), Evidence.id.desc())
        .limit(limit)
        .offset(offset or None)
    )
    entries = _entries(session, query)
    latest = load_judgements(session, [each.item.id for each in entries], latest_only=True)
    return [QueueEntry(each.item, each.author, latest[each.item.id][0]) for each in entries]


def count_completed(session: Session, actor: Actor, filters: Filters, *, now: dt.datetime) -> int:
    """Count the items that `list_completed` lists in all."""
    query = _completed_query(actor, filters, now).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(query)) or 0


def _entries(session: Session, query: sa.Select[Any], *, texts: bool = False) -> list[QueueEntry]:
    authors: dict[uuid.UUID, str] = dict(iter(session.execute(query)))
    items = load_items(session, Audience.MANAGER, list(authors), texts=texts) if authors else ()
    return [QueueEntry(item, authors[item.id]) for item in items]


def _ids_query(conditions: Sequence[sa.ColumnElement[bool]]) -> sa.Select[Any]:
    """Select the ids of items with the names of their authors."""
    columns: Any = (Evidence.id, User.name)
    return (
        sa.select(*columns)
        .join(User, User.id == Evidence.user_id)
        .join(EvidenceVersion, EvidenceVersion.id == newest_version_id(Audience.MANAGER))
        .where(*conditions)
    )


def _completed_query(actor: Actor, filters: Filters, now: dt.datetime) -> sa.Select[Any]:
    latest = aliased(Review)
    last = (
        sa.select(latest.id)
        .where(latest.evidence_id == Evidence.id)
        .order_by(latest.decided_at.desc(), latest.id.desc())
        .limit(1)
        .correlate(Evidence)
        .scalar_subquery()
    )
    return (
        _ids_query(_scope_conditions(actor, filters))
        .join(Review, Review.id == last)
        .where(
            Evidence.state.not_in(AWAITING_REVIEW),
            Review.decided_at >= now - RECENT_PERIOD,
        )
    )


def _pending_conditions(actor: Actor, filters: Filters) -> list[sa.ColumnElement[bool]]:
    states = {"in_review"} if filters.show == "in_review" else AWAITING_REVIEW
    return [*_scope_conditions(actor, filters), Evidence.state.in_(states)]


def _scope_conditions(actor: Actor, filters: Filters) -> list[sa.ColumnElement[bool]]:
    """Return the conditions for shared items of the people whom the actor may review."""
    people = people_of(actor.id, Capability.REVIEW)
    conditions = [Evidence.user_id.in_(people), is_visible(Audience.MANAGER)]
    if filters.team is not None:
        conditions.append(Evidence.user_id.in_(_team_members(actor, filters.team)))
    if filters.person is not None:
        conditions.append(Evidence.user_id == filters.person)
    if filters.kind is not None:
        conditions.append(EvidenceVersion.kind == filters.kind)
    return conditions


def _team_members(actor: Actor, slug: str) -> sa.Select[Any]:
    """Select the members of a team that the actor leads, nested teams included."""
    led = sa.and_(Team.slug == slug, Team.id.in_(teams_of(actor.id, Capability.REVIEW)))
    team = sa.select(Team.id).where(led).scalar_subquery()
    return sa.select(Membership.user_id).where(Membership.team_id.in_(team_tree(team)))


@dataclass(frozen=True, slots=True)
class FilterChoices:
    """What the queue can be narrowed to: (id, name) of people, (slug, name) of teams."""

    people: Sequence[tuple[str, str]]
    teams: Sequence[tuple[str, str]]


def load_filter_choices(session: Session, actor: Actor) -> FilterChoices:
    """Load the people who share something with the actor, and the teams that the actor leads."""
    people = session.execute(
        sa.select(User.id, User.name)
        .where(
            User.id.in_(people_of(actor.id, Capability.REVIEW)),
            sa.exists().where(Evidence.user_id == User.id, is_visible(Audience.MANAGER)),
        )
        .order_by(sa.func.lower(User.name), User.id)
    )
    teams = session.execute(
        sa.select(Team.slug, Team.name)
        .where(
            Team.id.in_(teams_of(actor.id, Capability.REVIEW)),
            sa.exists().where(Membership.team_id == Team.id),
        )
        .order_by(sa.func.lower(Team.name), Team.slug)
    )
    return FilterChoices(
        [(str(key), name) for key, name in people], [(slug, name) for slug, name in teams]
    )
