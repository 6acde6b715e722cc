"""Read what the account page says about managers and mail."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.people.models import User
from roadmap.people.queries import memberships
from roadmap.people.reach import holders_of
from roadmap.people.roles import ROLES, Capability


@dataclass(frozen=True, slots=True)
class Sharing:
    """What others see of a person, and who they are.

    `viewers` are their names, `team` is the slug of a team of the person, None without one.
    """

    shares_plans: bool
    viewers: tuple[str, ...]
    team: str | None


def load_sharing(session: Session, user_id: uuid.UUID) -> Sharing:
    """Load who sees the person, in three statements."""
    teams = memberships(session, user_id)
    # First a team in which others see the person.
    teams.sort(key=lambda found: ROLES[found[1]].allows(Capability.SEE_SHARED))
    return Sharing(
        shares_plans=bool(session.scalar(sa.select(User.shares_plans).where(User.id == user_id))),
        viewers=tuple(each.name for each in holders_of(session, user_id, Capability.SEE_SHARED)),
        team=teams[0][0].slug if teams else None,
    )


def wants_mail(session: Session, user_id: uuid.UUID) -> bool:
    """Return whether notifications are also mailed to this person."""
    return bool(session.scalar(sa.select(User.wants_mail).where(User.id == user_id)))
