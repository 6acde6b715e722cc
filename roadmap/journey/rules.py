"""Forecast when the effort left is done at a given pace. Pure."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache

from roadmap.core.months import months_later

# No plan of many weeks is met to the hour: the forecast is a range of a fifth either way.
FORECAST_SPREAD = Decimal("0.2")
MAX_WEEKS = 40 * 52


def longest_chain(open_: Mapping[str, tuple[int, tuple[str, ...]]], wanted: Iterable[str]) -> int:
    """Return how many months it takes at least to finish the `wanted` milestones.

    `open_` has the months of each milestone that is not done, and what it comes after; milestones
    beside each other extend over the same months.
    """

    @cache
    def months_until_done(key: str) -> int:
        if key not in open_:
            return 0
        months, after = open_[key]
        return months + max(map(months_until_done, after), default=0)

    return max(map(months_until_done, wanted), default=0)


def forecast(
    hours_left: int, hours_per_week: Decimal | None, today: dt.date, months_left: int = 0
) -> tuple[dt.date, dt.date] | None:
    """Return the earliest and latest date on which `hours_left` are done at this pace.

    Neither is before the longest chain of months has passed. None without a pace, with nothing
    left, or beyond forty years.
    """
    if not hours_per_week or hours_left <= 0:
        return None
    weeks = Decimal(hours_left) / hours_per_week
    slow = math.ceil(weeks * (1 + FORECAST_SPREAD))
    if slow > MAX_WEEKS:
        return None
    quick = math.ceil(weeks * (1 - FORECAST_SPREAD))
    soonest = months_later(today, months_left)
    return (
        max(today + dt.timedelta(weeks=quick), soonest),
        max(today + dt.timedelta(weeks=slow), soonest),
    )


def weeks_behind(
    hours_left: int,
    hours_per_week: Decimal | None,
    today: dt.date,
    target_on: dt.date | None,
    months_left: int = 0,
) -> int | None:
    """Return the whole weeks by which this pace misses the target date; 0 when on track.

    None where there is no pace or no target.
    """
    if not hours_per_week or target_on is None:
        return None
    needed = max(
        Decimal(max(hours_left, 0)) / hours_per_week,
        Decimal((months_later(today, months_left) - today).days) / 7,
    )
    available = Decimal((target_on - today).days) / 7
    return max(0, math.ceil(needed - available))
