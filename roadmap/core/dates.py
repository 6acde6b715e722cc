"""Dates of which perhaps only the month or the year is known, and months by the calendar."""

from __future__ import annotations

import datetime as dt
import re
from calendar import monthrange
from collections.abc import Mapping

from roadmap.core.text import fold

ISO_PATTERN = r"^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$"
_NAME = r"(?P<name>[^\W\d_]{3,})[.,]?"
# What people write, after folding: 2024-03-15, 15.03.2024, 03/2024, 15 Mar 2024, March 15, 2024.
_FORMS = tuple(
    re.compile(form)
    for form in (
        r"(?P<year>\d{4})(?:[-/.](?P<month>\d\d?)(?:[-/.](?P<day>\d\d?))?)?",
        r"(?:(?P<day>\d\d?)\.)?(?P<month>\d\d?)\.(?P<year>\d{4})",
        r"(?P<month>\d\d?)[-/](?P<year>\d{4})",
        rf"(?:(?P<day>\d\d?)\.? (?:de )?)?{_NAME} (?:de )?(?P<year>\d{{4}})",
        rf"{_NAME} (?P<day>\d\d?),? (?P<year>\d{{4}})",
    )
)


class PartialDate(str):
    """A day, a month or a year: "2024-03-15", "2024-03" or "2024" (EDTF, ISO 8601).

    It is its text, which sorts by its first day, a year before its months. Make one from a date or
    from a text that was checked before; `from_iso` and `parse` check.
    """

    __slots__ = ()

    @classmethod
    def from_iso(cls, text: str) -> PartialDate:
        """Return the date that such a text names. Raises ValueError."""
        if not re.fullmatch(ISO_PATTERN, text):
            raise ValueError(f"no day, month or year: {text!r}")
        date = cls(text)
        date.first  # noqa: B018 - raises where the calendar has no such day
        return date

    @classmethod
    def parse(cls, text: str, months: Mapping[str, int]) -> PartialDate:
        """Read what a person typed. Raises ValueError, also for what has two meanings (03/04/2024).

        `months` are the names of months, folded; a name can be shortened to three letters.
        """
        text = " ".join(fold(text).split())
        for form in _FORMS:
            if found := form.fullmatch(text):
                parts = found.groupdict()
                month = parts.get("month")
                if name := parts.get("name"):
                    month = _month_number(name, months)
                given = (parts["year"], month, parts.get("day"))
                return cls.from_iso("-".join(part.zfill(2) for part in given if part))
        raise ValueError(f"no day, month or year: {text!r}")

    @property
    def first(self) -> dt.date:
        """Return its first day."""
        return dt.date.fromisoformat(f"{self}-01-01"[:10])

    @property
    def last(self) -> dt.date:
        """Return its last day."""
        first = self.first
        if len(self) == len("2024"):
            return first.replace(month=12, day=31)
        if len(self) == len("2024-03"):
            return first.replace(day=monthrange(first.year, first.month)[1])
        return first

    def isoformat(self) -> str:
        """Return its text, as a date does."""
        return str(self)


def _month_number(name: str, months: Mapping[str, int]) -> str:
    """Return the number of the month of this name or of the one beginning of a name."""
    found = {months[name]} if name in months else set()
    found = found or {number for full, number in months.items() if full.startswith(name)}
    if len(found) != 1:
        raise ValueError(f"no month: {name!r}")
    return str(found.pop())


def months_later(day: dt.date, months: int) -> dt.date:
    """Return the same day of the month `months` later, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > dt.date.max.year:
        return dt.date.max
    return dt.date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
