"""Read which tools the people of a team know or want to learn, if they share that.

Notes are private, and people who do not share their tools are not counted.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.people.models import Membership, User
from roadmap.people.reach import allows, team_tree
from roadmap.people.roles import Capability
from roadmap.tools.models import INTERESTS, LEVELS, ToolRecord
from roadmap.tools.queries import tool_content

if TYPE_CHECKING:
    from roadmap.tools.content import Tool

WANTED_INTERESTS = ("learn", "deepen")
# Records with only a note are private.
_HAS_SHARED_CONTENT = sa.or_(
    ToolRecord.level != "", ToolRecord.interest != "", ToolRecord.last_used.is_not(None)
)


@dataclass(frozen=True, slots=True)
class ToolFigures:
    """The numbers of people who know a tool, and who want to learn it or use it more."""

    tool: Tool
    known_by: int
    wanted_by: int


def _sharing(team_id: uuid.UUID) -> sa.Select[Any]:
    """Select the active people of a team and its nested teams who share their tools."""
    return (
        sa.select(User.id)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.team_id.in_(team_tree(team_id)),
            allows(Capability.BE_IN_MATRIX),
            User.deactivated_at.is_(None),
            User.shares_tools,
        )
    )


def count_sharing(session: Session, team_id: uuid.UUID) -> int:
    """Count the people of a team who share their tools."""
    people = _sharing(team_id).distinct().subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(people)) or 0


def load_figures(session: Session, team_id: uuid.UUID) -> list[ToolFigures]:
    """Load the tools that at least one person shares, in the order of the inventory."""

    def count(condition: Any) -> Any:
        return sa.func.count(sa.case((condition, 1)))

    rows = session.execute(
        sa.select(
            ToolRecord.tool,
            count(ToolRecord.level != ""),
            count(ToolRecord.interest.in_(WANTED_INTERESTS)),
        )
        .where(ToolRecord.user_id.in_(_sharing(team_id)), _HAS_SHARED_CONTENT)
        .group_by(ToolRecord.tool)
    )
    found = {tool: figures for tool, *figures in rows}
    return [
        ToolFigures(tool, *found[tool.key]) for tool in tool_content().tools if tool.key in found
    ]


def list_records(
    session: Session, team_id: uuid.UUID, tool: str, *, limit: int, offset: int = 0
) -> Sequence[Any]:
    """List the shared records of a tool: highest level first, then those who want to learn it.

    Rows have person_id, name, level, interest and last_used.
    """
    level = sa.case({key: place for place, key in enumerate(LEVELS)}, value=ToolRecord.level)
    interest = sa.case(
        {key: place for place, key in enumerate(INTERESTS[1:])},
        value=ToolRecord.interest,
        else_=len(INTERESTS),
    )
    return session.execute(
        sa.select(
            *(User.id.label("person_id"), User.name),
            *(ToolRecord.level, ToolRecord.interest, ToolRecord.last_used),
        )
        .join(User, User.id == ToolRecord.user_id)
        .where(
            ToolRecord.tool == tool,
            _HAS_SHARED_CONTENT,
            User.id.in_(_sharing(team_id)),
        )
        .order_by(level.desc(), interest, User.search_text, User.id)
        .limit(limit)
        .offset(offset or None)
    ).all()
