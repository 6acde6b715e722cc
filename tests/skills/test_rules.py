from __future__ import annotations

import datetime as dt

import pytest

from roadmap.skills.rules import AssessedLevel, SkillComparison

DAY = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def judged(level: int | None) -> AssessedLevel | None:
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
def test_someone_elses_word_decides_the_gap_and_nothing_is_averaged(
    own: int | None, other: int | None, bar: int, gap: int | None, difference: int | None
) -> None:
    standing = SkillComparison(judged(own), judged(other), bar)

    assert (standing.gap, standing.difference) == (gap, difference)
