"""Count what a person would leave behind, and what would be deleted."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.types import Base

# By the name on the page: the table, and the column with the person.
_DELETED = {
    "evidence": ("evidence", "user_id"),
    "files": ("evidence_file", "user_id"),
    "statuses": ("milestone_status", "user_id"),
    "links": ("portfolio_link", "user_id"),
    "tokens": ("api_token", "user_id"),
}
_KEPT = {
    "reviews": ("review", "reviewer_id"),
    "assessments": ("assessment", "assessor_id"),
    "comments": ("evidence_comment", "author_id"),
}


def count_records(session: Session, user_id: uuid.UUID) -> Any:
    """Count the rows of a person, and those that they wrote about others, in one statement."""
    counts = [_count(name, *place, user_id) for name, place in _DELETED.items()]
    for name, (table, column) in _KEPT.items():
        others = Base.metadata.tables[table].c.user_id != user_id
        counts.append(_count(name, table, column, user_id, others))
    return session.execute(sa.select(*counts)).one()


def _count(
    name: str, table: str, column: str, user_id: uuid.UUID, *more: sa.ColumnElement[bool]
) -> sa.Label[int]:
    rows = Base.metadata.tables[table]
    query = sa.select(sa.func.count()).select_from(rows).where(rows.c[column] == user_id, *more)
    return query.scalar_subquery().label(name)
