"""Labels of the teams' pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from babel.lists import format_list

from roadmap.core.i18n import current_locale, ngettext, page_language
from roadmap.core.i18n import gettext as _
from roadmap.readiness.presentation import verdict_title
from roadmap.teams.matrix import CLAIMED_NOT_PROVEN, NOT_YET_VERIFIED

# With a number, because in some languages the words depend on it; functions, because the reader's
# language is known only when a label is shown.
_VERDICT_COUNTS: Mapping[str, Callable[[int], str]] = {
    "ready": lambda n: ngettext("%(num)d ready", "%(num)d ready", n),
    "nearly": lambda n: ngettext("%(num)d nearly ready", "%(num)d nearly ready", n),
    "under_way": lambda n: ngettext("%(num)d under way", "%(num)d under way", n),
    "setting_out": lambda n: ngettext("%(num)d getting started", "%(num)d getting started", n),
    CLAIMED_NOT_PROVEN: lambda n: ngettext(
        "%(num)d claimed, not proven", "%(num)d claimed, not proven", n
    ),
    NOT_YET_VERIFIED: lambda n: ngettext(
        "%(num)d not yet verified here", "%(num)d not yet verified here", n
    ),
    "": lambda n: ngettext("%(num)d not on this roadmap", "%(num)d not on this roadmap", n),
}


def verdict_label(verdict: str) -> str:
    """Return the label of one of `matrix.VERDICTS`; the empty verdict is "not on this roadmap"."""
    return verdict_title(verdict) if verdict else _("Not on this roadmap")


def verdicts_line(verdicts: Mapping[str, int]) -> str:
    """Return how many people have which verdict: "2 ready, 1 under way"."""
    return format_list(
        [_VERDICT_COUNTS[verdict](count) for verdict, count in verdicts.items()],
        style="unit",
        locale=page_language(current_locale()),
    )
