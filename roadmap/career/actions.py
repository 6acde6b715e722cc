"""Writing what a person declares of their background. Each write feeds readiness."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.career.models import Degree, Position
from roadmap.people.records import lock_person, remember

Entry = TypeVar("Entry", Position, Degree)

FIELDS: dict[type[Any], tuple[str, ...]] = {
    Position: ("title", "employer", "started_on", "ended_on", "is_ml", "summary"),
    Degree: ("level", "field", "institution", "awarded_on"),
}
WORDS: dict[type[Any], str] = {Position: "position", Degree: "degree"}


class Stale(Exception):
    """The entry was changed since the form was opened."""


class Gone(Exception):
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
    """Adds a position or a degree."""
    lock_person(session, user_id)
    entry: Entry = model(user_id=user_id, **values)
    session.add(entry)
    session.flush()
    _remember(session, entry, "added", by=by, now=now)
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
    """Changes an entry. Raises Stale where it is no longer what `seen` names, Gone without it.

    `seen` is the mark (see `mark`) of what the person had before them; empty where unknown.
    """
    lock_person(session, entry.user_id)
    _reload(session, entry)
    if seen and seen != mark(entry):
        raise Stale
    for name, value in values.items():
        setattr(entry, name, value)
    _remember(session, entry, "changed", by=by, now=now)


def remove(session: Session, entry: Position | Degree, *, by: uuid.UUID, now: dt.datetime) -> None:
    """Deletes an entry; the history keeps what it said. Raises Gone where it is gone already."""
    lock_person(session, entry.user_id)
    _reload(session, entry)
    values = _values(entry)
    session.delete(entry)
    session.flush()
    _remember(session, entry, "removed", by=by, now=now, **values)


def mark(entry: Position | Degree) -> str:
    """A short text that differs when the entry differs."""
    return hashlib.blake2b(json.dumps(_values(entry)).encode(), digest_size=12).hexdigest()


def _reload(session: Session, entry: Position | Degree) -> None:
    try:
        session.refresh(entry)
    except sa.exc.InvalidRequestError:
        raise Gone from None


def _values(entry: Position | Degree) -> dict[str, Any]:
    found = {name: getattr(entry, name) for name in FIELDS[type(entry)]}
    return {
        name: value.isoformat() if isinstance(value, dt.date) else value
        for name, value in found.items()
    }


def _remember(
    session: Session,
    entry: Position | Degree,
    verb: str,
    *,
    by: uuid.UUID,
    now: dt.datetime,
    **data: Any,
) -> None:
    remember(
        session,
        user_id=entry.user_id,
        by=by,
        action=f"{WORDS[type(entry)]}.{verb}",
        subject=str(entry.id),
        now=now,
        **data,
    )
