"""Rules for the expiry warnings of certifications. Pure."""

from __future__ import annotations

import datetime as dt

from roadmap.core.dates import PartialDate

# Warnings are due these numbers of days before the last day.
WARNING_DAYS = (60, 14)


def warning_days(expires_on: PartialDate | None, today: dt.date) -> int | None:
    """Return the due entry of `WARNING_DAYS`, None if no warning is due or it has lapsed.

    Months and years count through their last day.
    """
    if expires_on is None or expires_on.last < today:
        return None
    left = days_left(expires_on, today)
    due = [days for days in WARNING_DAYS if left <= days]
    return min(due) if due else None


def days_left(expires_on: PartialDate, today: dt.date) -> int:
    """Return the number of days until it lapses, negative if it has lapsed."""
    return (expires_on.last - today).days
