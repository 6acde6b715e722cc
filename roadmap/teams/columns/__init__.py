"""The columns of the matrix: page, sorting, exports and API take the list from here.

To add a column, write a module with a subclass of `Column` and name it in `COLUMN_KINDS`.
"""

from __future__ import annotations

from roadmap.teams.columns.last_activity import LastActivityColumn
from roadmap.teams.columns.name import NameColumn
from roadmap.teams.columns.readiness import ReadinessColumn
from roadmap.teams.columns.skill import SkillColumn
from roadmap.teams.columns.stage import StageColumn
from roadmap.teams.columns.team import TeamColumn
from roadmap.teams.matrix import Column

COLUMN_KINDS: tuple[type[Column], ...] = (
    NameColumn,
    TeamColumn,
    ReadinessColumn,
    StageColumn,
    SkillColumn,
    LastActivityColumn,
)
"""Every kind of column, from left to right."""
