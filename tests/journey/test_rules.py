"""Forecast and lateness."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from roadmap.journey.rules import forecast, longest_chain, weeks_behind

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


def test_no_pace_outruns_the_longest_chain_of_months():
    chain = {
        "deploy": (2, ()),
        "watch": (3, ("deploy",)),
        "retrain": (6, ("watch", "label")),
        "label": (1, ()),
        "talk": (7, ("done long ago",)),
    }
    assert longest_chain(chain, chain) == 11
    assert longest_chain(chain, ["talk", "watch"]) == 7
    assert longest_chain({}, ["deploy"]) == 0
    # 100 hours at 40 a week are three weeks; eleven months end on 30 May.
    in_eleven_months = dt.date(2027, 5, 30)
    assert forecast(100, Decimal(40), TODAY, 11) == (in_eleven_months, in_eleven_months)
    assert weeks_behind(100, Decimal(40), TODAY, in_eleven_months, 11) == 0
    assert weeks_behind(100, Decimal(40), TODAY, dt.date(2027, 5, 16), 11) == 2
    # At a slow pace the hours decide, and of the range only what would be too early moves.
    first, last = forecast(100, Decimal(2), TODAY, 11)
    assert first == in_eleven_months < last == TODAY + dt.timedelta(weeks=60)


@given(
    st.integers(1, 3000),
    st.decimals(Decimal("0.5"), Decimal(80), places=1),
    st.integers(0, 60),
)
def test_the_range_is_never_turned_around(hours, pace, months):
    span = forecast(hours, pace, TODAY, months)
    if span is not None:
        assert TODAY < span[0] <= span[1]
