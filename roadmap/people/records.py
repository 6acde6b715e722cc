"""The two records that the writes themselves keep: a person's history, and the audit log."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.signals import person_changed
from roadmap.people.models import AuditEntry, HistoryEntry, User

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


def lock_person(session: Session, user_id: uuid.UUID) -> None:
    """Begins a write about a person: the next version, and other writers wait for this one.

    Call it first in every action. What is kept about a person (the readiness summary) is then
    computed from facts that nobody else is changing.
    """
    session.execute(_NEXT_VERSION, {"person": user_id})


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
    session.flush()
    entry = {"user_id": user_id, "actor_id": by, "at": now, "action": action, "subject": subject}
    session.execute(_NEW_ENTRY, {**entry, "data": data})
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
