"""Forecast when the effort left is done: the pace, the dates, and what they rest on. Pure.

All of it is in whole days of the person's own calendar, so that neither a time zone nor the two
days of the year on which clocks change make a difference.
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

# No plan of many weeks is met to the hour: a forecast is a range of at least a fifth either way.
FORECAST_SPREAD = Decimal("0.2")
# Beyond a half, the range says nothing that helps anybody.
WIDEST_SPREAD = Decimal("0.5")
MAX_WEEKS = 40 * 52
# The own pace is that of so many days, and unknown from less than the other three.
PACE_DAYS = 90
LEAST_MILESTONES = 3
LEAST_DAYS_WITH_MILESTONES = 3
LEAST_DAYS = 28
TENTH = Decimal("0.1")


class Span(NamedTuple):
    """Days from the first to the last, both included."""

    first: dt.date
    last: dt.date

    def __contains__(self, day: object) -> bool:
        return isinstance(day, dt.date) and self.first <= day <= self.last


class Done(NamedTuple):
    """A required milestone that counts for the own pace: the day it was done, and its hours."""

    day: dt.date
    hours: int


class Chain(NamedTuple):
    """Milestones that come after each other, and the months that they take together at least.

    `keys` are those of them that take months.
    """

    months: int
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Remaining:
    """What is left of a roadmap: the hours of its open milestones, and the longest chain of them.

    Required are the required milestones of required stages; the chain is that of these. `stages`
    has the longest chain of each stage in which one takes months.
    """

    hours: int
    required_hours: int
    chain: Chain
    stages: Mapping[str, Chain]


def remaining(content: Content, open_keys: Collection[str]) -> Remaining:
    """Return what is left of a roadmap of which the milestones `open_keys` are not settled."""
    chains: dict[str, Chain] = {}
    stages: dict[str, Chain] = {}
    hours = required_hours = 0
    for stage in content.stages:
        left = [m for m in stage.milestones if m.key in open_keys]
        for m in left:
            # What comes before a milestone stands before it, so its chain is there.
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

    Milestones beside each other extend over the same months.
    """
    found = [chains[key] for key in keys if key in chains]
    return max(found, key=lambda chain: chain.months, default=Chain(0, ()))


