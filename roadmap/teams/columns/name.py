"""The person, with their teams where the matrix has several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from roadmap.core.i18n import gettext as _
from roadmap.teams.matrix import Column, Matrix, PersonLinks, Row, name_key

if TYPE_CHECKING:
    from roadmap.catalog.content import Content


class NameCell(NamedTuple):
    url: str
    name: str
    teams: str


class NameColumn(Column):
    kind = macro = css_class = "name"
    first_order = "asc"
    api_fields = {"name": str, "teams": list[str]}

    @classmethod
    def for_content(cls, content: Content | None) -> tuple[Self, ...]:
        return (cls("name", _("Name")),)

    def cell(self, row: Row, matrix: Matrix, links: PersonLinks) -> NameCell:
        teams = ", ".join(team.name for team in row.teams) if len(matrix.teams) > 1 else ""
        return NameCell(links.overview(), row.name, teams)

    def sort_key(self, row: Row) -> tuple[str, str]:
        return name_key(row.name), str(row.id)

    def export_header(self) -> Sequence[str]:
        return self.title, _("Team")

    def export_values(self, row: Row) -> Sequence[Any]:
        return row.name, ", ".join(team.name for team in row.teams)

    @classmethod
    def api_values(cls, columns: Sequence[Self], row: Row) -> dict[str, Any]:
        return {"name": row.name, "teams": [team.slug for team in row.teams]}
