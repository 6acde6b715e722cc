"""Chart points: values between snapshots, the number of points, and the ends."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap.momentum.rules import (
    MAX_POINTS,
    Figures,
    changes,
    figures_of_summary,
    first_day,
    sample,
)

TODAY = dt.date(2028, 3, 1)


def figures(claimed: int, score: str | None = "0") -> Figures:
    return Figures(400, claimed, claimed // 2, 0, None if score is None else Decimal(score))


def day(days_ago: int) -> dt.date:
    return TODAY - dt.timedelta(days=days_ago)


def test_day_without_snapshot_repeats_previous_figures():
    series = [(day(10), figures(8)), (day(4), figures(20))]
    points = dict(sample(series, day(90), TODAY))
    assert [points[day(days_ago)].claimed_hours for days_ago in (10, 5, 4, 0)] == [8, 8, 20, 20]
    assert min(points) == day(10), "no points before the first snapshot"


def test_leap_day_is_sampled():
    points = sample([(day(90), figures(1))], day(3), TODAY)
    assert [str(each) for each, _figures in points] == [
        *("2028-02-27", "2028-02-28", "2028-02-29", "2028-03-01")
    ]


@given(
    snapshot_days=st.sets(st.integers(0, 3_700), min_size=1, max_size=60),
    period=st.sampled_from(["90-days", "year", "all"]),
)
def test_sample_covers_period_with_limited_points(snapshot_days, period):
    series = [
        (day(days_ago), figures(place))
        for place, days_ago in enumerate(sorted(snapshot_days, reverse=True))
    ]
    points = sample(series, first_day(period, TODAY), TODAY)
    days = [each for each, _figures in points]
    assert days == sorted(set(days))
    assert len(days) <= MAX_POINTS + 1
    assert days[0] == max(series[0][0], first_day(period, TODAY))
    assert days[-1] == TODAY
    for each, found in points:
        assert found == [value for since, value in series if since <= each][-1]


def test_empty_series_has_no_points():
    assert sample([], day(90), TODAY) == []
    assert sample([(TODAY, figures(1))], day(90), TODAY) == [(TODAY, figures(1))]


def test_changes_start_with_figures_valid_at_period_start():
    points = [(day(3), figures(1)), (day(2), figures(1)), (day(1), figures(5)), (TODAY, figures(5))]
    assert [each for each, _figures in changes(points, day(9))] == [day(3), day(1)]
    assert [each for each, _figures in changes(points, day(2))] == [day(3), day(1)]
    assert [each for each, _figures in changes(points, TODAY)] == [day(1)]


@pytest.mark.parametrize(
    ("before", "after", "expected"), [("79.12", "79.14", True), ("79.14", "79.16", False)]
)
def test_scores_with_equal_display_look_alike(before, after, expected):
    assert figures(1, before).displays_equal(figures(1, after)) is expected
    assert not figures(1, before).displays_equal(figures(1, None))


def test_summary_hours_are_rounded_to_integers():
    progress = {"claimed": 0.5, "evidenced": 0.3333, "verified": 0.0676, "hours": 1968}
    own = {"progress": progress | {"claimed_hours": 984}, "score": 12.3456}
    assert figures_of_summary(own) == Figures(1968, 984, 656, 133, Decimal("12.3456"))
