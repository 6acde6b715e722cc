"""Format a forecast as text."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from roadmap.core.i18n import _, date_filter, ngettext, number_filter
from roadmap.forecast.rules import (
    MIN_DAYS,
    MIN_DAYS_WITH_MILESTONES,
    MIN_MILESTONES,
    TENTH,
    Estimate,
    Forecast,
    OwnPace,
    Remaining,
    estimate,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from roadmap.forecast.rules import Span
    from roadmap.progress.queries import EnrolledRoadmap


def hours_left_sentence(left: Remaining) -> str:
    """Return a sentence with the remaining required hours."""
    return ngettext(
        "%(hours)s required hour left.",
        "%(hours)s required hours left.",
        left.required_hours,
        hours=number_filter(left.required_hours),
    )


def planned_forecast(
    left: Remaining, enrolled: EnrolledRoadmap, today: dt.date, absences: Sequence[Span]
) -> str:
    """Return the remaining required hours and the finish date at the planned pace, in a line."""
    if left.hours <= 0:
        return _("No hours left: what remains is proof.")
    effort, months = hours_left_sentence(left), left.chain.months
    found = estimate(
        left.required_hours,
        enrolled.hours_per_week,
        today,
        months,
        target_on=enrolled.target_on,
        absences=absences,
    )
    if found is None or found.span is None:
        return effort
    first, last = found.span
    if first == last:  # limited by the months of the chain, not by the pace
        text = ngettext(
            "%(effort)s You finish on %(first)s at the earliest, whatever the pace: milestones "
            "that follow one another take %(num)d month.",
            "%(effort)s You finish on %(first)s at the earliest, whatever the pace: milestones "
            "that follow one another take %(num)d months.",
            months,
            effort=effort,
            first=date_filter(first),
        )
    else:
        text = _(
            "%(effort)s At %(pace)s h a week you finish between %(first)s and %(last)s, "
            "most likely about %(likely)s.",
            effort=effort,
            pace=format_pace(found.hours_per_week),
            first=date_filter(first),
            last=date_filter(last),
            likely=date_filter(found.likely_on),
        )
    if found.weeks_late is None:
        return text
    target = date_filter(enrolled.target_on)
    if found.weeks_late == 0:
        return f"{text} {_('On track for %(date)s.', date=target)}"
    late = ngettext(
        "At this pace, %(num)d week late for %(date)s.",
        "At this pace, %(num)d weeks late for %(date)s.",
        found.weeks_late,
        date=target,
    )
    return f"{text} {late}"


def format_pace(hours_per_week: Decimal | None) -> str:
    """Format hours per week with at most one decimal."""
    pace = (hours_per_week or Decimal(0)).quantize(TENTH, ROUND_HALF_UP)
    return number_filter(pace, "#,##0.#")


def own_pace_sentence(own: OwnPace, today: dt.date) -> str:
    """Return the recent pace, such as "In the last 90 days you finished 84 h, 6.5 h a week."""
    days = ngettext(
        "In the last %(num)d day", "In the last %(num)d days", (today - own.first).days + 1
    )
    if own.hours_per_week is None:
        return _("%(days)s you finished %(hours)s required hours.", days=days, hours=own.hours)
    return _(
        "%(days)s you finished %(hours)s required hours: %(pace)s h a week.",
        days=days,
        hours=number_filter(own.hours),
        pace=format_pace(own.hours_per_week),
    )


def days_off_sentence(own: OwnPace, today: dt.date) -> str:
    """Return how many of these days were off, or "" if none were."""
    off = (today - own.first).days + 1 - own.days
    if off <= 0:
        return ""
    return ngettext(
        "%(num)d of these days was time off and does not count.",
        "%(num)d of these days were time off and do not count.",
        off,
    )


def missing_for_own_pace(own: OwnPace) -> list[str]:
    """Return what is still needed to calculate the person's own pace."""
    sentences = []
    if own.milestones < MIN_MILESTONES:
        sentences.append(
            ngettext(
                "%(num)d more required milestone, done after the day you began",
                "%(num)d more required milestones, done after the day you began",
                MIN_MILESTONES - own.milestones,
            )
        )
    elif own.days_with_milestones < MIN_DAYS_WITH_MILESTONES:
        sentences.append(
            ngettext(
                "a milestone done on %(num)d more day",
                "milestones done on %(num)d more days",
                MIN_DAYS_WITH_MILESTONES - own.days_with_milestones,
            )
        )
    if own.days < MIN_DAYS:
        sentences.append(
            ngettext(
                "%(num)d more day without time off",
                "%(num)d more days without time off",
                MIN_DAYS - own.days,
            )
        )
    return sentences


def estimate_sentence(found: Forecast, estimate: Estimate) -> str:
    """Return when the person finishes at a pace, and how that compares with the target date."""
    if estimate.span is None:
        return _("At that pace it takes more than forty years.")
    first, last = estimate.span
    if first == last:
        text = _(
            "At that pace you finish on %(first)s at the earliest: milestones that follow one "
            "another take until then.",
            first=date_filter(first),
        )
    else:
        text = _(
            "At that pace you finish between %(first)s and %(last)s, most likely about %(likely)s.",
            first=date_filter(first),
            last=date_filter(last),
            likely=date_filter(estimate.likely_on),
        )
    late = estimate.weeks_late
    if late is None:
        return text
    target = date_filter(found.target_on)
    if late == 0:
        return f"{text} {_('On track for %(date)s.', date=target)}"
    delay = ngettext(
        "That is %(num)d week late for %(date)s.",
        "That is %(num)d weeks late for %(date)s.",
        late,
        date=target,
    )
    return f"{text} {delay}"


def target_sentence(found: Forecast) -> str:
    """Return the pace that the target date requires, or "" without a target date."""
    if found.target_on is None or not found.remaining.required_hours:
        return ""
    target = date_filter(found.target_on)
    if found.is_target_too_soon:
        return _(
            "No pace reaches %(date)s: milestones that follow one another take until %(soonest)s.",
            date=target,
            soonest=date_filter(found.soonest),
        )
    if found.needed is None:
        return _("No days are left until %(date)s. Choose a later target date.", date=target)
    return _(
        "For %(date)s you need %(pace)s h a week.", date=target, pace=format_pace(found.needed)
    )
