"""Rules for comparing assessments with each other and with the bar. They are never averaged."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

from roadmap.core.dates import months_later

MIN_LEVEL, MAX_LEVEL = 0, 4
LEVELS = tuple(range(MIN_LEVEL, MAX_LEVEL + 1))
# Assessments that are this many levels apart are worth a conversation.
DIVERGENCE_THRESHOLD = 2
# The age in months after which an assessment is marked as old. It still counts.
OLD_AFTER_MONTHS = 18


def is_old(assessed_on: dt.date, today: dt.date) -> bool:
    """Return whether an assessment is marked as old; `today` is in the user's time zone."""
    return today > months_later(assessed_on, OLD_AFTER_MONTHS)


class AssessedLevel(NamedTuple):
    """An assessed level with its time, the assessor's name at that time, and its basis.

    `added_by_author` means that the assessed user gave the assessor their role, `by_token` that a
    script recorded it for a manager; `name` includes markers for both. `is_assessor_deleted`
    means that the assessor no longer has an account.
    """

    level: int
    at: dt.datetime
    name: str
    comment: str = ""
    added_by_author: bool = False
    by_token: bool = False
    is_assessor_deleted: bool = False

    def is_old(self, today: dt.date) -> bool:
        return is_old(self.at.date(), today)


@dataclass(frozen=True, slots=True)
class SkillComparison:
    """The self-assessment and the manager's assessment of one skill, and its bar."""

    own: AssessedLevel | None
    other: AssessedLevel | None
    bar: int

    @property
    def effective(self) -> AssessedLevel | None:
        """Return the assessment that counts: the manager's if there is one, else the user's own."""
        return self.other or self.own

    @property
    def gap(self) -> int | None:
        """Return the levels missing to the bar: 0 at or above it, None without an assessment."""
        return None if self.effective is None else max(0, self.bar - self.effective.level)

    @property
    def difference(self) -> int | None:
        """Return the manager's level minus the user's own level, or None if either is missing."""
        if self.own is None or self.other is None:
            return None
        return self.other.level - self.own.level

    @property
    def is_divergent(self) -> bool:
        return abs(self.difference or 0) >= DIVERGENCE_THRESHOLD
