"""Calendar entries and when they are due. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

# The dashboard shows entries due within this number of days.
SOON_DAYS = 14
_FIRST_YEAR, _LAST_YEAR = 1950, 2200


@dataclass(frozen=True, slots=True)
class Entry:
    """A calendar entry. `kind` is a key of `labels.KINDS`, `key` is unique within the kind.

    `changed_at` is the last revision, which iCalendar requires. `last_day` is the last day of what
    has to be renewed.
    """

    kind: str
    key: str
    day: dt.date
    title: str
    href: str
    changed_at: dt.datetime
    last_day: dt.date | None = None

    def is_late(self, today: dt.date) -> bool:
        return self.day < today


def month_of(text: str, today: dt.date) -> dt.date:
    """Parse a month such as "2026-12" to its first day, with the current month as default."""
    try:
        day = dt.datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        day = today
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        day = today
    return day.replace(day=1)


def select_due(entries: Iterable[Entry], today: dt.date) -> list[Entry]:
    """Return the entries that are late or due soon. A renewal also stands for its last day."""
    until = today + dt.timedelta(days=SOON_DAYS)
    due = [each for each in entries if each.day <= until]
    renewals = {each.key for each in due if each.kind == "renewal"}
    return [each for each in due if each.kind != "expiry" or each.key not in renewals]
