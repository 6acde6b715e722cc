"""The latest skill levels of a person, in a form that tests can compare."""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from roadmap.skills.queries import latest_assessments


def latest_levels(session: Session, user_id: uuid.UUID) -> tuple[dict[str, int], dict[str, int]]:
    """Return the latest level of each skill: self-assessed, and assessed by a manager."""
    own, other = latest_assessments(session, user_id)
    return (
        {key: assessment.level for key, assessment in own.items()},
        {key: assessment.level for key, assessment in other.items()},
    )
