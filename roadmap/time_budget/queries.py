"""Load the content of this room, and a person's hours and settings."""

from __future__ import annotations

import uuid
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.time_budget.models import TimeBudget

if TYPE_CHECKING:
    from roadmap.time_budget.content import TimeContent


@cache
def time_content() -> TimeContent:
    """Return the content of this room, read once a process."""
    # Pydantic comes with the first content that is read: the start does not wait for it.
    from roadmap.catalog.files import read_as
    from roadmap.time_budget.content import TimeContent

    return read_as(Path(__file__).parent / "content.yaml", TimeContent)


def budget(session: Session, user_id: uuid.UUID) -> TimeBudget | None:
    """Load a person's settings, None where they have not set any."""
    return session.scalars(sa.select(TimeBudget).filter_by(user_id=user_id)).first()
