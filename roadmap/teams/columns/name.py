"""The person, with their teams if the matrix has several."""

from __future__ import annotations

from typing import Any

from roadmap.core.i18n import _l
from roadmap.core.text import fold
from roadmap.teams.matrix import Column, Matrix, PersonLinks, Row


class NameColumn(Column):
    kind = macro = css_class = "name"
    label = _l("Name")
    first_order = "asc"
    api_fields = {"name": str}

    def value(self, row: Row) -> str:
        return row.name

    def cell(self, row: Row, matrix: Matrix, links: PersonLinks) -> tuple[Any, ...]:
        teams = ", ".join(team.name for team in row.teams) if len(matrix.teams) > 1 else ""
        return links.overview(), row.name, teams

    def sort_key(self, row: Row) -> tuple[str, str]:
        return fold(row.name), str(row.id)
