"""Load the content of this room, and what a person says of tools."""

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
from roadmap.tools.rules import names_one_of

if TYPE_CHECKING:
    from roadmap.tools.content import Tool, ToolContent

# So many pieces of evidence stand on the page of a tool.
MAX_NAMING = 20


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


def shares_tools(session: Session, user_id: uuid.UUID) -> bool:
    """Load whether a person shares what they say of tools."""
    return bool(session.scalar(sa.select(User.shares_tools).where(User.id == user_id)))


def asked_by_roadmaps(session: Session, user_id: uuid.UUID) -> dict[str, list[Link]]:
    """Load which milestones of a person's roadmaps work with which tool, by its key."""
    asked: dict[str, dict[str, Link]] = defaultdict(dict)
    for enrolled in enrollments(session, user_id):
        content = load_revision(session, enrolled.revision_id).content
        for tool in tool_content().tools:
            for key in tool.milestones:
                if (milestone := content.by_key.get(key)) is not None:
                    href = f"/roadmaps/{content.slug}/milestones/{key}"
                    # One that two roadmaps share is named once, on the primary one.
                    asked[tool.key].setdefault(key, Link(milestone.title, href))
    return {tool: list(found.values()) for tool, found in asked.items()}


def evidence_naming(
    session: Session, user_id: uuid.UUID, tool: Tool
) -> list[tuple[uuid.UUID, str]]:
    """Load a person's own pieces whose title, text or role names a tool, the newest first.

    One more than `MAX_NAMING` tells that there are more.
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
    naming = ((key, title) for key, title, *texts in rows if names_one_of(names, title, *texts))
    return list(islice(naming, MAX_NAMING + 1))
