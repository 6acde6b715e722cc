"""Format a week and its trend for the templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from roadmap.core.i18n import _
from roadmap.core.svg import render_shares
from roadmap.time_budget.rules import WeekFigures

if TYPE_CHECKING:
    from roadmap.time_budget.content import Category


def duration(minutes: int) -> str:
    """Format minutes as hours and minutes: 1 h 30 min."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("%(minutes)d min", minutes=rest)
    if not rest:
        return _("%(hours)d h", hours=hours)
    return _("%(hours)d h %(minutes)d min", hours=hours, minutes=rest)


def category_bar(category: Category, figures: WeekFigures) -> Markup:
    """Draw the share of a category in its week."""
    minutes = figures.minutes.get(category.key, 0)
    return render_shares([(f"share-{category.counts_as}", minutes / figures.base_minutes)])


def week_bar(figures: WeekFigures, longest: int = 0) -> Markup:
    """Draw the recorded hours of a week, with a mark for the deep work limit.

    With `longest`, the bar is scaled to compare weeks and has no label.
    """
    whole = longest or figures.base_minutes
    label = _(
        "Deep work %(deep)s, meetings, reviews and mentoring %(meetings)s, other work %(rest)s, "
        "of %(whole)s",
        deep=duration(figures.deep_work),
        meetings=duration(figures.meetings),
        rest=duration(figures.rest),
        whole=duration(figures.base_minutes),
    )
    return render_shares(
        [
            ("share-deep_work", figures.deep_work / whole),
            ("share-meetings", figures.meetings / whole),
            ("share-rest", figures.rest / whole),
        ],
        "" if longest else label,
        mark=figures.limits.deep_work / whole,
    )
