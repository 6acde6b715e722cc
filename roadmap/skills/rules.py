"""Compare assessments with each other and with the bar. They are never averaged."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

from roadmap.core.dates import months_later

MIN_LEVEL, MAX_LEVEL = 0, 4
LEVELS = tuple(range(MIN_LEVEL, MAX_LEVEL + 1))
# Assessments that are this many levels apart are worth a conversation.
DIVERGENCE_THRESHOLD = 2
# After so many months an assessment is marked as old. It counts all the same.
OLD_AFTER_MONTHS = 18


def is_old(assessed_on: dt.date, today: dt.date) -> bool:
    """Tell whether an assessment of this day is marked as old; `today` is its person's own date."""
    return today > months_later(assessed_on, OLD_AFTER_MONTHS)


class AssessedLevel(NamedTuple):
    """The level that somebody gave, when, the name they had then, and what it rests on.

    `added_by_author` says that the person assessed gave them their role, `by_token` that a script
    gave it for a manager, and so does the name. `is_gone` says that they have no account any more.
    """

    level: int
    at: dt.datetime
    name: str
    comment: str = ""
    added_by_author: bool = False
    by_token: bool = False
    is_gone: bool = False

    def is_old(self, today: dt.date) -> bool:
        """Tell whether it is marked as old."""
        return is_old(self.at.date(), today)


@dataclass(frozen=True, slots=True)
class SkillComparison:
    """Where a person stands in one skill: their own word, someone else's, and the bar."""

    own: AssessedLevel | None
    other: AssessedLevel | None
    bar: int

    @property
    def effective(self) -> AssessedLevel | None:
        """Return the assessment that counts: the manager's where there is one."""
        return self.other or self.own

    @property
    def gap(self) -> int | None:
        """Return the levels left to the bar, 0 at or above it, None without an assessment."""
        return None if self.effective is None else max(0, self.bar - self.effective.level)

    @property
    def difference(self) -> int | None:
        """Return how much higher the manager's level is than the person's own."""
        if self.own is None or self.other is None:
            return None
        return self.other.level - self.own.level

    @property
    def is_divergent(self) -> bool:
        """Return whether the two levels differ enough to be worth a conversation."""
        return abs(self.difference or 0) >= DIVERGENCE_THRESHOLD
