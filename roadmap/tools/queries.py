"""Load the content of this room, and what a person says of tools."""

from __future__ import annotations

import uuid
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.tools.models import ToolRecord

if TYPE_CHECKING:
    from roadmap.tools.content import ToolContent


@cache
def tool_content() -> ToolContent:
    """Return the content of this room, read once a process."""
    # Pydantic comes with the first content that is read: the start does not wait for it.
    from roadmap.catalog.files import read_as
    from roadmap.tools.content import ToolContent

    return read_as(Path(__file__).parent / "content.yaml", ToolContent)


def records(session: Session, user_id: uuid.UUID) -> dict[str, ToolRecord]:
    """Load what a person says of tools, by key."""
    found = session.scalars(sa.select(ToolRecord).filter_by(user_id=user_id))
    return {each.tool: each for each in found}


def record(session: Session, user_id: uuid.UUID, tool: str) -> ToolRecord | None:
    """Load what a person says of one tool."""
    return session.scalars(sa.select(ToolRecord).filter_by(user_id=user_id, tool=tool)).first()
