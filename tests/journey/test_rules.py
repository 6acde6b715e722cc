"""Forecast and lateness."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from roadmap.journey.rules import forecast, weeks_behind

TODAY = dt.date(2026, 6, 30)


def test_a_forecast_is_a_range_around_the_pace():
    # 100 hours at 5 a week are 20 weeks: 16 to 24 with a fifth either way.
    assert forecast(100, Decimal(5), TODAY) == (
        TODAY + dt.timedelta(weeks=16),
        TODAY + dt.timedelta(weeks=24),
    )


def test_without_pace_or_effort_there_is_no_forecast():
    assert forecast(100, None, TODAY) is None
    assert forecast(0, Decimal(5), TODAY) is None
    assert forecast(100_000, Decimal("0.5"), TODAY) is None


def test_behind_by_whole_weeks():
    target = TODAY + dt.timedelta(weeks=18)
    assert weeks_behind(100, Decimal(5), TODAY, target) == 2
    assert weeks_behind(90, Decimal(5), TODAY, target) == 0
    assert weeks_behind(90, None, TODAY, target) is None
    assert weeks_behind(90, Decimal(5), TODAY, None) is None


@given(
    st.integers(1, 3000),
    st.decimals(Decimal("0.5"), Decimal(80), places=1),
)
def test_the_range_is_never_turned_around(hours, pace):
    span = forecast(hours, pace, TODAY)
    if span is not None:
        assert TODAY < span[0] <= span[1]
