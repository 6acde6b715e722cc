"""Months as people count them, by the calendar."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange


def months_later(day: dt.date, months: int) -> dt.date:
    """Return the same day of the month `months` later, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > dt.date.max.year:
        return dt.date.max
    return dt.date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
