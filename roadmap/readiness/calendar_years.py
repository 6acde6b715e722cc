"""Years as people count them, by the calendar."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction


def years_of(spans: Iterable[tuple[date, date | None]], today: date) -> Fraction:
    """Return the years that the spans cover, each day once, up to and including `today`.

    A span has its first and its last day; without a last day it continues. The covered days form
    stretches without a gap. A stretch counts its whole calendar years, from its first day to each
    anniversary, and then the days since the last anniversary as a share of the days (365 or 366) to
    the next one. What began on 29 February has the anniversary on 1 March in other years.
    """
    stretches: list[tuple[date, date]] = []  # the first day, and the day after the last
    for first, last in sorted((first, min(last or today, today)) for first, last in spans):
        if last < first:
            continue
        after = last + timedelta(days=1)
        if stretches and first <= stretches[-1][1]:
            start, end = stretches.pop()
            stretches.append((start, max(end, after)))
        else:
            stretches.append((first, after))
    return sum((_years_between(start, end) for start, end in stretches), Fraction(0))


def _years_between(start: date, end: date) -> Fraction:
    whole = end.year - start.year
    if _anniversary(start, whole) > end:
        whole -= 1
    last, following = _anniversary(start, whole), _anniversary(start, whole + 1)
    return whole + Fraction((end - last).days, (following - last).days)


def _anniversary(start: date, years: int) -> date:
    if start.month == 2 and start.day == 29 and monthrange(start.year + years, 2)[1] == 28:
        return date(start.year + years, 3, 1)
    return start.replace(year=start.year + years)
