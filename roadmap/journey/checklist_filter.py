"""The filters of the checklist, which are kept in the URL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from roadmap.core.i18n import _l
from roadmap.journey.roadmap_progress import RoadmapProgress
from roadmap.readiness.tally import TONES

if TYPE_CHECKING:
    from roadmap.catalog.content import Milestone

OPEN = ("not_started", "in_progress")
# An open milestone is due if its target date is within this time.
DUE_WITHIN = dt.timedelta(weeks=4)


SHOWN_TONES = {
    "open": OPEN,
    "in-progress": ("in_progress",),
    "done": TONES,
    "without-evidence": ("claimed",),
    "not-verified": ("claimed", "evidenced"),
}
"""The tones shown by each filter value in the URL."""
SHOWN_LABELS = {
    "": _l("All"),
    "open": _l("Open"),
    "in-progress": _l("In progress"),
    "due": _l("Due"),
    "done": _l("Done"),
    "without-evidence": _l("Without evidence"),
    "not-verified": _l("Not verified"),
}


@dataclass(frozen=True)
class ChecklistFilter:
    """The filter of a checklist; empty for everything. `path` is the path of the page.

    `captured` is a milestone that is always shown, because evidence was just saved for it.
    """

    path: str
    shown: str = ""
    skill: str = ""
    captured: str = ""

    @classmethod
    def from_query(
        cls, path: str, query: Mapping[str, str], skills: Mapping[str, object]
    ) -> ChecklistFilter:
        """Read the filter from the query; unknown values filter nothing."""
        shown, skill = query.get("show", ""), query.get("skill", "")
        return cls(
            path,
            shown if shown in SHOWN_LABELS else "",
            skill if skill in skills else "",
            query.get("captured", ""),
        )

    def __bool__(self) -> bool:
        return bool(self.shown or self.skill)

    @property
    def trail_base(self) -> str:
        """Return the page to which the stones of the trail link: with a filter, the full page."""
        return self.path if self else ""

    def url(self, shown: str | None = None) -> str:
        """Return the URL of the page with this filter, or with another choice of `SHOWN_LABELS`."""
        chosen = {"show": self.shown if shown is None else shown, "skill": self.skill}
        query = urlencode({name: value for name, value in chosen.items() if value})
        return f"{self.path}?{query}" if query else self.path


def matching_keys(
    checklist_filter: ChecklistFilter, progress: RoadmapProgress, milestones: Iterable[Milestone]
) -> dict[str, set[str]]:
    """Return the milestones of the chosen skill by each key of `SHOWN_LABELS` that shows them."""
    tones = {
        each.key: progress.tone(each.key)
        for each in milestones
        if not checklist_filter.skill or checklist_filter.skill in each.skills
    }
    keys = {
        name: {key for key, tone in tones.items() if tone in wanted}
        for name, wanted in SHOWN_TONES.items()
    }
    last = progress.today + DUE_WITHIN
    due = {key for key in keys["open"] if progress.targets.get(key, dt.date.max) <= last}
    return {"": set(tones), "due": due, **keys}
