"""Limits of plans, the same for forms and the API. Pure."""

from __future__ import annotations

import datetime as dt

MAX_NOTE_LENGTH = 10_000
MAX_REASON_LENGTH = 500
# Hours a week beyond regular work.
MIN_HOURS_PER_WEEK, MAX_HOURS_PER_WEEK = 0.5, 80
# A milestone may be planned for any day of these years, a roadmap for a day ahead.
FIRST_YEAR, LAST_YEAR = 2000, 2100
MAX_YEARS_AHEAD = 40


def target_error(target_on: dt.date, today: dt.date) -> str | None:
    """Return what is wrong with a roadmap's target date: `past`, `too_far` or None."""
    if target_on <= today:
        return "past"
    return "too_far" if target_on.year > today.year + MAX_YEARS_AHEAD else None


def is_plannable(target_on: dt.date) -> bool:
    """Tell whether a milestone can be planned for this day."""
    return FIRST_YEAR <= target_on.year <= LAST_YEAR
