"""Load the tool list and the user's tool records."""

from __future__ import annotations

import uuid
from collections import defaultdict
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.queries import load_revision
from roadmap.core.text import fold
from roadmap.evidence.models import Evidence, EvidenceVersion
from roadmap.people.models import User
from roadmap.progress.queries import Link, enrollments
from roadmap.tools.models import ToolRecord
from roadmap.tools.rules import mentions_any

if TYPE_CHECKING:
    from roadmap.tools.content import Tool, ToolContent

# Number of pieces of evidence listed on a tool's page.
MAX_MENTIONS = 20


@cache
def tool_content() -> ToolContent:
    """Return the parsed tool list, which is cached per process."""
    # Imported here, so that Pydantic does not slow down the start of the application.
    from roadmap.catalog.files import read_as
    from roadmap.tools.content import ToolContent

    return read_as(Path(__file__).parent / "content.yaml", ToolContent)


def records(session: Session, user_id: uuid.UUID) -> dict[str, ToolRecord]:
    """Load the user's tool records by tool key."""
    found = session.scalars(sa.select(ToolRecord).filter_by(user_id=user_id))
    return {each.tool: each for each in found}


def shares_tools(session: Session, user_id: uuid.UUID) -> bool:
    """Load whether the user shares their tool records."""
    return bool(session.scalar(sa.select(User.shares_tools).where(User.id == user_id)))


def milestones_by_tool(session: Session, user_id: uuid.UUID) -> dict[str, list[Link]]:
    """Load the milestones of the user's roadmaps that use a tool, by tool key."""
    milestones: dict[str, dict[str, Link]] = defaultdict(dict)
    for enrolled in enrollments(session, user_id):
        content = load_revision(session, enrolled.revision_id).content
        for tool in tool_content().tools:
            for key in tool.milestones:
                if (milestone := content.by_key.get(key)) is not None:
                    href = f"/roadmaps/{content.slug}/milestones/{key}"
                    # List a milestone of two roadmaps once, with its link in the primary one.
                    milestones[tool.key].setdefault(key, Link(milestone.title, href))
    return {tool: list(found.values()) for tool, found in milestones.items()}


def evidence_mentioning(
    session: Session, user_id: uuid.UUID, tool: Tool
) -> list[tuple[uuid.UUID, str]]:
    """Load the user's pieces whose title, text or role mentions a tool, newest first.

    Returns up to `MAX_MENTIONS` + 1 pieces, to show that there are more.
    """
    names = (tool.title, *tool.also)
    version = EvidenceVersion
    mentions = [
        column.contains(fold(name), autoescape=True)
        for name in names
        for column in (Evidence.search_text, version.search_text)
    ]
    rows = session.execute(
        sa.select(Evidence.id, Evidence.title, version.description, version.role)
        .join(version, version.id == Evidence.current_id)
        .where(Evidence.user_id == user_id, sa.or_(*mentions))
        .order_by(version.occurred_on.desc(), Evidence.id)
    )
    naming = ((key, title) for key, title, *texts in rows if mentions_any(names, title, *texts))
    return list(islice(naming, MAX_MENTIONS + 1))
