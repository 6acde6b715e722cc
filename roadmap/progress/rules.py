"""Limits of plans, the same for forms and the API. Pure."""

from __future__ import annotations

import datetime as dt

MAX_NOTE_LENGTH = 10_000
MAX_REASON_LENGTH = 500
# Hours a week beyond regular work.
MIN_HOURS_PER_WEEK, MAX_HOURS_PER_WEEK = 0.5, 80
MAX_YEARS_AHEAD = 40


def target_error(
    target_on: dt.date | None, today: dt.date, saved: dt.date | None = None
) -> str | None:
    """Return what is wrong with the target date of a roadmap or a milestone, or None.

    It is `past` or `too_far`. A date that is already `saved` may lie in the past, so that the rest
    of its form can still be saved.
    """
    if target_on is None or target_on == saved:
        return None
    if target_on <= today:
        return "past"
    return "too_far" if target_on.year > today.year + MAX_YEARS_AHEAD else None
