"""The list of one's evidence: filters, order, pages, and what there is in numbers.

The person comes first; the number of statements never depends on the rows.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
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

PAGE_SIZE = 50
SORTS = ("newest", "oldest", "title", "state")
# `lapsed` comes before the tones: what has lapsed counts for nothing.
TONES = ("verified", "evidenced", "lapsed")
FILTER_NAMES = ("kind", "state", "tone", "visibility", "milestone", "skill", "year")
MAX_SEARCH_WORDS = 8
# The version that counts, beside the current one that is shown.
_COUNTED_VERSION = aliased(EvidenceVersion)


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
class EvidenceRow:
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
class EvidencePage:
    """One page of the list; `found` counts the pieces on all pages."""

    rows: tuple[EvidenceRow, ...]
    found: int
    page: int

    @property
    def has_next(self) -> bool:
        return self.page * PAGE_SIZE < self.found


def list_evidence(
    session: Session, user_id: uuid.UUID, filters: Filters, *, today: dt.date, page: int = 1
) -> EvidencePage:
    """A page of a person's own pieces, in two statements. `page` counts from 1.

    A page beyond the last is the last one; that costs one statement more.
    """
    words = filters.q.split()[:MAX_SEARCH_WORDS]
    statement = _list_statement(_active_filters(filters), len(words), filters.sort)
    values = _statement_parameters(filters, words) | {"user_id": user_id, "today": today}
    page = max(1, page)
    rows: Sequence[Any] = session.execute(
        statement, {**values, "before": (page - 1) * PAGE_SIZE}
    ).all()
    if not rows and page > 1:
        rows = session.execute(statement, {**values, "before": 0}).all()
        last = -(-rows[0].found // PAGE_SIZE) if rows else 1
        if last > 1:
            rows = session.execute(statement, {**values, "before": (last - 1) * PAGE_SIZE}).all()
        page = last
    linked = milestones_of(session, [row[0] for row in rows])
    return EvidencePage(
        tuple(_row(row, linked.get(row[0], ())) for row in rows),
        rows[0].found if rows else 0,
        page,
    )


def _row(row: Any, milestones: tuple[tuple[str, str], ...]) -> EvidenceRow:
    *facts, impacts, _found = row
    return EvidenceRow(*[*facts, milestones, impacts])


def _active_filters(filters: Filters) -> tuple[str, ...]:
    """The filters that say something, search and order aside."""
    return tuple(name for name in FILTER_NAMES if getattr(filters, name))


def _statement_parameters(filters: Filters, words: list[str]) -> dict[str, Any]:
    """What the parameters of the statement stand for."""
    values: dict[str, Any] = {name: getattr(filters, name) for name in FILTER_NAMES}
    if filters.year:
        values |= {
            "first": dt.date(filters.year, 1, 1),
            "last": dt.date(filters.year, 12, 31),
        }
    return values | {f"word{place}": escape_like(word) for place, word in enumerate(words)}


def escape_like(word: str) -> str:
    """A word as a pattern that means nothing but itself."""
    return "".join(f"/{each}" if each in "/%_" else each for each in word)


@lru_cache(maxsize=256)
def _list_statement(given: tuple[str, ...], words: int, sort: str) -> sa.Select[Any]:
    """The statement, made once: making it takes longer than the database takes to run it."""
    tone = _tone(_COUNTED_VERSION)
    measures = (
        sa.select(sa.func.count())
        .where(Impact.version_id == EvidenceVersion.id)
        .correlate(EvidenceVersion)
        .scalar_subquery()
    )
    return (
        sa.select(
            Evidence.id,
            Evidence.title,
            EvidenceVersion.kind,
            EvidenceVersion.occurred_on,
            _COUNTED_VERSION.expires_on,
            Evidence.state,
            Evidence.visibility,
            tone,
            measures,
            sa.func.count().over().label("found"),
        )
        .join(EvidenceVersion, EvidenceVersion.id == Evidence.current_id)
        .join(_COUNTED_VERSION, _COUNTED_VERSION.id == counting_version_id())
        .where(
            Evidence.user_id == sa.bindparam("user_id"),
            *(_condition(name, tone) for name in given),
            *(_contains_word(f"word{place}") for place in range(words)),
        )
        .order_by(*_order(sort))
        .limit(PAGE_SIZE)
        .offset(sa.bindparam("before", type_=sa.Integer))
    )


def _tone(version: type[EvidenceVersion]) -> sa.ColumnElement[str]:
    return sa.case(
        (version.expires_on < sa.bindparam("today", type_=sa.Date), "lapsed"),
        (Evidence.verified_version_id.is_not(None), "verified"),
        else_="evidenced",
    )


def _condition(name: str, tone: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """What a filter asks of a piece; its value is the parameter of the same name."""
    value: sa.BindParameter[str] = sa.bindparam(name, type_=sa.Text)
    match name:
        case "milestone":
            return sa.exists().where(
                EvidenceMilestone.evidence_id == Evidence.id,
                EvidenceMilestone.milestone_key == value,
            )
        case "skill":
            return sa.exists().where(
                EvidenceSkill.evidence_id == Evidence.id, EvidenceSkill.skill_key == value
            )
        case "year":
            return EvidenceVersion.occurred_on.between(
                sa.bindparam("first", type_=sa.Date), sa.bindparam("last", type_=sa.Date)
            )
        case "kind":
            return EvidenceVersion.kind == value
        case "tone":
            return tone == value
        case "state":
            return Evidence.state == value
        case _:
            return Evidence.visibility == value


def _contains_word(parameter: str) -> sa.ColumnElement[bool]:
    """Whether title, description or role contain a word, whatever stands around it."""
    word: sa.BindParameter[str] = sa.bindparam(parameter, type_=sa.Text)
    # Read as one text, small letters are made of it once. No word has a line feed in it.
    text = Evidence.title + "\n" + EvidenceVersion.description + "\n" + EvidenceVersion.role
    return text.icontains(word, escape="/")


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


_MILESTONES_OF = (
    sa.select(EvidenceMilestone.evidence_id, Milestone.key, Milestone.title)
    .join(Milestone, Milestone.key == EvidenceMilestone.milestone_key)
    .where(EvidenceMilestone.evidence_id.in_(sa.bindparam("pieces", expanding=True)))
    .order_by(EvidenceMilestone.evidence_id, EvidenceMilestone.position)
)


def milestones_of(
    session: Session, ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, tuple[tuple[str, str], ...]]:
    """Key and title of the milestones that each of these pieces is linked to, in their order."""
    rows = session.execute(_MILESTONES_OF, {"pieces": list(ids)})
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
    counts = session.execute(
        sa.select(_tone(_COUNTED_VERSION), sa.func.count())
        .select_from(Evidence)
        .join(_COUNTED_VERSION, _COUNTED_VERSION.id == counting_version_id())
        .where(Evidence.user_id == user_id)
        .group_by(sa.literal_column("1")),
        {"today": today},
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
