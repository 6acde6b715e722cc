"""Read who sees a person, and the mail settings, for the account page."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.people.models import User
from roadmap.people.queries import memberships
from roadmap.people.reach import load_holders
from roadmap.people.roles import ROLES, Capability


def load_visibility(session: Session, user_id: uuid.UUID) -> dict[str, Any]:
    """Load who sees what a person shares, and whether notifications are mailed.

    `viewers` are names; `team` is the slug of one of the person's teams, or None.
    """
    switches = sa.select(User.shares_plans, User.wants_mail).where(User.id == user_id)
    teams = memberships(session, user_id)
    # Prefer a team in which others see the person.
    teams.sort(key=lambda found: ROLES[found[1]].allows(Capability.SEE_SHARED))
    return {
        **session.execute(switches).one()._mapping,
        "viewers": [each.name for each in load_holders(session, user_id, Capability.SEE_SHARED)],
        "team": teams[0][0].slug if teams else None,
    }
