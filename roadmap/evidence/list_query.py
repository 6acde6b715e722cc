"""Queries for a user's own list of evidence: filters, sorting, pagination and counts.

Every query is limited to one user, and the number of statements does not depend on the rows.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from roadmap.catalog.models import Milestone, Skill
from roadmap.core.ranking import has_words, word_parameters
from roadmap.core.text import fold, search_words
from roadmap.core.types import PartialDateText, UtcDateTime, ends_before
from roadmap.evidence.audience_sql import counted_version_id, is_verified
from roadmap.evidence.constants import TONES
from roadmap.evidence.item import Audience, Item
from roadmap.evidence.loader import load_items
from roadmap.evidence.models import (
    Evidence,
    EvidenceMilestone,
    EvidenceSkill,
    EvidenceVersion,
    Review,
)

PAGE_SIZE = 50
# Filters by an exact timestamp.
TIMESTAMP_FILTERS = ("verified_at", "created_at")
# The version that counts, joined in addition to the displayed current version.
_COUNTED_VERSION = aliased(EvidenceVersion)
_YEAR = sa.func.substr(EvidenceVersion.occurred_on, 1, 4)


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of the list; None and '' mean any.

    `kind` may be a comma-separated list. `verified_at` is when a review that was not withdrawn
    verified the item. `created_at` selects an import, which creates all its items at one time.
    """

    q: str = ""
    kind: str | None = None
    state: str | None = None
    tone: str | None = None
    visibility: str | None = None
    milestone: str | None = None
    skill: str | None = None
    year: int | None = None
    verified_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    sort: str = "newest"

    @property
    def is_empty(self) -> bool:
        return self == Filters(sort=self.sort)


@dataclass(frozen=True, slots=True)
class EvidencePage:
    """One page of the list; `found` counts the items on all pages."""

    items: tuple[Item, ...]
    found: int
    page: int

    @property
    def has_next(self) -> bool:
        return self.page * PAGE_SIZE < self.found


