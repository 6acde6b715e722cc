"""Format progress over time as text and charts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from babel import Locale
from markupsafe import Markup

from roadmap.core.charts import Line, render_lines, render_year
from roadmap.core.dates import PartialDate
from roadmap.core.i18n import (
    _,
    _l,
    current_locale,
    date_filter,
    ngettext,
    number_filter,
    points_filter,
)
from roadmap.momentum.rules import Series

PERIOD_NAMES = {"90-days": _l("90 days"), "year": _l("One year"), "all": _l("All")}
# The maximum number of months labelled on the time axis, and the possible steps between them.
MAX_MONTH_LABELS = 4
MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240)


def burn_up(points: Series, target_on: dt.date | None) -> Markup:
    """Draw the hours of each tone below the applicable hours; needs at least two points."""
    days = [day for day, _figures in points]
    (first, before), (last, after) = points[0], points[-1]
    lines = [
        Line("total", _hours(_("Applicable"), after.hours), [each.hours for _d, each in points]),
        *(
            Line(
                f"tone-{tone}",
                _hours(name, getattr(after, f"{tone}_hours")),
                [getattr(each, f"{tone}_hours") for _d, each in points],
                is_area=True,
            )
            for tone, name in (
                ("claimed", _("Claimed")),
                ("evidenced", _("Evidenced")),
                ("verified", _("Verified")),
            )
        ),
    ]
    drawn_target = _drawn_target(points, target_on)
    top = max(figures.hours for _day, figures in points)
    return render_lines(
        days,
        lines,
        title=_("Effort over time, in hours"),
        description=_(
            "From %(first)s to %(last)s: claimed from %(claimed_before)s to %(claimed)s hours, "
            "evidenced from %(evidenced_before)s to %(evidenced)s, verified from "
            "%(verified_before)s to %(verified)s, of %(hours)s that apply.",
            first=date_filter(first),
            last=date_filter(last),
            hours=number_filter(after.hours),
            claimed=format_value(after.claimed_hours),
            claimed_before=format_value(before.claimed_hours),
            evidenced=format_value(after.evidenced_hours),
            evidenced_before=format_value(before.evidenced_hours),
            verified=format_value(after.verified_hours),
            verified_before=format_value(before.verified_hours),
        ),
        values=[(value, number_filter(value)) for value in _round_ticks(top)],
        dates=_date_ticks(first, drawn_target or last),
        marks=[(last, _("Today")), (drawn_target, _("Target"))] if drawn_target else [],
    )


def _drawn_target(points: Series, target_on: dt.date | None) -> dt.date | None:
    """Return the target date if it is near enough to leave room for the past in the chart."""
    first, last = points[0][0], points[-1][0]
    is_near = target_on is not None and last < target_on <= last + (last - first)
    return target_on if is_near else None


def target_sentence(points: Series, target_on: dt.date | None) -> str:
    """Return the target date, and why the chart may not show it; "" without one."""
    if target_on is None or not points:
        return ""
    day = date_filter(target_on)
    if _drawn_target(points, target_on):
        return _("Your target date is %(day)s.", day=day)
    if target_on <= points[-1][0]:
        return _("Your target date was %(day)s.", day=day)
    return _("Your target date is %(day)s, too far ahead for this chart.", day=day)


def step_sentence(points: Series) -> str:
    """Return the number of days between the points of a chart, as a sentence."""
    step = (points[-1][0] - points[-2][0]).days if len(points) > 1 else 1
    return ngettext("A point for each day.", "A point every %(num)d days.", step)


def score_line(points: Series) -> Markup:
    """Draw the readiness score; needs at least two points."""
    (first, before), (last, after) = points[0], points[-1]
    scores = [None if each.score is None else float(each.score) for _day, each in points]
    return render_lines(
        [day for day, _figures in points],
        [Line("score", points_filter(after.score), scores)],
        title=_("Readiness score over time"),
        description=_(
            "From %(before)s of 100 points on %(first)s to %(after)s on %(last)s.",
            before=format_value(before.score),
            first=date_filter(first),
            after=format_value(after.score),
            last=date_filter(last),
        ),
        values=[(value, number_filter(value)) for value in (0, 25, 50, 75, 100)],
        dates=_date_ticks(first, last),
    )


def format_value(value: float | Decimal | None) -> str:
    """Format hours or points, or a dash if they are unknown."""
    if value is None:
        return "–"
    return points_filter(value) if isinstance(value, Decimal) else number_filter(value)


def draw_year(year: int, counts: Mapping[dt.date, int], today: dt.date) -> Markup:
    """Draw the days of a year with their number of changes."""
    locale = Locale.parse(current_locale())
    first = locale.first_week_day
    weekdays = locale.days["stand-alone"]["short"]
    months = locale.months["stand-alone"]["abbreviated"]
    return render_year(
        year,
        counts,
        today=today,
        title=_("Activity in %(year)s", year=str(year)),
        description=activity_line(counts),
        weekdays=[weekdays[(first + place) % 7] for place in range(7)],
        months=[months[number] for number in range(1, 13)],
        first_weekday=first,
        day_titles={
            day: ngettext(
                "%(day)s: 1 change", "%(day)s: %(num)s changes", count, day=date_filter(day)
            )
            for day, count in counts.items()
        },
    )


def activity_line(counts: Mapping[dt.date, int]) -> str:
    """Return the number of changes and days of a year, as a sentence."""
    if not counts:
        return _("No changes.")
    return _(
        "%(changes)s on %(days)s.",
        changes=ngettext("1 change", "%(num)s changes", sum(counts.values())),
        days=ngettext("1 day", "%(num)s days", len(counts)),
    )


def first_known_day(series: Series) -> dt.date | None:
    """Return the first day after all unknown figures, or None if none are unknown."""
    days = [day for day, figures in series]
    missing = [place for place, (_day, figures) in enumerate(series) if figures.score is None]
    if not missing:
        return None
    return days[missing[-1] + 1] if missing[-1] + 1 < len(days) else None


def _hours(name: str, hours: int | None) -> str:
    return _("%(name)s %(hours)s h", name=name, hours=format_value(hours))


def _round_ticks(top: int) -> list[int]:
    """Return about four round numbers from 0 to the first that is at least `top`."""
    step = next(
        base * 10**power
        for power in range(9)
        for base in (1, 2, 5)
        if base * 10**power * 4 >= max(top, 4)
    )
    return [step * place for place in range(-(-max(top, 1) // step) + 1)]


def _date_ticks(first: dt.date, last: dt.date) -> list[tuple[dt.date, str]]:
    """Return the first days of evenly spaced months, or both ends of a short span."""
    months = [divmod(month, 12) for month in range(_month(first) + 1, _month(last) + 1)]
    if len(months) < 2:
        return [(day, date_filter(day)) for day in (first, last)]
    for step in MONTH_STEPS:
        chosen = [
            dt.date(year, place + 1, 1) for year, place in months if (year * 12 + place) % step == 0
        ]
        if len(chosen) <= MAX_MONTH_LABELS:
            break
    return [(day, date_filter(PartialDate(f"{day:%Y-%m}"))) for day in chosen]


def _month(day: dt.date) -> int:
    """Return the number of months since the year 0."""
    return day.year * 12 + day.month - 1
