"""When a certification lapses, and when its holder is warned. Pure."""

from __future__ import annotations

import datetime as dt

from roadmap.core.dates import PartialDate

# How many days before its last day a holder is warned, the earlier first.
WARNING_DAYS = (60, 14)


def warning_days(expires_on: PartialDate | None, today: dt.date) -> int | None:
    """Return the warning that is due, by its days, None where none is (any more).

    A month or a year counts through its last day, as everywhere.
    """
    if expires_on is None or expires_on.last < today:
        return None
    left = days_left(expires_on, today)
    due = [days for days in WARNING_DAYS if left <= days]
    return min(due) if due else None


def days_left(expires_on: PartialDate, today: dt.date) -> int:
    """Return how many days it counts after today, negative where it has lapsed."""
    return (expires_on.last - today).days
