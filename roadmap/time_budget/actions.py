"""Record hours and set limits. Neither history nor log says anything of them."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.limits import LimitReached, count_rows
from roadmap.core.stale_forms import check_seen
from roadmap.core.types import form_id
from roadmap.people.locks import lock_user_to_read
from roadmap.time_budget import queries
from roadmap.time_budget.models import TimeBudget, TimeEntry

# A hundred a week for ten years.
MAX_ENTRIES = 50_000
# Until then, removing an entry can be undone.
KEEP_REMOVED = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """What a person says of some of their time."""

    day: dt.date
    category: str
    minutes: int
    title: str | None


def add_entry(
    session: Session, user_id: uuid.UUID, hours: Hours, *, now: dt.datetime, key: str = ""
) -> TimeEntry:
    """Add an entry, once for each `key` of a form. Raises LimitReached."""
    lock_user_to_read(session, user_id)
    made_as = form_id(key, user_id, TimeEntry.__tablename__, hours)
    if (made := session.get(TimeEntry, made_as)) is not None:
        made.removed_at = None
        return made
    if count_rows(session, TimeEntry, TimeEntry.user_id == user_id) >= MAX_ENTRIES:
        raise LimitReached(
            _l("You already have %(most)d entries, the maximum.", most=MAX_ENTRIES),
            _l("Delete some that you no longer need, then add this one again."),
        )
    entry = TimeEntry(id=made_as, user_id=user_id, created_at=now, **asdict(hours))
    session.add(entry)
    session.flush()
    return entry


def edit_entry(session: Session, entry: TimeEntry, hours: Hours, *, seen: str = "") -> None:
    """Change an entry. `seen` is the fingerprint of what the form showed. Raises StaleForm."""
    lock_user_to_read(session, entry.user_id)
    session.refresh(entry)
    check_seen(seen, asdict(hours_of(entry)), asdict(hours))
    for name, value in asdict(hours).items():
        setattr(entry, name, value)
    entry.removed_at = None
    session.flush()


def hours_of(entry: TimeEntry) -> Hours:
    return Hours(entry.day, entry.category, entry.minutes, entry.title)


def remove_entry(session: Session, entry: TimeEntry, *, now: dt.datetime) -> None:
    """Remove an entry, which can be undone, and forget those that were removed long before.

    Of what a calendar brought, a row without its title stays, so that no import brings it back.
    """
    before = (TimeEntry.user_id == entry.user_id, TimeEntry.removed_at < now - KEEP_REMOVED)
    session.execute(sa.delete(TimeEntry).where(*before, TimeEntry.source == "hand"))
    session.execute(sa.update(TimeEntry).where(*before).values(title=None))
    entry.removed_at = entry.removed_at or now
    session.flush()


def restore_entry(session: Session, entry: TimeEntry) -> None:
    entry.removed_at = None
    session.flush()


def save_limits(
    session: Session,
    user_id: uuid.UUID,
    *,
    week_minutes: int | None,
    deep_work_minutes: int | None,
    seen: str = "",
) -> None:
    """Set a person's own limits; None means those of the content.

    `seen` is the fingerprint of what the form showed. Raises StaleForm.
    """
    budget = budget_to_change(session, user_id)
    session.flush()
    session.refresh(budget)
    sent = {"week_minutes": week_minutes, "deep_work_minutes": deep_work_minutes}
    check_seen(seen, limits_of(budget), sent)
    budget.week_minutes, budget.deep_work_minutes = week_minutes, deep_work_minutes
    session.flush()


def limits_of(budget: TimeBudget | None) -> dict[str, int | None]:
    return {
        "week_minutes": budget.week_minutes if budget else None,
        "deep_work_minutes": budget.deep_work_minutes if budget else None,
    }


def budget_to_change(session: Session, user_id: uuid.UUID) -> TimeBudget:
    """Lock the person and return their settings, made where there were none."""
    lock_user_to_read(session, user_id)
    budget = queries.budget(session, user_id)
    if budget is None:
        budget = TimeBudget(user_id=user_id)
        session.add(budget)
    return budget
