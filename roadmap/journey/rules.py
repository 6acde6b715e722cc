"""Forecast when the effort left is done at a given pace. Pure."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

# No plan of many weeks is met to the hour: the forecast is a range of a fifth either way.
FORECAST_SPREAD = Decimal("0.2")
MAX_WEEKS = 40 * 52


def forecast(
    hours_left: int, hours_per_week: Decimal | None, today: dt.date
) -> tuple[dt.date, dt.date] | None:
    """Return the earliest and latest date on which `hours_left` are done at this pace.

    None without a pace, with nothing left, or beyond forty years.
    """
    if not hours_per_week or hours_left <= 0:
        return None
    weeks = Decimal(hours_left) / hours_per_week
    slow = math.ceil(weeks * (1 + FORECAST_SPREAD))
    if slow > MAX_WEEKS:
        return None
    quick = math.ceil(weeks * (1 - FORECAST_SPREAD))
    return today + dt.timedelta(weeks=quick), today + dt.timedelta(weeks=slow)


def weeks_behind(
    hours_left: int, hours_per_week: Decimal | None, today: dt.date, target_on: dt.date | None
) -> int | None:
    """Return the whole weeks by which this pace misses the target date; 0 when on track.

    None where there is no pace or no target.
    """
    if not hours_per_week or target_on is None:
        return None
    needed = Decimal(max(hours_left, 0)) / hours_per_week
    available = Decimal((target_on - today).days) / 7
    return max(0, math.ceil(needed - available))
