"""Partial dates (a day, a month or a year), calendar months, and dates in a time zone."""

from __future__ import annotations

import datetime as dt
import re
from calendar import monthrange
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from roadmap.core.text import fold

ISO_PATTERN = r"^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$"
_NAME = r"(?P<name>[^\W\d_]{3,})[.,]?"
# Accepted input, after folding: 2024-03-15, 15.03.2024, 03/2024, 15 Mar 2024, March 15, 2024.
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

    The strings sort by first day, a year before its months. The constructor does not validate:
    use `from_iso` or `parse` for unchecked text.
    """

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, *_arguments: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(cls)

    @classmethod
    def from_iso(cls, text: str) -> PartialDate:
        """Parse an ISO day, month or year. Raises ValueError."""
        if not re.fullmatch(ISO_PATTERN, text):
            raise ValueError(f"no day, month or year: {text!r}")
        date = cls(text)
        date.first  # noqa: B018 - raises for days that do not exist
        return date

    @classmethod
    def parse(cls, text: str, months: Mapping[str, int]) -> PartialDate:
        """Parse user input. Raises ValueError, also for ambiguous dates such as 03/04/2024.

        `months` maps folded month names to numbers. Input may abbreviate them to three letters.
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
        """Return the first day of the period."""
        return dt.date.fromisoformat(f"{self}-01-01"[:10])

    @property
    def last(self) -> dt.date:
        """Return the last day of the period."""
        first = self.first
        if len(self) == len("2024"):
            return first.replace(month=12, day=31)
        if len(self) == len("2024-03"):
            return first.replace(day=monthrange(first.year, first.month)[1])
        return first

    def isoformat(self) -> str:
        """Return the ISO text, like `datetime.date.isoformat`."""
        return str(self)


def _month_number(name: str, months: Mapping[str, int]) -> str:
    """Return the number of the month with this name or unambiguous prefix."""
    found = {months[name]} if name in months else set()
    found = found or {number for full, number in months.items() if full.startswith(name)}
    if len(found) != 1:
        raise ValueError(f"no month: {name!r}")
    return str(found.pop())


def months_later(day: dt.date, months: int) -> dt.date:
    """Return the day `months` later, clamped to the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > dt.date.max.year:
        return dt.date.max
    return dt.date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def local_date(moment: dt.datetime, zone: str) -> dt.date:
    """Return the date of a moment in a time zone, such as "Europe/Berlin"."""
    return moment.astimezone(ZoneInfo(zone)).date()


def find_local_date(moment: dt.datetime, zone: str) -> dt.date | None:
    """Return the date of a moment in a time zone; None if this machine does not know the zone."""
    try:
        return local_date(moment, zone)
    except (KeyError, ValueError):
        return None


def parse_moment(text: str) -> dt.datetime | None:
    """Parse an ISO timestamp with an offset; return None if it is invalid."""
    try:
        moment = dt.datetime.fromisoformat(text)
        # A moment at the limits of the calendar may have no equivalent in UTC.
        return moment.astimezone(dt.UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
