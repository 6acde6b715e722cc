"""Change a person's positions and degrees. Each change affects readiness."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, TypeVar

import sqlalchemy as sa
from flask_babel import LazyString
from sqlalchemy.orm import Session

from roadmap.career.models import Degree, Entry, Position
from roadmap.core import stale_forms
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.limits import LimitReached, count_rows
from roadmap.core.types import form_id
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user

SomeEntry = TypeVar("SomeEntry", bound=Entry)

# Of positions and of degrees, each.
MAX_ENTRIES = 100
TOO_MANY: dict[type[Entry], LazyString] = {
    Position: _l("You already have %(most)d positions, the maximum.", most=MAX_ENTRIES),
    Degree: _l("You already have %(most)d degrees, the maximum.", most=MAX_ENTRIES),
}


class StaleEdit(Exception):
    """The entry was changed since the form was opened."""


class EntryDeleted(Exception):
    """The entry was deleted since it was loaded."""


def add(
    session: Session,
    model: type[SomeEntry],
    user_id: uuid.UUID,
    values: dict[str, Any],
    *,
    by: uuid.UUID,
    now: dt.datetime,
    key: str = "",
) -> SomeEntry:
    """Add a position or a degree, once for each `key` of a form. Raises LimitReached."""
    lock_user(session, user_id)
    made_as = form_id(key, user_id, model.__tablename__, sorted(values.items()))
    if (made := session.get(model, made_as)) is not None:
        return made
    if count_rows(session, model, model.user_id == user_id) >= MAX_ENTRIES:
        raise LimitReached(
            TOO_MANY[model],
            _l("Delete one that you no longer need, then add this one again."),
        )
    entry = model(id=made_as, user_id=user_id, **values)
    session.add(entry)
    session.flush()
    _record_history(session, entry, "added", by=by, now=now)
    return entry


def change(
    session: Session,
    entry: Entry,
    values: dict[str, Any],
    *,
    seen: str,
    by: uuid.UUID,
    now: dt.datetime,
) -> None:
    """Change an entry. Raises StaleEdit where `seen` is out of date, or EntryDeleted."""
    _lock(session, entry)
    if seen and seen != fingerprint(entry):
        raise StaleEdit
    for name, value in values.items():
        setattr(entry, name, value)
    _record_history(session, entry, "changed", by=by, now=now)


def remove(session: Session, entry: Entry, *, by: uuid.UUID, now: dt.datetime) -> None:
    """Delete an entry; the history keeps what it said. Raises EntryDeleted."""
    _lock(session, entry)
    session.delete(entry)
    _record_history(session, entry, "removed", by=by, now=now, **_values(entry))


def fingerprint(entry: Entry) -> str:
    """Return a short text that differs when the entry differs."""
    return stale_forms.fingerprint(_values(entry))


def _lock(session: Session, entry: Entry) -> None:
    lock_user(session, entry.user_id)
    try:
        session.refresh(entry)
    except sa.exc.InvalidRequestError:
        raise EntryDeleted from None


def _values(entry: Entry) -> dict[str, Any]:
    """Return what the person declared, as JSON values."""
    values = {column.name: getattr(entry, column.name) for column in entry.__table__.columns}
    del values["id"], values["user_id"]
    return values


def _record_history(
    session: Session, entry: Entry, verb: str, *, by: uuid.UUID, now: dt.datetime, **data: Any
) -> None:
    record_history(
        session, user_id=entry.user_id, by=by, action=f"{entry.__tablename__}.{verb}",
        subject=str(entry.id), now=now, **data,
    )  # fmt: skip
