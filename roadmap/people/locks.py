"""Row locks on users and teams, taken before a write."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.people.actor import Actor
from roadmap.people.models import Team, User


class TeamDeleted(LookupError):
    """The team was deleted before it could be locked."""


_USERS: Any = User.__table__
_NEXT_VERSION = (
    sa.update(_USERS)
    .where(_USERS.c.id == sa.bindparam("person", type_=sa.Uuid))
    .values(version=_USERS.c.version + 1)
)


def lock_user(session: Session, user_id: uuid.UUID) -> None:
    """Lock a person for writing and increment their version.

    Call it before other statements, so that readiness is computed from facts that no other
    transaction is changing.
    """
    session.connection().execute(_NEXT_VERSION, {"person": user_id})


def lock_and_load_user(session: Session, user_id: uuid.UUID) -> User:
    """Lock a person with `lock_user`, and return their current row."""
    lock_user(session, user_id)
    own = sa.select(User).where(User.id == user_id)
    return session.scalars(own.execution_options(populate_existing=True)).one()


def lock_user_without_version(session: Session, user_id: uuid.UUID) -> None:
    """Lock a person without incrementing their version, for reads before an action's own lock."""
    person = sa.select(_USERS.c.id).where(_USERS.c.id == user_id)
    session.execute(person.with_for_update(key_share=True))


def lock_and_refresh(session: Session, row: Any) -> bool:
    """Lock the owner of a private row and reload the row; return whether it still exists.

    The lock is that of `lock_user_without_version`, so the version of the owner does not change.
    """
    try:
        lock_user_without_version(session, row.user_id)
        session.refresh(row)
    except sa.exc.InvalidRequestError:
        return False
    return True


def lock_user_for_actor(session: Session, user_id: uuid.UUID, by: Actor) -> None:
    """Lock a person, then reload the permissions of the actor."""
    lock_user(session, user_id)
    by.refresh_permissions()


def lock_team(session: Session, team_id: uuid.UUID) -> None:
    """Prevent a team from being deleted until this transaction ends. Raises TeamDeleted.

    Lock teams before people, to avoid deadlocks.
    """
    team = sa.select(Team.id).where(Team.id == team_id)
    if session.scalar(team.with_for_update(read=True, key_share=True)) is None:
        raise TeamDeleted(team_id)


def lock_users(session: Session, people: sa.Select[Any]) -> None:
    """Lock all users whose ids `people` selects, in a fixed order."""
    ids = sa.select(_USERS.c.id).where(_USERS.c.id.in_(people)).order_by(_USERS.c.id)
    locked = session.scalars(ids.with_for_update()).all()
    if locked:
        session.execute(_NEXT_VERSION, [{"person": user_id} for user_id in locked])
