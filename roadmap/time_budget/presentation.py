"""A week and its trend as values to print."""

from __future__ import annotations

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


def categories_shown(content: TimeContent, figures: WeekFigures) -> list[Category]:
    """Return the categories that have hours, deep work in any case."""
    return [
        each
        for each in content.categories
        if each.counts_as != "nothing"
        and (figures.minutes.get(each.key) or each.counts_as == "deep_work")
    ]


def category_bar(category: Category, figures: WeekFigures) -> Markup:
    """Draw the share of a category in its week."""
    minutes = figures.minutes.get(category.key, 0)
    return render_shares([(f"share-{category.counts_as}", minutes / figures.whole)])


def week_bar(figures: WeekFigures, longest: int = 0) -> Markup:
    """Draw what is recorded of a week, with one's limit of deep work.

    Beside other weeks it is as long as its hours of the `longest`; alone, its label says it too.
    """
    whole = longest or figures.whole
    label = _(
        "Deep work %(deep)s, meetings, reviews and mentoring %(meetings)s, other work %(rest)s, "
        "of %(whole)s",
        deep=duration(figures.deep_work),
        meetings=duration(figures.meetings),
        rest=duration(figures.rest),
        whole=duration(figures.whole),
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
