"""Forecast when the remaining effort will be done, from the pace and the days off. Pure.

All calculations use whole days in the person's calendar, so that neither time zones nor daylight
saving make a difference.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from itertools import pairwise
from statistics import fmean, stdev
from typing import TYPE_CHECKING, NamedTuple

from roadmap.core.dates import months_later

if TYPE_CHECKING:
    from roadmap.catalog.content import Content

# Plans over many weeks are never exact, so a forecast is a range of at least a fifth either way.
FORECAST_SPREAD = Decimal("0.2")
# A wider range would be useless.
MAX_SPREAD = Decimal("0.5")
MAX_WEEKS = 40 * 52
# The own pace covers this many days, and is unknown below the other three minimums.
PACE_DAYS = 90
MIN_MILESTONES = 3
MIN_DAYS_WITH_MILESTONES = 3
MIN_DAYS = 28
TENTH = Decimal("0.1")


class Span(NamedTuple):
    """Days from the first to the last, both inclusive."""

    first: dt.date
    last: dt.date

    def __contains__(self, day: object) -> bool:
        return isinstance(day, dt.date) and self.first <= day <= self.last


class Completion(NamedTuple):
    """A completed required milestone that counts for the own pace, with its day and hours."""

    day: dt.date
    hours: int


class Chain(NamedTuple):
    """Milestones that depend on each other, and the minimum number of months they take in total.

    `keys` are only those that take months.
    """

    months: int
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Remaining:
    """The remaining effort of a roadmap: hours of open milestones, and their longest chain.

    `required_hours` and `chain` cover only the required milestones of required stages. `stages` has
    the longest chain of each stage with a milestone that takes months.
    """

    hours: int
    required_hours: int
    chain: Chain
    stages: Mapping[str, Chain]


def remaining(content: Content, open_keys: Collection[str]) -> Remaining:
    """Return the remaining effort of a roadmap with the given open milestones."""
    chains: dict[str, Chain] = {}
    stages: dict[str, Chain] = {}
    hours = required_hours = 0
    for stage in content.stages:
        left = [m for m in stage.milestones if m.key in open_keys]
        for m in left:
            # Prerequisites come earlier in the file, so their chains are known.
            before = _longest(chains, m.after)
            if m.months:
                chains[m.key] = Chain(before.months + m.months, (*before.keys, m.key))
            elif before.months:
                chains[m.key] = before
        required = [m for m in left if m.required and stage.required]
        stages[stage.key] = _longest(chains, [m.key for m in required])
        hours += sum(m.hours for m in left)
        required_hours += sum(m.hours for m in required)
    return Remaining(
        hours=hours,
        required_hours=required_hours,
        chain=_longest(stages, stages),
        stages={stage: chain for stage, chain in stages.items() if chain.months},
    )


def _longest(chains: Mapping[str, Chain], keys: Iterable[str]) -> Chain:
    """Return the chain of some keys that takes the most months.

    Chains run in parallel, so their months are not added up.
    """
    found = [chains[key] for key in keys if key in chains]
    return max(found, key=lambda chain: chain.months, default=Chain(0, ()))


@dataclass(frozen=True)
class Estimate:
    """When a person finishes at a pace. `span` is None if that is more than forty years ahead.

    `likely_on` is the most likely day in the span, and `weeks_late` compares it with the target
    date, None without one.
    """

    hours_per_week: Decimal
    span: Span | None
    likely_on: dt.date | None
    weeks_late: int | None


def estimate(
    hours_left: int,
    hours_per_week: Decimal | None,
    today: dt.date,
    months_left: int = 0,
    *,
    target_on: dt.date | None = None,
    spread: Decimal = FORECAST_SPREAD,
    absences: Iterable[Span] = (),
) -> Estimate | None:
    """Return when `hours_left` are done at this pace; None without a pace or without hours left.

    `spread` is the fraction by which the time may be shorter or longer. Days of absence are
    skipped. No date is earlier than `months_left` months from today.
    """
    if not hours_per_week or hours_left <= 0:
        return None
    weeks = Decimal(hours_left) / hours_per_week
    work = (
        7 * math.ceil(weeks * (1 - spread)),
        math.ceil(Decimal(hours_left) * 7 / hours_per_week),
        7 * math.ceil(weeks * (1 + spread)),
    )
    away = merge_spans(absences)
    first, likely, last = (_days_to_finish(today, days, away) for days in work)
    months = (months_later(today, months_left) - today).days
    late = None
    if target_on is not None:
        late = max(0, math.ceil((max(likely, months) - (target_on - today).days) / 7))
    if last > 7 * MAX_WEEKS:
        return Estimate(hours_per_week, None, None, late)
    on = [today + dt.timedelta(days=max(days, months)) for days in (first, likely, last)]
    return Estimate(hours_per_week, Span(on[0], on[2]), on[1], late)


def needed_pace(
    hours_left: int, today: dt.date, target_on: dt.date, absences: Iterable[Span] = ()
) -> Decimal | None:
    """Return the hours per week needed to finish on the target date, rounded up to a tenth.

    Return None if no day is left until then.
    """
    days = (target_on - today).days
    for each in merge_spans(absences):
        days -= max(0, (min(each.last, target_on) - max(each.first, _next_day(today))).days + 1)
    if days <= 0:
        return None
    return (Decimal(hours_left) * 7 / days).quantize(TENTH, ROUND_CEILING)


def merge_spans(absences: Iterable[Span]) -> list[Span]:
    """Return absences in order, merging those that overlap or are adjacent."""
    merged: list[Span] = []
    for each in sorted(absences):
        if merged and each.first <= _next_day(merged[-1].last):
            merged[-1] = Span(merged[-1].first, max(merged[-1].last, each.last))
        else:
            merged.append(each)
    return merged


def _days_to_finish(today: dt.date, days: int, merged: Iterable[Span]) -> int:
    """Return the number of days from today that a number of work days takes with absences."""
    for each in merged:
        first = max((each.first - today).days, 1)
        last = (each.last - today).days
        if first <= days and first <= last:
            days += last - first + 1
    return days


def _next_day(day: dt.date) -> dt.date:
    return day + dt.timedelta(days=1)


@dataclass(frozen=True)
class OwnPace:
    """A person's progress on a roadmap in the last 90 days, or since they started.

    `hours` are those of the `milestones` required milestones done on `days_with_milestones` days;
    `days` are the days from `first` to today without absences. `spread` is the uncertainty of the
    remaining time, as a fraction.
    """

    first: dt.date
    hours: int
    milestones: int
    days_with_milestones: int
    days: int
    spread: Decimal

    @property
    def is_known(self) -> bool:
        """Return whether there is enough data for a forecast."""
        return (
            self.milestones >= MIN_MILESTONES
            and self.days_with_milestones >= MIN_DAYS_WITH_MILESTONES
            and self.days >= MIN_DAYS
        )

    @property
    def hours_per_week(self) -> Decimal | None:
        """Return the pace, or None if there is too little data."""
        return Decimal(self.hours * 7) / self.days if self.is_known else None


def own_pace(
    done: Iterable[Completion],
    started_on: dt.date,
    today: dt.date,
    absences: Iterable[Span] = (),
) -> OwnPace:
    """Return the own pace of a person who started a roadmap on a day.

    The first day and its milestones do not count, because people then mark what they did before
    they used Cairn. Days of absence do not count either, but milestones done on them do.
    """
    first = max(today - dt.timedelta(days=PACE_DAYS - 1), _next_day(started_on))
    counted = [each for each in done if first <= each.day <= today]
    away = merge_spans(absences)
    window = [today - dt.timedelta(days=back) for back in range((today - first).days + 1)]
    days = [day for day in window if not any(day in span for span in away)]
    return OwnPace(
        first=first,
        hours=sum(each.hours for each in counted),
        milestones=len(counted),
        days_with_milestones=len({each.day for each in counted}),
        days=len(days),
        spread=_spread(counted, days),
    )


def _spread(done: Sequence[Completion], days: Sequence[dt.date]) -> Decimal:
    """Return the uncertainty of the pace: the relative standard error of the mean weekly hours.

    `days` are the days that count, newest first; seven of them make a week. The standard error is
    the standard deviation of the weeks divided by the square root of their number, here as a
    fraction of their mean. It is limited to `FORECAST_SPREAD` and `MAX_SPREAD`.
    """
    ends = [dt.date.max, *days[6::7]]
    weeks = [sum(d.hours for d in done if start <= d.day < end) for end, start in pairwise(ends)]
    if len(weeks) < 2 or not any(weeks):
        return MAX_SPREAD
    share = Decimal(stdev(weeks) / math.sqrt(len(weeks)) / fmean(weeks)).quantize(TENTH / 10)
    return min(max(share, FORECAST_SPREAD), MAX_SPREAD)


@dataclass(frozen=True)
class Forecast:
    """A person's forecast on a roadmap, with all of its inputs.

    `by_own_pace` is None with too little data, `by_planned_pace` without a planned pace; both are
    None if no required hours are left. `needed` is the pace for the target date, None without one
    or if no day is left until then. `absences` are the days off after today.
    """

    today: dt.date
    target_on: dt.date | None
    remaining: Remaining
    own_pace: OwnPace
    by_own_pace: Estimate | None
    by_planned_pace: Estimate | None
    needed: Decimal | None
    soonest: dt.date
    absences: list[Span]

    @property
    def is_target_too_soon(self) -> bool:
        """Return whether no pace is enough, because the months of the chain end too late."""
        return self.target_on is not None and self.soonest > self.target_on


def make_forecast(
    content: Content,
    open_keys: Collection[str],
    done: Iterable[Completion],
    *,
    started_on: dt.date,
    target_on: dt.date | None,
    planned: Decimal | None,
    absences: Sequence[Span],
    today: dt.date,
) -> Forecast:
    """Return a person's forecast; `planned` is their planned number of hours per week."""
    left = remaining(content, open_keys)
    hours, months = left.required_hours, left.chain.months
    own = own_pace(done, started_on, today, absences)

    def estimate_at(pace: Decimal | None, spread: Decimal) -> Estimate | None:
        return estimate(
            hours, pace, today, months, target_on=target_on, spread=spread, absences=absences
        )

    return Forecast(
        today=today,
        target_on=target_on,
        remaining=left,
        own_pace=own,
        by_own_pace=estimate_at(own.hours_per_week, own.spread),
        by_planned_pace=estimate_at(planned, FORECAST_SPREAD),
        needed=needed_pace(hours, today, target_on, absences) if target_on else None,
        soonest=months_later(today, months),
        absences=[each for each in merge_spans(absences) if each.last > today],
    )


EARLIEST_DAY_OFF = dt.date(2000, 1, 1)
MAX_YEARS_AHEAD = 10
MAX_DAYS_OFF = 5 * 366


def span_error(days: Span, today: dt.date) -> str | None:
    """Return the error in days off: `order`, `past`, `too_far`, `too_long` or None."""
    if days.last < days.first:
        return "order"
    if days.first < EARLIEST_DAY_OFF:
        return "past"
    if days.first.year > today.year + MAX_YEARS_AHEAD:
        return "too_far"
    return "too_long" if (days.last - days.first).days >= MAX_DAYS_OFF else None
