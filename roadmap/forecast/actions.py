"""Write days off. The history says that they were written, and neither it nor the log which."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy.orm import Session

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.limits import LimitReached, count_rows
from roadmap.core.types import form_id
from roadmap.forecast.models import Absence
from roadmap.forecast.rules import Span
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user
from roadmap.people.private_rows import change_row, lock_row

# Five a year for forty years.
MAX_ABSENCES = 200
COLUMNS = ("starts_on", "ends_on", "note")


def add_absence(
    session: Session, user_id: uuid.UUID, days: Span, note: str, *, now: dt.datetime, key: str = ""
) -> Absence:
    """Add days off, once for each `key` of a form. Raises LimitReached."""
    lock_user(session, user_id)
    made_as = form_id(key, user_id, Absence.__tablename__, *days, note)
    if (made := session.get(Absence, made_as)) is not None:
        return made
    if count_rows(session, Absence, Absence.user_id == user_id) >= MAX_ABSENCES:
        raise LimitReached(
            _l("You already have %(most)d entries of time off, the maximum.", most=MAX_ABSENCES),
            _l("Delete some that are long past, then add this one again."),
        )
    absence = Absence(
        id=made_as,
        user_id=user_id,
        starts_on=days.first,
        ends_on=days.last,
        note=note,
        created_at=now,
    )
    session.add(absence)
    _record(session, absence, "absence.added", now)
    return absence


def values_of(absence: Absence) -> dict[str, object]:
    return {name: getattr(absence, name) for name in COLUMNS}


def edit_absence(
    session: Session,
    absence: Absence,
    days: Span,
    note: str,
    *,
    seen: str = "",
    now: dt.datetime,
) -> None:
    """Change days off. Raises StaleForm and RowDeleted.

    `seen` is the fingerprint of what the form showed.
    """
    _lock(session, absence)
    before, values = values_of(absence), dict(zip(COLUMNS, (*days, note), strict=True))
    change_row(session, absence, values, seen=seen)
    if values != before:
        _record(session, absence, "absence.changed", now)


def delete_absence(session: Session, absence: Absence, *, now: dt.datetime) -> None:
    """Delete days off. Raises RowDeleted."""
    _lock(session, absence)
    session.delete(absence)
    _record(session, absence, "absence.deleted", now)


def _lock(session: Session, absence: Absence) -> None:
    """Read days off again below the lock of their owner. Raises RowDeleted.

    The forecast stands on pages that are kept for a version of the person, so it is the next one.
    """
    lock_user(session, absence.user_id)
    lock_row(session, absence)


def _record(session: Session, absence: Absence, action: str, now: dt.datetime) -> None:
    record_history(
        session, user_id=absence.user_id, by=absence.user_id, action=action,
        subject=str(absence.id), now=now,
    )  # fmt: skip
