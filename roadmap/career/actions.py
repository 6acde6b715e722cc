"""Change positions and degrees. Each change affects readiness."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, TypeVar

from flask_babel import LazyString
from sqlalchemy.orm import Session

from roadmap.career.models import Degree, Entry, Position
from roadmap.core.i18n import _l
from roadmap.core.limits import LimitReached
from roadmap.core.types import form_id
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user
from roadmap.people.private_rows import add_row, change_row, lock_row

SomeEntry = TypeVar("SomeEntry", bound=Entry)

# For positions and degrees each.
MAX_ENTRIES = 100
TOO_MANY: dict[type[Entry], LazyString] = {
    Position: _l("You already have %(most)d positions, the maximum.", most=MAX_ENTRIES),
    Degree: _l("You already have %(most)d degrees, the maximum.", most=MAX_ENTRIES),
}


def add(
    session: Session,
    model: type[SomeEntry],
    user_id: uuid.UUID,
    values: dict[str, Any],
    *,
    now: dt.datetime,
    key: str = "",
) -> SomeEntry:
    """Add a position or degree, once per form `key`. Raises LimitReached."""
    lock_user(session, user_id)
    row_id = form_id(key, user_id, model.__tablename__, sorted(values.items()))
    advice = _l("Delete one that you no longer need, then add this one again.")
    limit = LimitReached(TOO_MANY[model], advice)
    entry, is_new = add_row(
        session, model(id=row_id, user_id=user_id, **values), limit, MAX_ENTRIES
    )
    if is_new:
        _record_history(session, entry, "added", now=now)
    return entry


def change(
    session: Session, entry: Entry, values: dict[str, Any], *, seen: str, now: dt.datetime
) -> None:
    """Change an entry. Raises StaleForm if `seen` is out of date, or RowDeleted."""
    lock_user(session, entry.user_id)
    change_row(session, entry, values, seen=seen)
    _record_history(session, entry, "changed", now=now)


def remove(session: Session, entry: Entry, *, now: dt.datetime) -> None:
    """Delete an entry and record its values in the history. Raises RowDeleted."""
    lock_user(session, entry.user_id)
    lock_row(session, entry)
    session.delete(entry)
    _record_history(session, entry, "removed", now=now, **_values(entry))


def _values(entry: Entry) -> dict[str, Any]:
    """Return the declared values for the history."""
    values = {column.name: getattr(entry, column.name) for column in entry.__table__.columns}
    del values["id"], values["user_id"]
    return values


def _record_history(
    session: Session, entry: Entry, verb: str, *, now: dt.datetime, **data: Any
) -> None:
    owner, action = entry.user_id, f"{entry.__tablename__}.{verb}"
    record_history(session, owner, action, entry.id, by=owner, now=now, **data)
