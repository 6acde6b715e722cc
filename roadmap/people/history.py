"""The history of a person: every change to their records, and who made it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.signals import PersonChange, person_changed
from roadmap.people.models import HistoryEntry

# A Core statement, built once, because every recorded change runs it.
_ENTRIES: Any = HistoryEntry.__table__
_INSERT_ENTRY = sa.insert(_ENTRIES)


def record_history(
    session: Session,
    user_id: uuid.UUID | Collection[uuid.UUID],
    action: str,
    subject: object = "",
    *,
    by: uuid.UUID | None,
    now: dt.datetime,
    row_id: uuid.UUID | None = None,
    **data: Any,
) -> None:
    """Add an entry to a person's history, and signal the change to higher packages.

    `user_id` is one person, or several who get the same entry in one statement. `action` has the
    form `thing.verb`. `subject` is the key or id of the changed thing, by default the person.
    `data` has JSON values. `row_id` is the id of the written row, which only listeners get.
    """
    session.flush()
    people = [user_id] if isinstance(user_id, uuid.UUID) else user_id
    subject = str(subject or user_id)
    entry = {"actor_id": by, "at": now, "action": action, "subject": subject, "data": data}
    if people:
        rows = [{"user_id": person, **entry} for person in people]
        session.connection().execute(_INSERT_ENTRY, rows)
    for person in people:
        change = PersonChange(person, action, subject, by, row_id, data, now)
        person_changed.send(session, change=change)
