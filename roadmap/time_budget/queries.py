"""Load the content of this room, and a person's hours and settings, with what calendars brought."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.time_budget.models import TimeBudget, TimeEntry, TitleCategory
from roadmap.time_budget.rules import Limits, Week, WeekFigures

if TYPE_CHECKING:
    from roadmap.time_budget.content import SortingRules, TimeContent


@cache
def time_content() -> TimeContent:
    """Return the content of this room, read once a process."""
    # Pydantic comes with the first content that is read: the start does not wait for it.
    from roadmap.catalog.files import read_as
    from roadmap.time_budget.content import TimeContent

    return read_as(Path(__file__).parent / "content.yaml", TimeContent)


def is_about(milestone_key: str) -> bool:
    """Return whether the week is what a milestone is about."""
    return milestone_key in time_content().remedies.milestones


def budget(session: Session, user_id: uuid.UUID) -> TimeBudget | None:
    """Load a person's settings, None where they have not set any."""
    return session.scalars(sa.select(TimeBudget).filter_by(user_id=user_id)).first()


def limits(settings: TimeBudget | None) -> Limits:
    """Return a person's own limits, those of the content where they have set none."""
    content = time_content()
    week = settings.week_minutes if settings else None
    deep_work = settings.deep_work_minutes if settings else None
    return Limits(
        content.week_hours * 60 if week is None else week,
        content.deep_work_hours * 60 if deep_work is None else deep_work,
    )


def entries(session: Session, user_id: uuid.UUID, week: Week) -> Sequence[TimeEntry]:
    """Load what a person recorded for a week, the newest day first, on it what has no time."""
    found = sa.select(TimeEntry).where(*_of_weeks(user_id, week, week))
    return session.scalars(
        found.order_by(
            TimeEntry.day.desc(),
            TimeEntry.starts_at.nulls_first(),
            TimeEntry.created_at,
            TimeEntry.id,
        )
    ).all()


def has_entries(session: Session, user_id: uuid.UUID) -> bool:
    """Return whether a person has recorded anything in any week."""
    there = sa.exists().where(TimeEntry.user_id == user_id, TimeEntry.removed_at.is_(None))
    return bool(session.scalar(sa.select(there)))


def figures(
    session: Session, user_id: uuid.UUID, last: Week, number: int, limits: Limits
) -> list[WeekFigures]:
    """Load the figures of as many weeks in their order, in one statement."""
    weeks = [last.back(each) for each in reversed(range(number))]
    sums = (
        sa.select(TimeEntry.day, TimeEntry.category, sa.func.sum(TimeEntry.minutes))
        .where(*_of_weeks(user_id, weeks[0], last))
        .group_by(TimeEntry.day, TimeEntry.category)
    )
    counts_as = {each.key: each.counts_as for each in time_content().categories}
    minutes: dict[Week, Counter[str]] = {week: Counter() for week in weeks}
    for day, category, more in session.execute(sums):
        minutes[Week.of(day)][category] += more
    return [WeekFigures(week, limits, each, counts_as) for week, each in minutes.items()]


def _of_weeks(user_id: uuid.UUID, first: Week, last: Week) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        TimeEntry.user_id == user_id,
        TimeEntry.day.between(first.monday, last.sunday),
        TimeEntry.removed_at.is_(None),
    )


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
