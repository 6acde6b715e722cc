"""A week and its trend as values to print."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from roadmap.core.i18n import gettext as _
from roadmap.core.svg import render_shares
from roadmap.time_budget.rules import WeekFigures

if TYPE_CHECKING:
    from roadmap.time_budget.content import Category, TimeContent, UsualShare


def duration(minutes: int) -> str:
    """Write minutes as hours and minutes: 1 h 30 min."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("%(minutes)d min", minutes=rest)
    if not rest:
        return _("%(hours)d h", hours=hours)
    return _("%(hours)d h %(minutes)d min", hours=hours, minutes=rest)


@dataclass(frozen=True)
class CategoryRow:
    """The minutes of a category in a week, with their share in percent and its bar."""

    category: Category
    minutes: int
    share: int
    bar: Markup


@dataclass(frozen=True)
class TrendRow:
    figures: WeekFigures
    is_short: bool
    bar: Markup


def category_rows(content: TimeContent, figures: WeekFigures) -> list[CategoryRow]:
    """Return the categories that have hours, deep work in any case."""
    return [
        CategoryRow(
            each,
            minutes,
            figures.share(minutes),
            render_shares([(f"share-{each.counts_as}", minutes / figures.whole)]),
        )
        for each in content.categories
        if each.counts_as != "nothing"
        and ((minutes := figures.minutes.get(each.key, 0)) or each.counts_as == "deep_work")
    ]


def trend_rows(weeks: Sequence[WeekFigures], today: dt.date) -> list[TrendRow]:
    """Return the weeks, the newest first, with bars that are as long as their hours."""
    longest = max(each.whole for each in weeks)
    return [
        TrendRow(each, each.is_short_of_deep_work(today), _bar(each, longest))
        for each in reversed(weeks)
    ]


def week_bar(figures: WeekFigures) -> Markup:
    """Draw what is recorded of a week, with one's limit of deep work; its label says it too."""
    label = _(
        "Deep work %(deep)s, meetings, reviews and mentoring %(meetings)s, other work %(rest)s, "
        "of %(whole)s",
        deep=duration(figures.deep_work),
        meetings=duration(figures.meetings),
        rest=duration(figures.rest),
        whole=duration(figures.whole),
    )
    return _bar(figures, figures.whole, label)


def _bar(figures: WeekFigures, whole: int, label: str = "") -> Markup:
    parts: Mapping[str, int] = {
        "share-deep_work": figures.deep_work,
        "share-meetings": figures.meetings,
        "share-rest": figures.rest,
    }
    return render_shares(
        [(name, minutes / whole) for name, minutes in parts.items()],
        label,
        mark=figures.limits.deep_work / whole,
    )


def compare(share: UsualShare, figures: WeekFigures, *, is_over: bool) -> str:
    """Say how the share of meetings of a week compares with the usual one."""
    percent = figures.share(figures.meetings)
    if percent > share.high:
        return _("More than the guide's share.")
    if not is_over:
        return _("The week is not over yet.")
    if not figures.is_mostly_recorded:
        return _("Too little of the week is recorded to compare.")
    if percent < share.low:
        return _("Less than the guide's share.")
    return _("Within the guide's share.")
