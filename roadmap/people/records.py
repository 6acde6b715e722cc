"""The two records that the writes themselves keep: a person's history, and the audit log."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.signals import person_changed
from roadmap.people.access import can
from roadmap.people.actor import Actor
from roadmap.people.models import AuditEntry, HistoryEntry, Team, User

# Who writes. Of an Actor the right is asked again below the lock; an id stands for somebody who
# needs none (they accept an invitation, they leave), None for the command line.
By = Actor | uuid.UUID | None

# On the table, not the entity, and made once: it runs within every tick.
_ENTRIES: Any = HistoryEntry.__table__
_NEW_ENTRY = sa.insert(_ENTRIES)
_USERS: Any = User.__table__
_NEXT_VERSION = (
    sa.update(_USERS)
    .where(_USERS.c.id == sa.bindparam("person", type_=sa.Uuid))
    .values(version=_USERS.c.version + 1)
)
_AUDIT: Any = AuditEntry.__table__
_NEW_AUDIT = sa.insert(_AUDIT)


class NotEntitled(Exception):
    """The right of whoever writes ended before it was their turn."""


class TeamGone(LookupError):
    """The team was deleted before it was the writer's turn."""


def lock_person(session: Session, user_id: uuid.UUID) -> None:
    """Begins a write about a person: the next version, and other writers wait for this one.

    Call it first in every action. What is kept about a person (the readiness summary) is then
    computed from facts that nobody else is changing.
    """
    session.execute(_NEXT_VERSION, {"person": user_id})


def lock_for(session: Session, user_id: uuid.UUID, by: Actor) -> None:
    """The same for a write that needs the actor's right to it: who leads whom is read anew below
    the lock, so that nobody writes by a right that ended while they waited."""
    lock_person(session, user_id)
    by.look_again()


def still_may(by: By, action: str, subject: Any = None) -> uuid.UUID | None:
    """The id of whoever writes, where they may at this moment. Call it below the lock.

    Raises NotEntitled. `action` is one of the permissions.
    """
    if not isinstance(by, Actor):
        return by
    by.look_again()
    if not can(by, action, subject):
        raise NotEntitled(f"{by.id}: {action}")
    return by.id


def lock_team(session: Session, team_id: uuid.UUID) -> None:
    """Keeps a team from being deleted until this transaction ends. Raises TeamGone.

    A team is locked before people are, here and where it is deleted.
    """
    team = sa.select(Team.id).where(Team.id == team_id)
    if session.scalar(team.with_for_update(read=True, key_share=True)) is None:
        raise TeamGone(team_id)


def lock_people(session: Session, people: sa.Select[Any]) -> None:
    """The same for all whose ids `people` selects, in one order: no two wait for each other."""
    ids = sa.select(_USERS.c.id).where(_USERS.c.id.in_(people)).order_by(_USERS.c.id)
    locked = session.scalars(ids.with_for_update()).all()
    if locked:
        session.execute(_NEXT_VERSION, [{"person": user_id} for user_id in locked])


def remember(
    session: Session,
    *,
    user_id: uuid.UUID,
    by: uuid.UUID | None,
    action: str,
    subject: str,
    now: dt.datetime,
    **data: Any,
) -> None:
    """Adds one entry to a person's history and tells the higher rooms that something changed.

    `action` is `thing.verb` (its first word says what changed), `subject` the key or id of what
    it was done to, `data` JSON values.
    """
    remember_each(session, [user_id], by=by, action=action, subject=subject, now=now, **data)


def remember_each(
    session: Session,
    people: Collection[uuid.UUID],
    *,
    by: uuid.UUID | None,
    action: str,
    subject: str,
    now: dt.datetime,
    **data: Any,
) -> None:
    """The same to several people's histories, in one statement."""
    session.flush()
    entry = {"actor_id": by, "at": now, "action": action, "subject": subject, "data": data}
    if people:
        session.execute(_NEW_ENTRY, [{"user_id": user_id, **entry} for user_id in people])
    for user_id in people:
        person_changed.send(
            session,
            user_id=user_id,
            what=action.partition(".")[0],
            action=action,
            subject=subject,
            by=by,
            data=data,
            now=now,
        )


def audit(
    session: Session,
    *,
    by: uuid.UUID | None,
    action: str,
    target: str = "",
    address: str = "",
    now: dt.datetime,
    **data: Any,
) -> None:
    """Adds one line to the audit log."""
    line = {"actor_id": by, "at": now, "action": action, "target": target}
    session.execute(_NEW_AUDIT, {**line, "address": address, "data": data})


def audit_each(
    session: Session,
    people: Collection[uuid.UUID],
    *,
    by: uuid.UUID | None,
    action: str,
    target: str,
    now: dt.datetime,
) -> None:
    """Adds a line about each of these people, in one statement."""
    line = {"actor_id": by, "at": now, "action": action, "target": target, "address": ""}
    if people:
        lines = [{**line, "data": {"person": str(user_id)}} for user_id in people]
        session.execute(_NEW_AUDIT, lines)
