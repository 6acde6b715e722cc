"""Row locks on users and teams, taken before a write."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.people.actor import Actor
from roadmap.people.models import Team, User


class TeamDeleted(LookupError):
    """The team was deleted before it was the writer's turn."""


_USERS: Any = User.__table__


_NEXT_VERSION = (
    sa.update(_USERS)
    .where(_USERS.c.id == sa.bindparam("person", type_=sa.Uuid))
    .values(version=_USERS.c.version + 1)
)


def lock_user(session: Session, user_id: uuid.UUID) -> None:
    """Begins a write about a person: the next version, and other writers wait for this one.

    Call it first in every action. What is kept about a person (the readiness summary) is then
    computed from facts that nobody else is changing.
    """
    session.execute(_NEXT_VERSION, {"person": user_id})


def lock_user_for_actor(session: Session, user_id: uuid.UUID, by: Actor) -> None:
    """The same for a write that needs the actor's right to it: who leads whom is read anew below
    the lock, so that nobody writes by a right that ended while they waited."""
    lock_user(session, user_id)
    by.refresh_permissions()


def lock_team(session: Session, team_id: uuid.UUID) -> None:
    """Keeps a team from being deleted until this transaction ends. Raises TeamGone.

    A team is locked before people are, here and where it is deleted.
    """
    team = sa.select(Team.id).where(Team.id == team_id)
    if session.scalar(team.with_for_update(read=True, key_share=True)) is None:
        raise TeamDeleted(team_id)


def lock_users(session: Session, people: sa.Select[Any]) -> None:
    """The same for all whose ids `people` selects, in one order: no two wait for each other."""
    ids = sa.select(_USERS.c.id).where(_USERS.c.id.in_(people)).order_by(_USERS.c.id)
    locked = session.scalars(ids.with_for_update()).all()
    if locked:
        session.execute(_NEXT_VERSION, [{"person": user_id} for user_id in locked])
