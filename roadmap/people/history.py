"""The history of a person: every change to their records, with who made it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.signals import person_changed
from roadmap.people.models import HistoryEntry

# On the table and built once, because every tick runs it.
_ENTRIES: Any = HistoryEntry.__table__
_INSERT_ENTRY = sa.insert(_ENTRIES)


def record_history(
    session: Session,
    *,
    user_id: uuid.UUID,
    by: uuid.UUID | None,
    action: str,
    subject: str,
    now: dt.datetime,
    row_id: uuid.UUID | None = None,
    **data: Any,
) -> None:
    """Add one entry to a person's history, and signal to the higher rooms that it changed.

    `action` is `thing.verb` (its first word says what changed), `subject` the key or id of what
    it was done to, `data` JSON values. `row_id` is a row that this wrote, such as a review; only
    the listeners get it.
    """
    record_history_each(
        session, [user_id], by=by, action=action, subject=subject, now=now, row_id=row_id, **data
    )


def record_history_each(
    session: Session,
    people: Collection[uuid.UUID],
    *,
    by: uuid.UUID | None,
    action: str,
    subject: str,
    now: dt.datetime,
    row_id: uuid.UUID | None = None,
    **data: Any,
) -> None:
    """Add the same entry to the histories of several people, in one statement."""
    session.flush()
    entry = {"actor_id": by, "at": now, "action": action, "subject": subject, "data": data}
    if people:
        session.execute(_INSERT_ENTRY, [{"user_id": user_id, **entry} for user_id in people])
    for user_id in people:
        person_changed.send(
            session,
            user_id=user_id,
            what=action.partition(".")[0],
            action=action,
            subject=subject,
            by=by,
            row_id=row_id,
            data=data,
            now=now,
        )
