"""Row locks on users and teams, taken before a write."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.people.actor import Actor
from roadmap.people.models import Team, User


class TeamDeleted(LookupError):
    """The team was deleted while the writer waited for it."""


_USERS: Any = User.__table__
_NEXT_VERSION = (
    sa.update(_USERS)
    .where(_USERS.c.id == sa.bindparam("person", type_=sa.Uuid))
    .values(version=_USERS.c.version + 1)
)


def lock_user(session: Session, user_id: uuid.UUID) -> None:
    """Begin a write about a person: their next version, and other writers wait for this one.

    Call it first, so that readiness is computed from facts that nobody else is changing.
    """
    session.connection().execute(_NEXT_VERSION, {"person": user_id})


def lock_and_load_user(session: Session, user_id: uuid.UUID) -> User:
    """Return a person as they are below their lock, see `lock_user`."""
    lock_user(session, user_id)
    own = sa.select(User).where(User.id == user_id)
    return session.scalars(own.execution_options(populate_existing=True)).one()


def lock_user_to_read(session: Session, user_id: uuid.UUID) -> None:
    """Let other writers of a person wait, before an action that locks the person itself."""
    person = sa.select(_USERS.c.id).where(_USERS.c.id == user_id)
    session.execute(person.with_for_update(key_share=True))


def lock_and_refresh(session: Session, row: Any) -> bool:
    """Read a row of a person again below their lock; return whether it is still there.

    For private rows, as `lock_user_to_read` locks: the person gets no next version.
    """
    try:
        lock_user_to_read(session, row.user_id)
        session.refresh(row)
    except sa.exc.InvalidRequestError:
        return False
    return True


def lock_user_for_actor(session: Session, user_id: uuid.UUID, by: Actor) -> None:
    """Lock a person for an actor, and read below the lock what the actor may still do."""
    lock_user(session, user_id)
    by.refresh_permissions()


def lock_team(session: Session, team_id: uuid.UUID) -> None:
    """Keep a team from being deleted until this transaction ends. Raise TeamDeleted.

    Lock a team before its people, so that two writers never wait for each other.
    """
    team = sa.select(Team.id).where(Team.id == team_id)
    if session.scalar(team.with_for_update(read=True, key_share=True)) is None:
        raise TeamDeleted(team_id)


def lock_users(session: Session, people: sa.Select[Any]) -> None:
    """Lock all users whose ids `people` selects, always in the same order."""
    ids = sa.select(_USERS.c.id).where(_USERS.c.id.in_(people)).order_by(_USERS.c.id)
    locked = session.scalars(ids.with_for_update()).all()
    if locked:
        session.execute(_NEXT_VERSION, [{"person": user_id} for user_id in locked])
