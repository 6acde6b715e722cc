"""Load the content files, and a person's hours, settings and calendar entries."""

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
    """Return the content file, read once per process."""
    # Imported here because pydantic would slow down the start.
    from roadmap.catalog.files import read_as
    from roadmap.time_budget.content import TimeContent

    return read_as(Path(__file__).parent / "content.yaml", TimeContent)


def concerns_milestone(milestone_key: str) -> bool:
    """Return whether the page of the week helps with a milestone."""
    return milestone_key in time_content().remedies.milestones


def budget(session: Session, user_id: uuid.UUID) -> TimeBudget | None:
    """Load a person's settings, or None if there are none."""
    return session.scalars(sa.select(TimeBudget).filter_by(user_id=user_id)).first()


def limits(settings: TimeBudget | None) -> Limits:
    """Return a person's own limits, or the defaults."""
    content = time_content()
    week = settings.week_minutes if settings else None
    deep_work = settings.deep_work_minutes if settings else None
    return Limits(
        content.week_hours * 60 if week is None else week,
        content.deep_work_hours * 60 if deep_work is None else deep_work,
    )


def entries(session: Session, user_id: uuid.UUID, week: Week) -> Sequence[TimeEntry]:
    """Load the entries of a week, latest day first, entries without a time first in each day."""
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
    """Return whether a person has any entries."""
    found = sa.exists().where(TimeEntry.user_id == user_id, TimeEntry.removed_at.is_(None))
    return bool(session.scalar(sa.select(found)))


def figures(
    session: Session, user_id: uuid.UUID, last: Week, number: int, limits: Limits
) -> list[WeekFigures]:
    """Load the figures of a number of weeks up to `last`, in order, in one statement."""
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
    """Return the rules that sort calendar events, read once per process."""
    from roadmap.catalog.files import read_as
    from roadmap.time_budget.content import SortingRules

    return read_as(Path(__file__).parent / "sorting.yaml", SortingRules)


def learned_categories(session: Session, user_id: uuid.UUID) -> dict[str, str]:
    """Load the categories that a person chose for titles, by `sorting.title_key`."""
    found = sa.select(TitleCategory.title_key, TitleCategory.category).filter_by(user_id=user_id)
    return {key: value for key, value in session.execute(found)}  # noqa: C416 - a dict of rows is none


def load_calendar_entries(
    session: Session, user_id: uuid.UUID, first: dt.date, last: dt.date, keys: Iterable[str]
) -> Sequence[TimeEntry]:
    """Load calendar entries of some days, including removed ones, and those with some keys."""
    return session.scalars(
        sa.select(TimeEntry).where(
            TimeEntry.user_id == user_id,
            TimeEntry.source == "calendar",
            sa.or_(TimeEntry.day.between(first, last), TimeEntry.event_uid.in_(list(keys))),
        )
    ).all()


def calendar_title_conditions(user_id: uuid.UUID) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions for a person's calendar entries that have a title."""
    return (
        TimeEntry.user_id == user_id,
        TimeEntry.source == "calendar",
        TimeEntry.title.is_not(None),
    )


def manual_minutes(
    session: Session, user_id: uuid.UUID, first: dt.date, last: dt.date
) -> dict[dt.date, int]:
    """Load the minutes entered by hand, by day."""
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
