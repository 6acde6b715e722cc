"""Limits of plans, shared by forms and the API. Pure."""

from __future__ import annotations

import datetime as dt

MAX_NOTE_LENGTH = 10_000
MAX_REASON_LENGTH = 500
# Hours per week beyond regular work.
MIN_HOURS_PER_WEEK, MAX_HOURS_PER_WEEK = 0.5, 80
MAX_YEARS_AHEAD = 40


def target_error(
    target_on: dt.date | None, today: dt.date, saved: dt.date | None = None
) -> str | None:
    """Return the error in the target date of a roadmap or milestone: `past`, `too_far` or None.

    A date that is already `saved` may be in the past, so that the rest of its form can be saved.
    """
    if target_on is None or target_on == saved:
        return None
    if target_on <= today:
        return "past"
    return "too_far" if target_on.year > today.year + MAX_YEARS_AHEAD else None
