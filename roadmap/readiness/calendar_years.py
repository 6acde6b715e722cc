"""Count years by the calendar."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction


def count_years(spans: Iterable[tuple[date, date | None]], today: date) -> Fraction:
    """Return the years covered by the spans up to and including `today`, each day counted once.

    A span is a first and a last day, or None if it continues. Overlapping and adjacent spans are
    merged. A merged span counts its full years from anniversary to anniversary, plus the remaining
    days as a fraction of the year (365 or 366 days) to the next anniversary. The anniversary of
    29 February is 1 March in other years.
    """
    stretches: list[tuple[date, date]] = []  # the first day and the day after the last
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
