"""Change a person's positions and degrees. Each change affects readiness."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.career.models import Degree, Position
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user

Entry = TypeVar("Entry", Position, Degree)

FIELDS: dict[type[Any], tuple[str, ...]] = {
    Position: ("title", "employer", "started_on", "ended_on", "is_ml", "summary"),
    Degree: ("level", "field", "institution", "awarded_on"),
}
ENTRY_NAMES: dict[type[Any], str] = {Position: "position", Degree: "degree"}


class StaleEdit(Exception):
    """The entry was changed since the form was opened."""


class EntryDeleted(Exception):
    """The entry was deleted since it was loaded."""


def add(
    session: Session,
    model: type[Entry],
    user_id: uuid.UUID,
    values: dict[str, Any],
    *,
    by: uuid.UUID,
    now: dt.datetime,
) -> Entry:
    """Add a position or a degree."""
    lock_user(session, user_id)
    entry: Entry = model(user_id=user_id, **values)
    session.add(entry)
    session.flush()
    _record_history(session, entry, "added", by=by, now=now)
    return entry


def change(
    session: Session,
    entry: Position | Degree,
    values: dict[str, Any],
    *,
    seen: str,
    by: uuid.UUID,
    now: dt.datetime,
) -> None:
    """Change an entry. Raises Stale where `seen` is out of date, Gone where it is deleted."""
    lock_user(session, entry.user_id)
    _reload(session, entry)
    if seen and seen != fingerprint(entry):
        raise StaleEdit
    for name, value in values.items():
        setattr(entry, name, value)
    _record_history(session, entry, "changed", by=by, now=now)


def remove(session: Session, entry: Position | Degree, *, by: uuid.UUID, now: dt.datetime) -> None:
    """Delete an entry; the history keeps what it said. Raises Gone where it is already deleted."""
    lock_user(session, entry.user_id)
    _reload(session, entry)
    values = _values(entry)
    session.delete(entry)
    session.flush()
    _record_history(session, entry, "removed", by=by, now=now, **values)


def fingerprint(entry: Position | Degree) -> str:
    """Return a short text that differs when the entry differs."""
    return hashlib.blake2b(json.dumps(_values(entry)).encode(), digest_size=12).hexdigest()


def _reload(session: Session, entry: Position | Degree) -> None:
    try:
        session.refresh(entry)
    except sa.exc.InvalidRequestError:
        raise EntryDeleted from None


def _values(entry: Position | Degree) -> dict[str, Any]:
    found = {name: getattr(entry, name) for name in FIELDS[type(entry)]}
    return {
        name: value.isoformat() if isinstance(value, dt.date) else value
        for name, value in found.items()
    }


def _record_history(
    session: Session,
    entry: Position | Degree,
    verb: str,
    *,
    by: uuid.UUID,
    now: dt.datetime,
    **data: Any,
) -> None:
    record_history(
        session,
        user_id=entry.user_id,
        by=by,
        action=f"{ENTRY_NAMES[type(entry)]}.{verb}",
        subject=str(entry.id),
        now=now,
        **data,
    )
