"""A skill: the person's own level and the manager's, against the senior bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Self

from annotated_types import Interval
from flask_babel import lazy_gettext as _l
from typing_extensions import TypedDict

from roadmap.core.i18n import gettext as _
from roadmap.teams.matrix import Column, Matrix, PersonLinks, Row, SkillCell

if TYPE_CHECKING:
    from roadmap.catalog.content import Content

Level = Annotated[int, Interval(ge=0, le=4)]


class Levels(TypedDict):
    """Levels of a skill: one's own word, and a manager's."""

    self: Level | None
    manager: Level | None


class LevelsCell(NamedTuple):
    """The cell of a skill. A missing level is empty; `arrow` is `up`, `down` or empty."""

    url: str
    label: str
    css_class: str
    own: int | str
    manager: int | str
    arrow: str


NO_LEVELS = LevelsCell("", "", "", "", "", "")


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

    def value(self, row: Row) -> SkillCell | None:
        return row.skills.get(self.key)

    def cell(self, row: Row, matrix: Matrix, links: PersonLinks) -> LevelsCell:
        levels = self.value(row)
        if levels is None:
            return NO_LEVELS
        own, manager, gap = levels.own, levels.manager, levels.gap
        # The label begins with the figures in the order of the page, as that of a stage.
        label = self._labels[own is not None, manager is not None] % {
            "own": own,
            "manager": manager,
            "bar": levels.bar,
        }
        css_class, arrow = f"skill {levels.at_bar}".rstrip(), ""
        if gap is not None and levels.is_apart:
            css_class, arrow = f"{css_class} apart", "down" if gap < 0 else "up"
            label = f"{label}; {self._apart}"
        return LevelsCell(
            links.skill(self.key),
            f"{row.name}, {self.title}: {label}",
            css_class,
            "" if own is None else own,
            "" if manager is None else manager,
            arrow,
        )

    @cached_property
    def _labels(self) -> dict[tuple[bool, bool], str]:
        """Return the texts by whether the person has assessed it, and whether a manager has."""
        return {
            (True, True): _("%(own)s %(manager)s by self and manager, senior bar %(bar)s"),
            (True, False): _("self %(own)s, manager not yet, senior bar %(bar)s"),
            (False, True): _("self not yet, manager %(manager)s, senior bar %(bar)s"),
            (False, False): _("not assessed, senior bar %(bar)s"),
        }

    @cached_property
    def _apart(self) -> str:
        return _("two levels or more apart")

    def sort_key(self, row: Row) -> tuple[int, int] | None:
        """Sort by the manager's level first; a level that nobody gave is below all others."""
        cell = self.value(row)
        if cell is None or (cell.own is None and cell.manager is None):
            return None
        own, manager = (-1 if level is None else level for level in (cell.own, cell.manager))
        return manager, own

    def export_header(self) -> Sequence[str]:
        return _("%(skill)s: self", skill=self.title), _("%(skill)s: manager", skill=self.title)

    def export_values(self, row: Row) -> Sequence[Any]:
        cell = self.value(row)
        return (cell.own, cell.manager) if cell else (None, None)

    @classmethod
    def api_values(cls, columns: Sequence[Self], row: Row) -> dict[str, Any]:
        return {
            "skills": {
                column.key: {"self": cell.own, "manager": cell.manager}
                if (cell := row.skills.get(column.key))
                else {"self": None, "manager": None}
                for column in columns
            }
        }
