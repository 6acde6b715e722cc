"""How self- and manager assessments compare with the bar."""

from __future__ import annotations

import datetime as dt

import pytest

from roadmap.skills.rules import AssessedLevel, SkillComparison

DAY = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def assessed(level: int | None) -> AssessedLevel | None:
    return None if level is None else AssessedLevel(level, DAY, "somebody")


@pytest.mark.parametrize(
    ("own", "other", "bar", "gap", "difference"),
    [
        (None, None, 3, None, None),
        (1, None, 3, 2, None),
        (4, None, 3, 0, None),
        (4, 2, 3, 1, -2),
        (1, 3, 3, 0, 2),
        (None, 0, 2, 2, None),
        (0, 0, 4, 4, 0),
    ],
)
def test_manager_assessment_decides_the_gap(
    own: int | None, other: int | None, bar: int, gap: int | None, difference: int | None
) -> None:
    comparison = SkillComparison(assessed(own), assessed(other), bar)

    assert (comparison.gap, comparison.difference) == (gap, difference)
