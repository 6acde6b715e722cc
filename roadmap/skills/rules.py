"""What assessments say, side by side: never averaged, and measured against the senior bar."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

MIN_LEVEL, MAX_LEVEL = 0, 4
LEVELS = tuple(range(MIN_LEVEL, MAX_LEVEL + 1))
# Two views that are this many levels apart are worth a conversation.
DIVERGENCE_THRESHOLD = 2


class AssessedLevel(NamedTuple):
    """The level that somebody gave, when, the name they had then, and what it rests on."""

    level: int
    at: dt.datetime
    name: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class SkillComparison:
    """Where a person stands in one skill: their own word, someone else's, and the bar."""

    own: AssessedLevel | None
    other: AssessedLevel | None
    bar: int

    @property
    def effective(self) -> AssessedLevel | None:
        """The judgement that the gap is measured from: someone else's where there is one."""
        return self.other or self.own

    @property
    def gap(self) -> int | None:
        """Levels left to the bar, 0 at or above it, None where nobody said anything."""
        return None if self.effective is None else max(0, self.bar - self.effective.level)

    @property
    def difference(self) -> int | None:
        """How much higher someone else sees the person than they themselves do."""
        if self.own is None or self.other is None:
            return None
        return self.other.level - self.own.level

    @property
    def is_divergent(self) -> bool:
        """Whether the two see the person so differently that they had better talk about it."""
        return abs(self.difference or 0) >= DIVERGENCE_THRESHOLD
