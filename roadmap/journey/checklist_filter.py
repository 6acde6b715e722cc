"""The filters of the checklist, which stay in its address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from roadmap.core.i18n import gettext as _
from roadmap.journey.roadmap_progress import RoadmapProgress

if TYPE_CHECKING:
    from roadmap.catalog.content import Milestone

OPEN = ("not_started", "in_progress")
# How far ahead a target date is due.
DUE_WITHIN = dt.timedelta(weeks=4)


def _due(progress: RoadmapProgress, tones: Mapping[str, str]) -> set[str]:
    last = progress.today + DUE_WITHIN
    return {key for key, on in progress.targets.items() if on <= last and tones.get(key) in OPEN}


def _with_tones(*wanted: str) -> Callable[[RoadmapProgress, Mapping[str, str]], set[str]]:
    return lambda _progress, tones: {key for key, tone in tones.items() if tone in wanted}


SHOWN: dict[str, Callable[[RoadmapProgress, Mapping[str, str]], set[str]]] = {
    "open": _with_tones(*OPEN),
    "in-progress": _with_tones("in_progress"),
    "due": _due,
    "done": _with_tones("claimed", "evidenced", "verified"),
    "without-evidence": _with_tones("claimed"),
    "not-verified": _with_tones(*OPEN, "claimed", "evidenced"),
}
"""What the checklist may be narrowed to, by the word in the address: those of the given tones."""


def shown_labels() -> dict[str, str]:
    """Return the filters in the reader's language."""
    return {
        "": _("All"),
        "open": _("Open"),
        "in-progress": _("In progress"),
        "due": _("Due in 4 weeks"),
        "done": _("Done"),
        "without-evidence": _("Without evidence"),
        "not-verified": _("Not verified"),
    }


@dataclass(frozen=True)
class ChecklistFilter:
    """What of a checklist is shown; empty for everything. `path` is the page's address.

    `captured` is a milestone that is shown in any case: a piece was saved for it just now.
    """

    path: str
    shown: str = ""
    skill: str = ""
    captured: str = ""

    @classmethod
    def from_query(
        cls, path: str, query: Mapping[str, str], skills: Mapping[str, object]
    ) -> ChecklistFilter:
        """Read the filter from an address; what is unknown there filters nothing."""
        shown, skill = query.get("show", ""), query.get("skill", "")
        return cls(
            path,
            shown if shown in SHOWN else "",
            skill if skill in skills else "",
            query.get("captured", ""),
        )

    def __bool__(self) -> bool:
        return bool(self.shown or self.skill)

    @property
    def trail_base(self) -> str:
        """Return the page to whose rows the stones lead: another one where not all are here."""
        return self.path if self else ""

    def url(self) -> str:
        """Return the address of the page with this filter."""
        chosen = {"show": self.shown, "skill": self.skill}
        query = urlencode({name: value for name, value in chosen.items() if value})
        return f"{self.path}?{query}" if query else self.path


@dataclass(frozen=True)
class FilterLink:
    """A choice of the filter: its address, and how many milestones it would show."""

    name: str
    label: str
    url: str
    count: int
    is_chosen: bool


def matching_keys(
    chosen: ChecklistFilter, progress: RoadmapProgress, milestones: Iterable[Milestone]
) -> dict[str, set[str]]:
    """Return the milestones of the chosen skill that each choice shows, by its name."""
    tones = {
        each.key: progress.tone(each.key)
        for each in milestones
        if not chosen.skill or chosen.skill in each.skills
    }
    return {"": set(tones), **{name: shown(progress, tones) for name, shown in SHOWN.items()}}


def filter_links(chosen: ChecklistFilter, keys: Mapping[str, set[str]]) -> list[FilterLink]:
    """Return the choices, of which the `keys` are those that each shows."""
    return [
        FilterLink(
            name,
            label,
            replace(chosen, shown=name).url(),
            len(keys[name]),
            name == chosen.shown,
        )
        for name, label in shown_labels().items()
    ]
