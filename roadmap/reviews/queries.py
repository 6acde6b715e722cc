"""The queue of a manager: what waits for a judgement in all of their teams, and what was judged.

Everything here is of pieces that are shared, in the newest version that was submitted. The actor
comes first, and whom they manage stands in every statement.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from roadmap.evidence.list_query import milestones_of
from roadmap.evidence.models import Evidence, EvidenceVersion, Review
from roadmap.evidence.rules import AWAITING_REVIEW
from roadmap.evidence.shared import is_shared, submitted_version_id
from roadmap.people.actor import Actor
from roadmap.people.models import Membership, Team, User
from roadmap.people.reach import people_of, team_tree, teams_of
from roadmap.people.roles import Capability

# What the queue can show.
SHOW_OPTIONS = ("waiting", "in_review", "judged")
# What was judged longer ago is found on the pages of the people.
RECENT_PERIOD = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a manager asked the queue for; None means any. `team` is a slug, nested teams count."""

    person: uuid.UUID | None = None
    kind: str | None = None
    team: str | None = None
    show: str = "waiting"

    @property
    def is_empty(self) -> bool:
        return (self.person, self.kind, self.team) == (None, None, None)


@dataclass(frozen=True, slots=True)
class PendingReview:
    """A piece that waits: the version to be judged, by whom, and since when.

    `state` is submitted or in_review. `verified_before` tells that an earlier version was verified
    and counts until this one is judged. `milestones` are (key, title) in the author's order.
    """

    id: uuid.UUID
    user_id: uuid.UUID
    person: str
    title: str
    kind: str
    occurred_on: dt.date
    state: str
    visibility: str
    version_id: uuid.UUID
    version: int
    submitted_at: dt.datetime
    verified_before: bool
    milestones: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CompletedReview:
    """A piece that was judged lately: by whom, how and when."""

    id: uuid.UUID
    user_id: uuid.UUID
    person: str
    title: str
    kind: str
    decision: str
    reviewer: str
    decided_at: dt.datetime
    milestones: tuple[tuple[str, str], ...] = ()


def list_pending(
    session: Session,
    actor: Actor,
    filters: Filters | None = None,
    *,
    limit: int | None = None,
    offset: int = 0,
    after: tuple[dt.datetime, uuid.UUID] | None = None,
    leave_out: uuid.UUID | None = None,
) -> list[PendingReview]:
    """What waits in all teams that the actor leads, the oldest first, in two statements.

    `after` is (submitted_at, id) of the last one seen, for who goes on from there.
    """
    conditions = _pending_conditions(actor, filters or Filters())
    place = sa.tuple_(Evidence.submitted_at, Evidence.id)
    if after is not None:
        conditions.append(place > sa.tuple_(sa.literal(after[0], Evidence.submitted_at.type),
                                            sa.literal(after[1], Evidence.id.type)))  # fmt: skip
    if leave_out is not None:
        conditions.append(Evidence.id != leave_out)
    query = (
        _evidence_query(
            Evidence.state,
            Evidence.visibility,
            EvidenceVersion.id,
            EvidenceVersion.number,
            Evidence.submitted_at,
            Evidence.verified_version_id.is_not(None),
            when=EvidenceVersion.occurred_on,
        )
        .where(*conditions)
        .order_by(Evidence.submitted_at, Evidence.id)
        .limit(limit)
        .offset(offset or None)
    )
    rows = session.execute(query).all()
    linked = milestones_of(session, [row[0] for row in rows])
    return [replace(PendingReview(*row), milestones=linked.get(row[0], ())) for row in rows]


def count_pending(session: Session, actor: Actor, filters: Filters | None = None) -> int:
    """How many pieces wait for the actor."""
    query = (
        sa.select(sa.func.count())
        .select_from(Evidence)
        .join(EvidenceVersion, EvidenceVersion.id == Evidence.current_id)
        .where(*_pending_conditions(actor, filters or Filters()))
    )
    return session.scalar(query) or 0


