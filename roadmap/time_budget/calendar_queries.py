"""Load what calendars brought, and what a person corrected."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.time_budget.models import TimeEntry, TitleCategory

if TYPE_CHECKING:
    from roadmap.time_budget.content import SortingRules


@cache
def sorting_rules() -> SortingRules:
    """Return the rules that sort a calendar, read once a process."""
    from roadmap.catalog.files import read_as
    from roadmap.time_budget.content import SortingRules

    return read_as(Path(__file__).parent / "sorting.yaml", SortingRules)


def learned_categories(session: Session, user_id: uuid.UUID) -> dict[str, str]:
    """Return the category of each title that a person corrected, by `sorting.title_key`."""
    found = sa.select(TitleCategory.title_key, TitleCategory.category).filter_by(user_id=user_id)
    return {key: value for key, value in session.execute(found)}  # noqa: C416 - a dict of rows is none


def imported(
    session: Session, user_id: uuid.UUID, first: dt.date, last: dt.date, keys: Iterable[str]
) -> Sequence[TimeEntry]:
    """Load what calendars brought for some days, removed or not, and the entries of some keys."""
    return session.scalars(
        sa.select(TimeEntry).where(
            TimeEntry.user_id == user_id,
            TimeEntry.source == "calendar",
            sa.or_(TimeEntry.day.between(first, last), TimeEntry.event_uid.in_(list(keys))),
        )
    ).all()


def titled_by_calendar(user_id: uuid.UUID) -> tuple[sa.ColumnElement[bool], ...]:
    """Select a person's entries that have the title of a calendar."""
    return (
        TimeEntry.user_id == user_id,
        TimeEntry.source == "calendar",
        TimeEntry.title.is_not(None),
    )


def minutes_by_hand(
    session: Session, user_id: uuid.UUID, first: dt.date, last: dt.date
) -> dict[dt.date, int]:
    """Return the minutes that a person entered for each of some days."""
    found = (
        sa.select(TimeEntry.day, sa.func.sum(TimeEntry.minutes))
        .where(
            TimeEntry.user_id == user_id,
            TimeEntry.source == "hand",
            TimeEntry.day.between(first, last),
            TimeEntry.removed_at.is_(None),
        )
        .group_by(TimeEntry.day)
    )
    return {key: value for key, value in session.execute(found)}  # noqa: C416 - a dict of rows is none
