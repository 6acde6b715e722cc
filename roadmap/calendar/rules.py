"""The dates of a person's calendar, and when they are due. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

# What is due within so many days is on the dashboard.
SOON_DAYS = 14
_FIRST_YEAR, _LAST_YEAR = 1950, 2200


@dataclass(frozen=True, slots=True)
class Entry:
    """Something on a day. `kind` is a key of `labels.KINDS`, `key` tells it from others of it.

    `changed_at` is when it was last changed, as calendars ask.
    """

    kind: str
    key: str
    day: dt.date
    title: str
    href: str
    changed_at: dt.datetime

    def is_late(self, today: dt.date) -> bool:
        return self.day < today


def month_of(text: str, today: dt.date) -> dt.date:
    """Read "2026-12" as the first day of the month; anything else is the month of today."""
    try:
        day = dt.datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        day = today
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        day = today
    return day.replace(day=1)


def due(entries: Iterable[Entry], today: dt.date) -> list[Entry]:
    """Return what is late or due soon, the earliest first."""
    until = today + dt.timedelta(days=SOON_DAYS)
    return [each for each in entries if each.day <= until]
