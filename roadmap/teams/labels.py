"""The words of the teams' pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from roadmap.core.language import gettext as _
from roadmap.core.language import ngettext
from roadmap.teams.matrix import CLAIMED_NOT_PROVEN

# Called when they are shown, because only then the reader's language is known.
_VERDICTS: Mapping[str, Callable[[], str]] = {
    "ready": lambda: _("Ready"),
    "nearly": lambda: _("Nearly ready"),
    "under_way": lambda: _("Under way"),
    "setting_out": lambda: _("Setting out"),
    CLAIMED_NOT_PROVEN: lambda: _("Claimed, not proven"),
    "": lambda: _("Not on this roadmap"),
}


def verdict_label(verdict: str) -> str:
    """A verdict of `matrix.VERDICTS` in words; the empty one is that of nobody."""
    return _VERDICTS[verdict]()


def verdicts_line(verdicts: Mapping[str, int]) -> str:
    """How many people read which verdict: "2 ready, 1 under way"."""
    parts = [f"{count} {verdict_label(verdict).lower()}" for verdict, count in verdicts.items()]
    return ", ".join(parts)


def people_count(number: int) -> str:
    return ngettext("%(num)d person", "%(num)d people", number)
