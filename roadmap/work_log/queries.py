"""Load work log lines."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.time_budget.rules import Week
from roadmap.work_log.models import WorkLogEntry

PAGE_SIZE = 100


def entries_of_week(session: Session, user_id: uuid.UUID, week: Week) -> Sequence[WorkLogEntry]:
    """Load the lines of a week, newest first."""
    return session.scalars(
        _newest_first(user_id).where(WorkLogEntry.day.between(week.monday, week.sunday))
    ).all()


def entries(session: Session, user_id: uuid.UUID, page: int) -> tuple[list[WorkLogEntry], bool]:
    """Load a page of lines, newest first, and whether older ones follow."""
    found = session.scalars(
        _newest_first(user_id).offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE + 1)
    ).all()
    return list(found[:PAGE_SIZE]), len(found) > PAGE_SIZE


def _newest_first(user_id: uuid.UUID) -> sa.Select[WorkLogEntry]:
    return (
        sa.select(WorkLogEntry)
        .where(WorkLogEntry.user_id == user_id)
        .order_by(WorkLogEntry.day.desc(), WorkLogEntry.created_at.desc(), WorkLogEntry.id.desc())
    )
