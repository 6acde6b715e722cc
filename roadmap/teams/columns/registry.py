"""The registry of matrix columns: page, sorting, exports and API take the list from here.

To add a column, write a module with a subclass of `Column` and name it in `COLUMN_KINDS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from roadmap.teams.columns.last_activity import LastActivityColumn
from roadmap.teams.columns.name import NameColumn
from roadmap.teams.columns.readiness import ReadinessColumn
from roadmap.teams.columns.skill import SkillColumn
from roadmap.teams.columns.stage import StageColumn
from roadmap.teams.matrix import Column, ColumnGroup

if TYPE_CHECKING:
    from roadmap.catalog.content import Content

COLUMN_KINDS: tuple[type[Column], ...] = (
    NameColumn,
    ReadinessColumn,
    StageColumn,
    SkillColumn,
    LastActivityColumn,
)
"""Every kind of column, from left to right."""


def column_groups(content: Content | None) -> tuple[ColumnGroup, ...]:
    """Return the columns of a roadmap, grouped by kind."""
    return tuple(ColumnGroup(kind, kind.for_content(content)) for kind in COLUMN_KINDS)