def list_evidence(
    session: Session, user_id: uuid.UUID, filters: Filters, *, today: dt.date, page: int = 1
) -> EvidencePage:
    """Load a page of a user's own items in four statements. `page` starts at 1.

    A page beyond the last returns the last page, with up to two more statements.
    """
    words = search_words(filters.q)
    present = tuple(name for name in FILTER_NAMES if getattr(filters, name))
    statement = _list_statement(present, len(words), filters.sort)
    values = _parameters(filters, words) | {"user_id": user_id, "today": today}

    def load_page_ids(page: int) -> tuple[list[uuid.UUID], int]:
        parameters = {**values, "offset": (page - 1) * PAGE_SIZE}
        rows = session.connection().execute(statement, parameters).all()
        return [row.id for row in rows], rows[0].found if rows else 0

    page = max(1, page)
    ids, found = load_page_ids(page)
    if not ids and page > 1:
        ids, found = load_page_ids(1)
        page = max(1, -(-found // PAGE_SIZE))
        if page > 1:
            ids, found = load_page_ids(page)
    items = load_items(session, Audience.OWNER, ids, texts=False)
    return EvidencePage(tuple(items), found, page)


def _parameters(filters: Filters, words: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(filters, name) for name in FILTER_NAMES}
    values["year"] = f"{filters.year or 0:04}"
    values["kind"] = (filters.kind or "").split(",")
    return values | word_parameters(words)


@lru_cache(maxsize=256)
def _list_statement(present: tuple[str, ...], words: int, sort: str) -> sa.Select[Any]:
    """Build the statement that selects the ids of a page and the total number of items.

    The statement is cached, because building it takes longer than running it.
    """
    query: Any = sa.select(Evidence.id, sa.func.count().over().label("found"))
    statement: sa.Select[Any] = (
        query.join(EvidenceVersion, EvidenceVersion.id == Evidence.current_id)
        .join(_COUNTED_VERSION, _COUNTED_VERSION.id == counted_version_id(Audience.OWNER))
        .where(
            Evidence.user_id == sa.bindparam("user_id"),
            *(_CONDITIONS[name] for name in present),
            has_words(words, Evidence.search_text, EvidenceVersion.search_text),
        )
        .order_by(*_ORDERS[sort])
        .limit(PAGE_SIZE)
        .offset(sa.bindparam("offset", type_=sa.Integer))
    )
    return statement


# The SQL equivalent of `Item.tone`.
_TONE = sa.case(
    (
        ends_before(_COUNTED_VERSION.expires_on, sa.bindparam("today", type_=PartialDateText)),
        "lapsed",
    ),
    (is_verified(), "verified"),
    else_="evidenced",
)


def _text(name: str) -> sa.BindParameter[str]:
    return sa.bindparam(name, type_=sa.Text)


def _moment(name: str) -> sa.BindParameter[dt.datetime]:
    return sa.bindparam(name, type_=UtcDateTime)


# The condition of each filter, with its value as the parameter of the same name.
_CONDITIONS: dict[str, sa.ColumnElement[bool]] = {
    "kind": EvidenceVersion.kind.in_(sa.bindparam("kind", expanding=True)),
    "state": Evidence.state == _text("state"),
    "tone": _text("tone") == _TONE,
    "visibility": Evidence.visibility == _text("visibility"),
    "milestone": sa.exists().where(
        EvidenceMilestone.evidence_id == Evidence.id,
        EvidenceMilestone.milestone_key == _text("milestone"),
    ),
    "skill": sa.exists().where(
        EvidenceSkill.evidence_id == Evidence.id, EvidenceSkill.skill_key == _text("skill")
    ),
    "year": _text("year") == _YEAR,
    "verified_at": sa.exists().where(
        Review.evidence_id == Evidence.id,
        Review.decision == "verified",
        Review.decided_at == _moment("verified_at"),
    ),
    "created_at": Evidence.created_at == _moment("created_at"),
}
FILTER_NAMES = tuple(_CONDITIONS)
_LATEST = (EvidenceVersion.occurred_on.desc(), Evidence.id.desc())
_PROGRESS = sa.case(
    {"returned": 0, "draft": 1, "submitted": 2, "in_review": 3}, value=Evidence.state, else_=4
)
_ORDERS: dict[str, tuple[Any, ...]] = {
    "newest": _LATEST,
    "oldest": (EvidenceVersion.occurred_on, Evidence.id),
    "title": (Evidence.search_text, Evidence.id),
    "state": (_PROGRESS, *_LATEST),
}
SORTS = tuple(_ORDERS)


def _sort_by_title(rows: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    """Return pairs of key and title, sorted by title."""
    return tuple(sorted(((key, title) for key, title in rows), key=lambda pair: fold(pair[1])))


@dataclass(frozen=True, slots=True)
class Overview:
    """The counts and filter options of a user's items.

    `milestones` and `skills` are pairs of key and title.
    """

    tones: dict[str, int]
    years: tuple[int, ...]
    milestones: tuple[tuple[str, str], ...]
    skills: tuple[tuple[str, str], ...]

    @property
    def total(self) -> int:
        return sum(self.tones.values())


def load_overview(session: Session, user_id: uuid.UUID, *, today: dt.date) -> Overview:
    """Load the counts by tone and the years, milestones and skills of a user's items.

    Takes four statements.
    """
    counts = session.execute(
        sa.select(_TONE, sa.func.count())
        .select_from(Evidence)
        .join(_COUNTED_VERSION, _COUNTED_VERSION.id == counted_version_id(Audience.OWNER))
        .where(Evidence.user_id == user_id)
        .group_by(sa.literal_column("1")),
        {"today": today},
    )
    years = session.scalars(
        sa.select(_YEAR)
        .join(Evidence, Evidence.current_id == EvidenceVersion.id)
        .where(Evidence.user_id == user_id)
        .distinct()
    )
    linked = sa.select(EvidenceMilestone.milestone_key).where(EvidenceMilestone.user_id == user_id)
    milestones = session.execute(
        sa.select(Milestone.key, Milestone.title).where(Milestone.key.in_(linked))
    )
    trained = sa.select(EvidenceSkill.skill_key).where(EvidenceSkill.user_id == user_id)
    skills = session.execute(sa.select(Skill.key, Skill.title).where(Skill.key.in_(trained)))
    return Overview(
        tones=dict.fromkeys(TONES, 0) | dict(iter(counts)),
        years=tuple(sorted({int(value) for value in years}, reverse=True)),
        milestones=_sort_by_title(milestones),
        skills=_sort_by_title(skills),
    )
