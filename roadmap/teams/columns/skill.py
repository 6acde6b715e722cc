"""A skill: the person's own level and the manager's, compared with the bar."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Self

from annotated_types import Interval
from typing_extensions import TypedDict

from roadmap.core.i18n import _, _l
from roadmap.skills.rules import DIVERGENCE_THRESHOLD
from roadmap.teams.matrix import Column, Matrix, PersonLinks, Row

if TYPE_CHECKING:
    from roadmap.catalog.content import Content

Level = Annotated[int, Interval(ge=0, le=4)]


class Levels(TypedDict):
    """Levels of a skill: the self-assessment and the manager's assessment."""

    self: Level | None
    manager: Level | None


@dataclass(frozen=True)
class SkillColumn(Column):
    bar: int

    kind = macro = "skills"
    heading = _l("Skills")
    api_fields = {"skills": dict[str, Levels]}

    @classmethod
    def for_content(cls, content: Content | None) -> tuple[Self, ...]:
        skills = content.skills if content else ()
        return tuple(cls(skill.key, skill.title, skill.bar) for skill in skills)

    def value(self, row: Row) -> tuple[int | None, int | None]:
        """Return the person's own level and the manager's, None if not assessed."""
        levels = row.skills.get(self.key, {})
        return levels.get("self"), levels.get("other")

    def cell(self, row: Row, matrix: Matrix, links: PersonLinks) -> tuple[Any, ...]:
        """Return link, label, class, both levels ("" if missing), and `up`, `down` or ""."""
        if self.key not in row.skills:
            return ("",) * 6
        own, manager = self.value(row)
        # The label starts with the figures in the order of the page, as in `StageColumn.cell`.
        label = self._labels[own is not None, manager is not None] % {
            "own": own,
            "manager": manager,
            "bar": self.bar,
        }
        # The person's own level counts only until a manager has assessed the skill.
        assessor, level = ("self", own) if manager is None else ("manager", manager)
        css_class, arrow = f"skill {assessor}" if (level or 0) >= self.bar else "skill", ""
        gap = 0 if own is None or manager is None else manager - own
        if abs(gap) >= DIVERGENCE_THRESHOLD:
            css_class, arrow = f"{css_class} apart", "up" if gap > 0 else "down"
            label = f"{label}; {self._divergence_label}"
        return (
            links.skill(self.key),
            f"{row.name}, {self.title}: {label}",
            css_class,
            "" if own is None else own,
            "" if manager is None else manager,
            arrow,
        )

    @cached_property
    def _labels(self) -> dict[tuple[bool, bool], str]:
        """Return the label texts by whether the person and a manager have assessed the skill."""
        return {
            (True, True): _("%(own)s %(manager)s by self and manager, bar %(bar)s"),
            (True, False): _("self %(own)s, manager not yet, bar %(bar)s"),
            (False, True): _("self not yet, manager %(manager)s, bar %(bar)s"),
            (False, False): _("not assessed, bar %(bar)s"),
        }

    @cached_property
    def _divergence_label(self) -> str:
        return _("two levels or more apart")

    def sort_key(self, row: Row) -> tuple[int, int] | None:
        """Sort by the manager's level first; missing levels come below all others."""
        own, manager = self.value(row)
        if own is None and manager is None:
            return None
        return -1 if manager is None else manager, -1 if own is None else own

    def export_header(self) -> tuple[str, ...]:
        return _("%(skill)s: self", skill=self.title), _("%(skill)s: manager", skill=self.title)

    def export_values(self, row: Row) -> tuple[Any, ...]:
        return self.value(row)

    def api_values(self, row: Row) -> tuple[Any, ...]:
        own, manager = self.value(row)
        return ({"self": own, "manager": manager},)
