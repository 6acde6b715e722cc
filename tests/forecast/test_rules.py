"""Pure rules for forecast, lateness, pace and absences."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap.forecast.rules import (
    FORECAST_SPREAD,
    MAX_SPREAD,
    Completion,
    Span,
    estimate,
    merge_spans,
    needed_pace,
    own_pace,
    remaining,
    span_error,
)
from tests.readiness.examples import milestone, roadmap, shipped_policy, stage

TODAY = dt.date(2026, 6, 30)


def forecast_span(*args, **more) -> Span | None:
    """Return the range of an estimate."""
    found = estimate(*args, **more)
    return found and found.span


def weeks_behind(hours, pace, today, target_on, months=0, **more) -> int | None:
    """Return the lateness of an estimate in weeks."""
    found = estimate(hours, pace, today, months, target_on=target_on, **more)
    return found and found.weeks_late


def test_forecast_is_range_around_pace():
    # 100 hours at 5 a week are 20 weeks: 16 to 24 with a fifth either way.
    assert forecast_span(100, Decimal(5), TODAY) == (
        TODAY + dt.timedelta(weeks=16),
        TODAY + dt.timedelta(weeks=24),
    )


def test_no_forecast_without_pace_or_hours():
    assert forecast_span(100, None, TODAY) is None
    assert forecast_span(0, Decimal(5), TODAY) is None
    assert forecast_span(100_000, Decimal("0.5"), TODAY) is None


def test_lateness_is_counted_in_whole_weeks():
    target = TODAY + dt.timedelta(weeks=18)
    assert weeks_behind(100, Decimal(5), TODAY, target) == 2
    assert weeks_behind(90, Decimal(5), TODAY, target) == 0
    assert weeks_behind(90, None, TODAY, target) is None
    # Lateness is that of the likely day, which is within the range.
    found = estimate(100, Decimal(5), TODAY)
    likely, span = found.likely_on, found.span
    assert span.first < likely < span.last
    assert math.ceil((likely - target).days / 7) == 2
    assert weeks_behind(90, Decimal(5), TODAY, None) is None


def test_forecast_is_bounded_by_longest_chain_of_months():
    content = roadmap(
        stages=[stage("models")],
        milestones=[
            milestone("models1", months=2),
            milestone("models2", months=3, after=("models1",)),
            milestone("models3", months=1),
            milestone("models4", months=6, after=("models2", "models3")),
            milestone("models5", months=7, after=("done-long-ago",)),
        ],
        skills=[],
        policy=shipped_policy(),
    )
    assert remaining(content, content.by_key).chain == (11, ("models1", "models2", "models4"))
    assert remaining(content, {"models2", "models5"}).chain.months == 7
    assert remaining(content, ()).chain == (0, ())
    # 100 hours at 40 a week are three weeks; eleven months end on 30 May.
    in_eleven_months = dt.date(2027, 5, 30)
    assert forecast_span(100, Decimal(40), TODAY, 11) == (in_eleven_months, in_eleven_months)
    assert weeks_behind(100, Decimal(40), TODAY, in_eleven_months, 11) == 0
    assert weeks_behind(100, Decimal(40), TODAY, dt.date(2027, 5, 16), 11) == 2
    # At a slow pace the hours decide, and only the early end of the range is limited.
    first, last = forecast_span(100, Decimal(2), TODAY, 11)
    assert first == in_eleven_months < last == TODAY + dt.timedelta(weeks=60)


HOURS = st.integers(1, 3000)
PACES = st.decimals(Decimal("0.5"), Decimal(80), places=1)
MONTHS = st.integers(0, 60)
# Include leap days, ends of years and days of clock changes.
DAYS = st.dates(dt.date(2023, 12, 1), dt.date(2032, 3, 31))
SPANS = st.builds(
    lambda first, days: Span(first, first + dt.timedelta(days=days)), DAYS, st.integers(0, 120)
)
ABSENCES = st.lists(SPANS, max_size=6)
SPREADS = st.decimals(FORECAST_SPREAD, MAX_SPREAD, places=2)
NEVER = Span(dt.date.max, dt.date.max)


def span_or_never(*args, **more) -> Span:
    """Return the range; a forecast beyond forty years is later than any day."""
    return forecast_span(*args, **more) or NEVER


@given(HOURS, PACES, DAYS, MONTHS, SPREADS, ABSENCES)
def test_forecast_range_is_ordered_and_bounded(hours, pace, today, months, spread, absences):
    span = forecast_span(hours, pace, today, months, spread=spread, absences=absences)
    if span is None:
        return
    assert today < span.first <= span.last
    assert span.first >= forecast_span(1, Decimal(80), today, months).first
    # At most forty years of work or the longest chain of months.
    assert (span.last - today).days <= max(40 * 52 * 7, months * 31)


@given(HOURS, HOURS, PACES, PACES, DAYS, MONTHS, ABSENCES)
def test_more_hours_or_slower_pace_never_finish_earlier(
    some, others, pace, other_pace, today, months, absences
):
    few, many = sorted((some, others))
    slow, quick = sorted((pace, other_pace))
    early = span_or_never(few, quick, today, months, absences=absences)
    late = span_or_never(many, slow, today, months, absences=absences)
    assert early.first <= late.first
    assert early.last <= late.last
    target = today + dt.timedelta(days=400)
    late_by = weeks_behind(many, slow, today, target, months, absences=absences)
    assert weeks_behind(few, quick, today, target, months, absences=absences) <= late_by


@given(HOURS, PACES, DAYS, MONTHS, ABSENCES, SPANS)
def test_time_off_never_makes_finish_earlier(hours, pace, today, months, absences, more):
    before = span_or_never(hours, pace, today, months, absences=absences)
    after = span_or_never(hours, pace, today, months, absences=[*absences, more])
    assert before.first <= after.first
    assert before.last <= after.last
    target = today + dt.timedelta(days=700)
    needed = needed_pace(hours, today, target, absences)
    needs_more = needed_pace(hours, today, target, [*absences, more])
    assert needs_more is None or needed <= needs_more


@given(HOURS, DAYS, st.integers(1, 3000), ABSENCES)
def test_needed_pace_reaches_target(hours, today, ahead, absences):
    target = today + dt.timedelta(days=ahead)
    pace = needed_pace(hours, today, target, absences)
    if pace is not None:
        assert weeks_behind(hours, pace, today, target, absences=absences) == 0


@given(ABSENCES)
def test_merged_absences_cover_same_days_without_overlap(absences):
    merged = merge_spans(absences)
    days = {
        each.first + dt.timedelta(days=n)
        for each in absences
        for n in range((each.last - each.first).days + 1)
    }
    assert sum((each.last - each.first).days + 1 for each in merged) == len(days)
    assert all(a.last + dt.timedelta(days=1) < b.first for a, b in pairwise(merged))


def test_forecast_skips_time_off():
    fortnight = Span(TODAY + dt.timedelta(days=8), TODAY + dt.timedelta(days=21))
    assert forecast_span(100, Decimal(5), TODAY, absences=[fortnight]) == (
        TODAY + dt.timedelta(weeks=18),
        TODAY + dt.timedelta(weeks=26),
    )
    # Duplicates count once; past and far absences change nothing.
    past, far = Span(dt.date(2020, 1, 1), TODAY), Span(dt.date(2035, 1, 1), dt.date(2035, 2, 1))
    assert forecast_span(100, Decimal(5), TODAY, absences=[fortnight, past, fortnight, far]) == (
        TODAY + dt.timedelta(weeks=18),
        TODAY + dt.timedelta(weeks=26),
    )
    # Twenty weeks of work now take 22; the target was 21 weeks away.
    target = TODAY + dt.timedelta(weeks=21)
    assert weeks_behind(100, Decimal(5), TODAY, target) == 0
    assert weeks_behind(100, Decimal(5), TODAY, target, absences=[fortnight]) == 1
    assert needed_pace(95, TODAY, target, [fortnight]) == 5


def test_leap_day_counts_as_day():
    before, after = dt.date(2028, 2, 28), dt.date(2028, 3, 6)
    assert forecast_span(5, Decimal(5), before, spread=Decimal(0)).first == after
    assert needed_pace(7, before, after) == 7
    # A month after the last of January ends with February, whatever its length.
    assert forecast_span(1, Decimal(80), dt.date(2028, 1, 31), 1).first == dt.date(2028, 2, 29)


STARTED_ON = dt.date(2026, 1, 1)


def weekly(hours: int, weeks: int) -> list[Completion]:
    """Return one completion of these hours per week, the latest today."""
    return [Completion(TODAY - dt.timedelta(weeks=back), hours) for back in range(weeks)]


def test_own_pace_covers_last_90_days():
    long_ago = Completion(TODAY - dt.timedelta(days=90), 1000)
    pace = own_pace([*weekly(7, 13), long_ago], STARTED_ON, TODAY)
    assert (pace.first, pace.days, pace.hours, pace.milestones) == (
        TODAY - dt.timedelta(days=89), 90, 91, 13
    )  # fmt: skip
    assert pace.hours_per_week == Decimal(91 * 7) / 90
    # Equal weeks give the smallest spread.
    assert pace.spread == FORECAST_SPREAD


def test_completions_on_start_day_are_no_pace():
    started_on = TODAY - dt.timedelta(days=40)
    initial_completions = [Completion(started_on, 30)] * 20
    pace = own_pace(initial_completions, started_on, TODAY)
    assert (pace.hours, pace.days, pace.is_known) == (0, 40, False)
    pace = own_pace([*initial_completions, *weekly(4, 5)], started_on, TODAY)
    assert (pace.hours, pace.hours_per_week) == (20, Decimal(140) / 40)


@pytest.mark.parametrize(
    ("completions", "started_on"),
    [
        (weekly(9, 2), STARTED_ON),
        ([Completion(TODAY, 9)] * 9, STARTED_ON),
        (weekly(9, 3), TODAY - dt.timedelta(days=27)),
    ],
    ids=["two milestones", "one day", "under four weeks"],
)
def test_too_few_completions_give_no_pace(completions, started_on):
    pace = own_pace(completions, started_on, TODAY)
    assert not pace.is_known
    assert pace.hours_per_week is None


def test_past_time_off_is_excluded_from_pace():
    month_off = Span(TODAY - dt.timedelta(days=59), TODAY - dt.timedelta(days=30))
    pace = own_pace(weekly(7, 4), STARTED_ON, TODAY, [month_off])
    assert (pace.hours, pace.days) == (28, 60)
    assert pace.hours_per_week == Decimal(28 * 7) / 60
    # Completions during time off still count.
    on_leave = own_pace(
        [*weekly(7, 4), Completion(month_off.first, 12)], STARTED_ON, TODAY, [month_off]
    )
    assert on_leave.hours == 40
    # Time off for the whole period gives no pace.
    assert (
        own_pace(weekly(7, 4), STARTED_ON, TODAY, [Span(STARTED_ON, TODAY)]).hours_per_week is None
    )


def test_spread_grows_with_variation_between_weeks():
    steady, uneven = weekly(10, 12), weekly(10, 4)
    assert own_pace(steady, STARTED_ON, TODAY).spread == FORECAST_SPREAD
    # Twelve weeks, four of 10 h: mean 3.33, deviation 4.92; 4.92 / sqrt(12) / 3.33 = 0.43.
    assert own_pace(uneven, STARTED_ON, TODAY).spread == Decimal("0.43")
    one_big = [Completion(TODAY, 300), *weekly(2, 3)]
    assert own_pace(one_big, STARTED_ON, TODAY).spread == MAX_SPREAD


@given(
    st.lists(st.builds(Completion, DAYS, st.integers(1, 300)), max_size=30),
    DAYS,
    DAYS,
    ABSENCES,
)
def test_own_pace_is_valid_for_any_history(completions, started_on, today, absences):
    pace = own_pace(completions, started_on, today, absences)
    assert FORECAST_SPREAD <= pace.spread <= MAX_SPREAD
    assert 0 <= pace.days <= 90
    assert (pace.hours_per_week is not None) == pace.is_known
    if pace.hours_per_week:
        span_or_never(100, pace.hours_per_week, today, spread=pace.spread, absences=absences)


@pytest.mark.parametrize(
    ("first", "last", "error"),
    [
        ("2026-07-01", "2026-07-01", None),
        ("2026-07-02", "2026-07-01", "order"),
        ("1999-12-31", "2000-01-02", "past"),
        ("2037-01-01", "2037-01-02", "too_far"),
        ("2026-07-01", "2031-08-01", "too_long"),
    ],
    ids=["valid", "order", "past", "too far", "too long"],
)
def test_absence_dates_are_validated(first, last, error):
    days = Span(dt.date.fromisoformat(first), dt.date.fromisoformat(last))
    assert span_error(days, TODAY) == error
