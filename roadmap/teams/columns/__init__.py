"""The registry of matrix columns for the page, sorting, exports and API.

To add a column, write a module with a subclass of `Column` and add it to `COLUMN_KINDS`.
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
