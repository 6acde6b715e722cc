"""Write days off. The history records that they changed, without the dates or the note."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy.orm import Session

from roadmap.core.i18n import _l
from roadmap.core.limits import LimitReached
from roadmap.core.types import form_id
from roadmap.forecast.models import Absence
from roadmap.forecast.rules import Span
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user
from roadmap.people.private_rows import add_row, change_row, lock_row

# Five per year for forty years.
MAX_ABSENCES = 200


def add_absence(
    session: Session, user_id: uuid.UUID, days: Span, note: str, *, now: dt.datetime, key: str = ""
) -> Absence:
    """Add days off, once for each form `key`. Raises LimitReached."""
    # The lock increments the person's version, because cached pages show the forecast.
    lock_user(session, user_id)
    absence = Absence(
        id=form_id(key, user_id, Absence.__tablename__, *days, note),
        user_id=user_id,
        starts_on=days.first,
        ends_on=days.last,
        note=note,
        created_at=now,
    )
    limit = LimitReached(
        _l("You already have %(most)d entries of time off, the maximum.", most=MAX_ABSENCES),
        _l("Delete some that are long past, then add this one again."),
    )
    saved, is_new = add_row(session, absence, limit, MAX_ABSENCES)
    if is_new:
        _record(session, absence, "absence.added", now)
    return saved


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

    `seen` is the fingerprint of the values that the form showed.
    """
    _lock(session, absence)
    values = {"starts_on": days.first, "ends_on": days.last, "note": note}
    is_other = any(getattr(absence, name) != value for name, value in values.items())
    change_row(session, absence, values, seen=seen)
    if is_other:
        _record(session, absence, "absence.changed", now)


def delete_absence(session: Session, absence: Absence, *, now: dt.datetime) -> None:
    """Delete days off. Raises RowDeleted."""
    _lock(session, absence)
    session.delete(absence)
    _record(session, absence, "absence.deleted", now)


def _lock(session: Session, absence: Absence) -> None:
    """Lock the owner and reload the days off. Raises RowDeleted."""
    lock_user(session, absence.user_id)
    lock_row(session, absence)


def _record(session: Session, absence: Absence, action: str, now: dt.datetime) -> None:
    record_history(session, absence.user_id, action, absence.id, by=absence.user_id, now=now)