def next_pending(
    session: Session, actor: Actor, filters: Filters, piece: Evidence
) -> PendingReview | None:
    """The one that comes after a piece in the queue, and from its end on the first one again."""
    place = (piece.submitted_at, piece.id) if piece.submitted_at else None
    found = list_pending(session, actor, filters, limit=1, after=place, leave_out=piece.id)
    if not found and place is not None:
        found = list_pending(session, actor, filters, limit=1, leave_out=piece.id)
    return found[0] if found else None


def list_completed(
    session: Session,
    actor: Actor,
    filters: Filters,
    *,
    now: dt.datetime,
    limit: int | None = None,
    offset: int = 0,
) -> list[CompletedReview]:
    """What was verified or returned lately in these teams, by whomever; the latest first."""
    query = (
        _completed_query(actor, filters, now)
        .order_by(Review.decided_at.desc(), Evidence.id.desc())
        .limit(limit)
        .offset(offset or None)
    )
    rows = session.execute(query).all()
    linked = milestones_of(session, [row[0] for row in rows])
    return [replace(CompletedReview(*row), milestones=linked.get(row[0], ())) for row in rows]


def count_completed(session: Session, actor: Actor, filters: Filters, *, now: dt.datetime) -> int:
    """How many pieces `judged` lists in all."""
    pieces = _completed_query(actor, filters, now).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(pieces)) or 0


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
        _evidence_query(Review.decision, Review.reviewer_name, Review.decided_at)
        .join(Review, Review.id == last)
        .where(
            *_scope_conditions(actor, filters),
            Evidence.state.not_in(AWAITING_REVIEW),
            Review.decided_at >= now - RECENT_PERIOD,
        )
    )


def _evidence_query(*columns: Any, when: Any = None) -> sa.Select[Any]:
    """Pieces with their authors, in the newest version that was submitted."""
    more = () if when is None else (when,)
    return (
        sa.select(
            Evidence.id,
            Evidence.user_id,
            User.name,
            Evidence.title,
            EvidenceVersion.kind,
            *more,
            *columns,
        )
        .select_from(Evidence)
        .join(User, User.id == Evidence.user_id)
        .join(EvidenceVersion, EvidenceVersion.id == submitted_version_id())
    )


def _pending_conditions(actor: Actor, filters: Filters) -> list[sa.ColumnElement[bool]]:
    states = {"in_review"} if filters.show == "in_review" else AWAITING_REVIEW
    return [*_scope_conditions(actor, filters), Evidence.state.in_(states)]


def _scope_conditions(actor: Actor, filters: Filters) -> list[sa.ColumnElement[bool]]:
    """Shared pieces of the people whom the actor manages, narrowed to what was asked for."""
    conditions = [Evidence.user_id.in_(people_of(actor.id, Capability.REVIEW)), is_shared()]
    if filters.team is not None:
        conditions.append(Evidence.user_id.in_(_team_members(actor, filters.team)))
    if filters.person is not None:
        conditions.append(Evidence.user_id == filters.person)
    if filters.kind is not None:
        conditions.append(EvidenceVersion.kind == filters.kind)
    return conditions


def _team_members(actor: Actor, slug: str) -> sa.Select[Any]:
    """Selects the people of a team that the actor leads, and of those nested in it; else nobody."""
    led = sa.and_(Team.slug == slug, Team.id.in_(teams_of(actor.id, Capability.REVIEW)))
    team = sa.select(Team.id).where(led).scalar_subquery()
    return sa.select(Membership.user_id).where(Membership.team_id.in_(team_tree(team)))


@dataclass(frozen=True, slots=True)
class FilterChoices:
    """What the queue can be narrowed to: (id, name) of people, (slug, name) of teams."""

    people: Sequence[tuple[str, str]]
    teams: Sequence[tuple[str, str]]


def load_filter_choices(session: Session, actor: Actor) -> FilterChoices:
    """The people who share something with the actor, and the teams that they lead."""
    people = session.execute(
        sa.select(User.id, User.name)
        .where(
            User.id.in_(people_of(actor.id, Capability.REVIEW)),
            sa.exists().where(Evidence.user_id == User.id, is_shared()),
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
