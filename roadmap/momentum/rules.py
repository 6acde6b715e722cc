"""Figures, periods and sampling for charts of progress over time. Pure."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

# The periods of the charts in days, by their name in the URL; None for everything.
PERIODS: dict[str, int | None] = {"90-days": 90, "year": 365, "all": None}
# The steps between points in days; a chart uses the first that fits within MAX_POINTS.
STEPS = (1, 7, 28, 91, 364)
MAX_POINTS = 140
# The maximum number of days in the table of changes.
MAX_ROWS = 100


class Figures(NamedTuple):
    """A person's own figures on a roadmap, as in a `Snapshot`."""

    hours: int
    claimed_hours: int
    evidenced_hours: int | None
    verified_hours: int | None
    score: Decimal | None

    def displays_equal(self, other: Figures) -> bool:
        """Return whether the figures are displayed the same, with the score to one decimal."""
        return self._shown() == other._shown()

    def _shown(self) -> Figures:
        return self._replace(score=None if self.score is None else round(self.score, 1))


def figures_of_summary(own: Mapping[str, Any]) -> Figures:
    """Return the figures in `own` of a summary row (see `readiness.summary`)."""
    progress = own["progress"]
    hours: int = progress["hours"]
    return Figures(
        hours,
        progress["claimed_hours"],
        # The summary has only shares of these, rounded to four decimals; hours are integers.
        round(progress["evidenced"] * hours),
        round(progress["verified"] * hours),
        Decimal(str(own["score"])),
    )


def first_day(period: str, today: dt.date) -> dt.date:
    """Return the first day of a period, or the earliest possible day for everything."""
    days = PERIODS[period]
    return dt.date.min if days is None else today - dt.timedelta(days=days)


Series = Sequence[tuple[dt.date, Figures]]
"""Days with their figures, in order; a day without an entry has those of the day before."""


def sample(series: Series, first: dt.date, last: dt.date) -> list[tuple[dt.date, Figures]]:
    """Return the points of a chart: `last`, and days before it at equal steps down to `first`.

    Days before the series begins are left out; the first point is its first day or `first`.
    """
    if not series or last < series[0][0]:
        return []
    days = [day for day, _figures in series]
    first = max(first, days[0])
    span = (last - first).days
    step = next((each for each in STEPS if span <= each * MAX_POINTS), STEPS[-1])
    wanted = [last - dt.timedelta(days=back) for back in range(0, span, step)]
    return [(day, series[bisect_right(days, day) - 1][1]) for day in (first, *reversed(wanted))]


def changes(series: Series, first: dt.date) -> list[tuple[dt.date, Figures]]:
    """Return the days on which the figures changed, starting with the ones valid on `first`."""
    changed = [
        point
        for place, point in enumerate(series)
        if not place or not point[1].displays_equal(series[place - 1][1])
    ]
    days = [day for day, _figures in changed]
    return changed[max(0, bisect_right(days, first) - 1) :]
