"""The teams of a person. The page shows them below the name instead."""

from __future__ import annotations

from typing import Any

from roadmap.core.i18n import _l
from roadmap.core.text import fold
from roadmap.teams.matrix import Column, Row


class TeamColumn(Column):
    kind = "team"
    label = _l("Team")
    first_order = "asc"
    is_on_page = False
    api_fields = {"teams": list[str]}

    def value(self, row: Row) -> str:
        return ", ".join(team.name for team in row.teams)

    def sort_key(self, row: Row) -> list[str]:
        return [fold(team.name) for team in row.teams]

    def api_values(self, row: Row) -> tuple[Any, ...]:
        return ([team.slug for team in row.teams],)
