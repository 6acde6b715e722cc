"""The list of one's evidence: filters, order, pages, and what there is in numbers.

The person comes first; the number of statements never depends on the rows.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from roadmap.catalog.models import Milestone, Skill
from roadmap.evidence.models import (
    Evidence,
    EvidenceMilestone,
    EvidenceSkill,
    EvidenceVersion,
    Impact,
)
from roadmap.evidence.queries import counting_version_id

PAGE = 50
SORTS = ("newest", "oldest", "title", "state")
# `lapsed` comes before the tones: what has lapsed counts for nothing.
TONES = ("verified", "evidenced", "lapsed")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a person asked the list for; None and '' mean any."""

    q: str = ""
    kind: str | None = None
    state: str | None = None
    tone: str | None = None
    visibility: str | None = None
    milestone: str | None = None
    skill: str | None = None
    year: int | None = None
    sort: str = "newest"

    @property
    def is_empty(self) -> bool:
        return self == Filters(sort=self.sort)


@dataclass(frozen=True, slots=True)
class Row:
    """A piece as a line of the list: its current version, but the expiry of the one that counts.

    `tone` is one of TONES.
    """

    id: uuid.UUID
    title: str
    kind: str
    occurred_on: dt.date
    expires_on: dt.date | None
    state: str
    visibility: str
    tone: str
    milestones: tuple[tuple[str, str], ...]
    impacts: int


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the list; `found` counts the pieces on all pages."""

    rows: tuple[Row, ...]
    found: int
    page: int

    @property
    def has_next(self) -> bool:
        return self.page * PAGE < self.found


def listing(
    session: Session, user_id: uuid.UUID, filters: Filters, *, today: dt.date, page: int = 1
) -> Listing:
    """A page of a person's own pieces, in three statements. `page` counts from 1."""
    counting = aliased(EvidenceVersion)
    tone = _tone(counting, today)
    base = (
        sa.select(Evidence.id)
        .join(EvidenceVersion, EvidenceVersion.id == Evidence.current_id)
        .join(counting, counting.id == counting_version_id())
        .where(Evidence.user_id == user_id, *_conditions(filters, tone))
    )
    found = session.scalar(sa.select(sa.func.count()).select_from(base.subquery())) or 0
    page = max(1, min(page, -(-found // PAGE) or 1))
    measures = (
        sa.select(sa.func.count())
        .where(Impact.version_id == EvidenceVersion.id)
        .correlate(EvidenceVersion)
        .scalar_subquery()
    )
    query = base.with_only_columns(
        Evidence.id,
        Evidence.title,
        EvidenceVersion.kind,
        EvidenceVersion.occurred_on,
        counting.expires_on,
        Evidence.state,
        Evidence.visibility,
        tone,
        measures,
        maintain_column_froms=True,
    )
    rows = session.execute(
        query.order_by(*_order(filters.sort)).limit(PAGE).offset((page - 1) * PAGE)
    ).all()
    linked = milestones_of(session, [row[0] for row in rows])
    return Listing(
        tuple(Row(*row[:8], milestones=linked.get(row[0], ()), impacts=row[8]) for row in rows),
        found,
        page,
    )


def _tone(version: type[EvidenceVersion], today: dt.date) -> sa.ColumnElement[str]:
    return sa.case(
        (version.expires_on < today, "lapsed"),
        (Evidence.verified_version_id.is_not(None), "verified"),
        else_="evidenced",
    )


def _conditions(filters: Filters, tone: sa.ColumnElement[str]) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    for column, wanted in (
        (EvidenceVersion.kind, filters.kind),
        (Evidence.state, filters.state),
        (tone, filters.tone),
        (Evidence.visibility, filters.visibility),
    ):
        if wanted:
            conditions.append(column == wanted)
    if filters.milestone:
        conditions.append(
            sa.exists().where(
                EvidenceMilestone.evidence_id == Evidence.id,
                EvidenceMilestone.milestone_key == filters.milestone,
            )
        )
    if filters.skill:
        conditions.append(
            sa.exists().where(
                EvidenceSkill.evidence_id == Evidence.id,
                EvidenceSkill.skill_key == filters.skill,
            )
        )
    if filters.year:
        first, last = dt.date(filters.year, 1, 1), dt.date(filters.year, 12, 31)
        conditions.append(EvidenceVersion.occurred_on.between(first, last))
    conditions.extend(_mentions(word) for word in filters.q.split()[:8])
    return conditions


def _mentions(word: str) -> sa.ColumnElement[bool]:
    """Whether title, description or role contain a word, whatever stands around it."""
    return sa.or_(
        *(
            column.icontains(word, autoescape=True)
            for column in (Evidence.title, EvidenceVersion.description, EvidenceVersion.role)
        )
    )


def _order(sort: str) -> tuple[Any, ...]:
    latest = (EvidenceVersion.occurred_on.desc(), Evidence.id.desc())
    progress = sa.case(
        {"returned": 0, "draft": 1, "submitted": 2, "in_review": 3}, value=Evidence.state, else_=4
    )
    return {
        "newest": latest,
        "oldest": (EvidenceVersion.occurred_on, Evidence.id),
        "title": (sa.func.lower(Evidence.title), Evidence.id),
        "state": (progress, *latest),
    }[sort]


def milestones_of(
    session: Session, ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, tuple[tuple[str, str], ...]]:
    """Key and title of the milestones that each of these pieces is linked to, in their order."""
    rows = session.execute(
        sa.select(EvidenceMilestone.evidence_id, Milestone.key, Milestone.title)
        .join(Milestone, Milestone.key == EvidenceMilestone.milestone_key)
        .where(EvidenceMilestone.evidence_id.in_(ids))
        .order_by(EvidenceMilestone.evidence_id, EvidenceMilestone.position)
    )
    linked: dict[uuid.UUID, tuple[tuple[str, str], ...]] = {}
    for evidence_id, key, title in rows:
        linked[evidence_id] = (*linked.get(evidence_id, ()), (key, title))
    return linked


@dataclass(frozen=True, slots=True)
class Overview:
    """All of a person's pieces in numbers, and what the list can be narrowed to."""

    tones: dict[str, int]
    years: tuple[int, ...]
    milestones: tuple[tuple[str, str], ...]
    skills: tuple[tuple[str, str], ...]

    @property
    def total(self) -> int:
        return sum(self.tones.values())


def overview(session: Session, user_id: uuid.UUID, *, today: dt.date) -> Overview:
    """Counts by tone, and the years, milestones and skills that occur. Four statements."""
    counting = aliased(EvidenceVersion)
    tone = _tone(counting, today)
    counts = session.execute(
        sa.select(tone, sa.func.count())
        .select_from(Evidence)
        .join(counting, counting.id == counting_version_id())
        .where(Evidence.user_id == user_id)
        .group_by(sa.literal_column("1"))
    )
    year = sa.extract("year", EvidenceVersion.occurred_on)
    years = session.scalars(
        sa.select(year)
        .join(Evidence, Evidence.current_id == EvidenceVersion.id)
        .where(Evidence.user_id == user_id)
        .distinct()
    )
    milestones = session.execute(
        sa.select(Milestone.key, Milestone.title)
        .where(
            Milestone.key.in_(
                sa.select(EvidenceMilestone.milestone_key).where(
                    EvidenceMilestone.user_id == user_id
                )
            )
        )
        .order_by(Milestone.title)
    )
    skills = session.execute(
        sa.select(Skill.key, Skill.title)
        .where(
            Skill.key.in_(
                sa.select(EvidenceSkill.skill_key).where(EvidenceSkill.user_id == user_id)
            )
        )
        .order_by(Skill.title)
    )
    tones = dict.fromkeys(TONES, 0)
    for name, count in counts:
        tones[name] = count
    return Overview(
        tones=tones,
        years=tuple(sorted({int(value) for value in years}, reverse=True)),
        milestones=tuple((key, title) for key, title in milestones),
        skills=tuple((key, title) for key, title in skills),
    )