@dataclass(frozen=True)
class Estimate:
    """When a pace leads to the end. `span` is None beyond forty years.

    `likely_on` is the day within it to which this pace leads, and `weeks_late` what that is for the
    target date, None without one.
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
    """Return when `hours_left` are done at this pace; None without a pace or with nothing left.

    `spread` is the share by which the time taken may be shorter or longer. Days of absence are
    skipped. No date is before the longest chain of months has passed.
    """
    if not hours_per_week or hours_left <= 0:
        return None
    weeks = Decimal(hours_left) / hours_per_week
    work = (
        7 * math.ceil(weeks * (1 - spread)),
        math.ceil(Decimal(hours_left) * 7 / hours_per_week),
        7 * math.ceil(weeks * (1 + spread)),
    )
    away = merge(absences)
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
    """Return the hours a week that finish on the target date, rounded up to a tenth.

    None where no day is left until then.
    """
    days = (target_on - today).days
    for each in merge(absences):
        days -= max(0, (min(each.last, target_on) - max(each.first, _next(today))).days + 1)
    if days <= 0:
        return None
    return (Decimal(hours_left) * 7 / days).quantize(TENTH, ROUND_CEILING)


def merge(absences: Iterable[Span]) -> list[Span]:
    """Return absences in order, with those that overlap or meet as one."""
    merged: list[Span] = []
    for each in sorted(absences):
        if merged and each.first <= _next(merged[-1].last):
            merged[-1] = Span(merged[-1].first, max(merged[-1].last, each.last))
        else:
            merged.append(each)
    return merged


def _days_to_finish(today: dt.date, days: int, merged: Iterable[Span]) -> int:
    """Return how many days from today so many days of work take, with the absences between."""
    for each in merged:
        first = max((each.first - today).days, 1)
        last = (each.last - today).days
        if first <= days and first <= last:
            days += last - first + 1
    return days


def _next(day: dt.date) -> dt.date:
    return day + dt.timedelta(days=1)


@dataclass(frozen=True)
class OwnPace:
    """What a person did of a roadmap in the last 90 days, or since they began.

    `hours` are those of `milestones` required ones, done on `days_with_milestones` days; `days` are
    those from `first` to today without absences. `spread` is the share by which the time that the
    rest takes may differ.
    """

    first: dt.date
    hours: int
    milestones: int
    days_with_milestones: int
    days: int
    spread: Decimal

    @property
    def is_known(self) -> bool:
        """Return whether this is enough to forecast from."""
        return (
            self.milestones >= LEAST_MILESTONES
            and self.days_with_milestones >= LEAST_DAYS_WITH_MILESTONES
            and self.days >= LEAST_DAYS
        )

    @property
    def hours_per_week(self) -> Decimal | None:
        """Return the pace; None where too little is known of it."""
        return Decimal(self.hours * 7) / self.days if self.is_known else None


def own_pace(
    done: Iterable[Done], started_on: dt.date, today: dt.date, absences: Iterable[Span] = ()
) -> OwnPace:
    """Return the own pace of a person who began a roadmap on a day.

    The first day does not count, nor do the milestones of it: on that day people tick what they
    did before they knew Cairn. Days of absence do not count; what was done on them does.
    """
    first = max(today - dt.timedelta(days=PACE_DAYS - 1), _next(started_on))
    counted = [each for each in done if first <= each.day <= today]
    away = merge(absences)
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


def _spread(done: Sequence[Done], days: Sequence[dt.date]) -> Decimal:
    """Return how far the pace may be off: the standard error of the mean of the hours of a week.

    `days` are those that count, the newest first; seven of them are a week. The standard error is
    the standard deviation of the weeks divided by the square root of their number, here as a share
    of their mean. It is at least `FORECAST_SPREAD` and at most `WIDEST_SPREAD`.
    """
    ends = [dt.date.max, *days[6::7]]
    weeks = [sum(d.hours for d in done if start <= d.day < end) for end, start in pairwise(ends)]
    if len(weeks) < 2 or not any(weeks):
        return WIDEST_SPREAD
    share = Decimal(stdev(weeks) / math.sqrt(len(weeks)) / fmean(weeks)).quantize(TENTH / 10)
    return min(max(share, FORECAST_SPREAD), WIDEST_SPREAD)


@dataclass(frozen=True)
class Forecast:
    """A person's forecast on a roadmap, with everything that it rests on.

    `by_own_pace` is None where too little is known, `by_planned_pace` where no pace is planned;
    both are None with no required hours left. `needed` is the pace for the target date, None
    without one and where no day is left until then. `absences` are the days off from today on.
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
        """Return whether no pace reaches the target date: the months alone go on after it."""
        return self.target_on is not None and self.soonest > self.target_on


def make_forecast(
    content: Content,
    open_keys: Collection[str],
    done: Iterable[Done],
    *,
    started_on: dt.date,
    target_on: dt.date | None,
    planned: Decimal | None,
    absences: Sequence[Span],
    today: dt.date,
) -> Forecast:
    """Return the forecast of a person who has `planned` so many hours a week, if any."""
    left = remaining(content, open_keys)
    hours, months = left.required_hours, left.chain.months
    own = own_pace(done, started_on, today, absences)

    def at(pace: Decimal | None, spread: Decimal) -> Estimate | None:
        return estimate(
            hours, pace, today, months, target_on=target_on, spread=spread, absences=absences
        )

    return Forecast(
        today=today,
        target_on=target_on,
        remaining=left,
        own_pace=own,
        by_own_pace=at(own.hours_per_week, own.spread),
        by_planned_pace=at(planned, FORECAST_SPREAD),
        needed=needed_pace(hours, today, target_on, absences) if target_on else None,
        soonest=months_later(today, months),
        absences=[each for each in merge(absences) if each.last > today],
    )


EARLIEST_DAY_OFF = dt.date(2000, 1, 1)
MAX_YEARS_AHEAD = 10
MAX_DAYS_OFF = 5 * 366


def span_error(days: Span, today: dt.date) -> str | None:
    """Return what is wrong with days off, or None: `order`, `past`, `too_far`, `too_long`."""
    if days.last < days.first:
        return "order"
    if days.first < EARLIEST_DAY_OFF:
        return "past"
    if days.first.year > today.year + MAX_YEARS_AHEAD:
        return "too_far"
    return "too_long" if (days.last - days.first).days >= MAX_DAYS_OFF else None
