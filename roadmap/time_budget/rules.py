"""Weeks, shares of hours, and whether there is too little deep work. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

DAY_MINUTES = 24 * 60
WORKDAYS = 5
# A week with a smaller part recorded is not compared, because the rest is unknown.
MOSTLY_PERCENT = 80
# "1:30", "1h30", "1.5" or "1,5" hours; "1 h 30 min", "2h", "90 min".
_CLOCK = re.compile(r"(\d{1,3})(?::|\s?h\s?)([0-5]\d)", re.ASCII)
_DECIMAL = re.compile(r"(\d{0,3}(?:[.,]\d{1,3})?)\s*(?:h|hours?)?", re.ASCII)
_WORDS = re.compile(
    r"(?:(\d{1,3})\s*h(?:ours?)?)?\s*(?:(\d{1,4})\s*m(?:in(?:utes?|s)?)?)?", re.ASCII
)


def parse_minutes(text: str) -> int:
    """Parse a duration in hours or minutes. Raises ValueError."""
    text = " ".join(text.casefold().split())
    if found := _CLOCK.fullmatch(text):
        return int(found[1]) * 60 + int(found[2])
    if text and (found := _WORDS.fullmatch(text)):
        return int(found[1] or 0) * 60 + int(found[2] or 0)
    if (found := _DECIMAL.fullmatch(text)) and any(map(str.isdigit, found[1])):
        return round(float(found[1].replace(",", ".")) * 60)
    raise ValueError(f"no hours: {text!r}")


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """An ISO 8601 week, which begins on Monday."""

    monday: dt.date

    @classmethod
    def of(cls, day: dt.date) -> Week:
        return cls(day - dt.timedelta(days=day.weekday()))

    @classmethod
    def parse(cls, key: str) -> Week:
        """Return the week of a key such as "2026-W48". Raises ValueError."""
        found = re.fullmatch(r"([0-9]{4})-W([0-9]{2})", key)
        if not found:
            raise ValueError(f"no week: {key!r}")
        return cls(dt.date.fromisocalendar(int(found[1]), int(found[2]), 1))

    @property
    def key(self) -> str:
        year, number, _day = self.monday.isocalendar()
        return f"{year}-W{number:02}"

    @property
    def sunday(self) -> dt.date:
        return self.monday + dt.timedelta(days=6)

    def back(self, weeks: int) -> Week:
        return Week(self.monday - dt.timedelta(weeks=weeks))


@dataclass(frozen=True, slots=True)
class Limits:
    """A person's working minutes per week, and the minimum for deep work."""

    week: int
    deep_work: int

    def deep_work_due(self, week: Week, today: dt.date) -> int:
        """Return the minutes of deep work expected on the workdays before today."""
        passed = min(max((today - week.monday).days, 0), WORKDAYS)
        return self.deep_work * passed // WORKDAYS


@dataclass(frozen=True)
class WeekFigures:
    """Minutes of a week by category, and `counts_as` of each category."""

    week: Week
    limits: Limits
    minutes: Mapping[str, int] = field(default_factory=dict)
    counts_as: Mapping[str, str] = field(default_factory=dict)

    def _sum_of(self, kind: str) -> int:
        return sum(
            minutes
            for category, minutes in self.minutes.items()
            if self.counts_as.get(category, "rest") == kind
        )

    @property
    def deep_work(self) -> int:
        return self._sum_of("deep_work")

    @property
    def meetings(self) -> int:
        return self._sum_of("meetings")

    @property
    def rest(self) -> int:
        return self._sum_of("rest")

    @property
    def recorded(self) -> int:
        return self.deep_work + self.meetings + self.rest

    @property
    def base_minutes(self) -> int:
        """Return the base of shares: the person's week, or what is recorded if that is more."""
        return max(self.limits.week, self.recorded)

    @property
    def is_mostly_recorded(self) -> bool:
        return 100 * self.recorded >= MOSTLY_PERCENT * self.limits.week

    def share(self, minutes: int) -> int:
        """Return minutes as a percentage of the week, rounded."""
        return round(100 * minutes / self.base_minutes)

    def is_short_of_deep_work(self, today: dt.date) -> bool:
        """Return whether there is too little deep work so far; False for an empty week."""
        return bool(self.recorded) and self.deep_work < self.limits.deep_work_due(self.week, today)
