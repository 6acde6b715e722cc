"""Read what the account page says about those who see a person, and about mail."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.people.models import User
from roadmap.people.queries import memberships
from roadmap.people.reach import holders_of
from roadmap.people.roles import ROLES, Capability


def load_visibility(session: Session, user_id: uuid.UUID) -> dict[str, Any]:
    """Load what others see of a person, who they are, and whether notifications are mailed.

    `viewers` are their names, `team` is the slug of a team of the person, None without one.
    """
    switches = sa.select(User.shares_plans, User.wants_mail).where(User.id == user_id)
    teams = memberships(session, user_id)
    # First a team in which others see the person.
    teams.sort(key=lambda found: ROLES[found[1]].allows(Capability.SEE_SHARED))
    return {
        **session.execute(switches).one()._mapping,
        "viewers": [each.name for each in holders_of(session, user_id, Capability.SEE_SHARED)],
        "team": teams[0][0].slug if teams else None,
    }
