"""Labels of the team pages."""

from __future__ import annotations

from collections.abc import Mapping

from babel.lists import format_list

from roadmap.core.gettext_noop import ngettext_noop
from roadmap.core.i18n import _, current_locale, ngettext, page_language
from roadmap.readiness.presentation import verdict_title
from roadmap.teams.matrix import CLAIMED_NOT_PROVEN, NOT_YET_VERIFIED

# With plural forms, because in some languages the words depend on the number.
_VERDICT_COUNTS = {
    "ready": ngettext_noop("%(num)d ready", "%(num)d ready"),
    "nearly": ngettext_noop("%(num)d nearly ready", "%(num)d nearly ready"),
    "under_way": ngettext_noop("%(num)d under way", "%(num)d under way"),
    "setting_out": ngettext_noop("%(num)d getting started", "%(num)d getting started"),
    CLAIMED_NOT_PROVEN: ngettext_noop("%(num)d claimed, not proven", "%(num)d claimed, not proven"),
    NOT_YET_VERIFIED: ngettext_noop(
        "%(num)d not yet verified here", "%(num)d not yet verified here"
    ),
}


def verdict_label(verdict: str) -> str:
    """Return the label of one of `matrix.VERDICTS`, or "Not on this roadmap" for an empty one."""
    return verdict_title(verdict) if verdict else _("Not on this roadmap")


def verdicts_line(verdicts: Mapping[str, int]) -> str:
    """Return the numbers of people by verdict, such as "2 ready, 1 under way"."""
    return format_list(
        [ngettext(*_VERDICT_COUNTS[verdict], count) for verdict, count in verdicts.items()],
        style="unit",
        locale=page_language(current_locale()),
    )
