"""Record hours, by hand or from a calendar, and set limits. Nothing here writes history or logs."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask_babel import LazyString
from sqlalchemy.orm import Session

from roadmap.core.i18n import _l
from roadmap.core.limits import LimitReached, count_rows
from roadmap.core.types import form_id
from roadmap.people.locks import lock_user_without_version
from roadmap.people.private_rows import change_row
from roadmap.time_budget import queries
from roadmap.time_budget.calendar_file import Event
from roadmap.time_budget.calendar_import import Import, count_minutes
from roadmap.time_budget.models import TimeBudget, TimeEntry, TitleCategory
from roadmap.time_budget.sorting import Sorter, title_key

# A hundred per week for ten years.
MAX_ENTRIES = 50_000
# How long the removal of an entry can be undone.
UNDO_PERIOD = dt.timedelta(days=1)
MAX_LEARNED = 2_000


def add_entry(
    session: Session,
    user_id: uuid.UUID,
    *,
    day: dt.date,
    category: str,
    minutes: int,
    title: str | None = None,
    now: dt.datetime,
    key: str = "",
) -> TimeEntry:
    """Add an entry, once for each form `key`. Raises LimitReached."""
    lock_user_without_version(session, user_id)
    row_id = form_id(key, user_id, TimeEntry.__tablename__, day, category, minutes, title)
    if (made := session.get(TimeEntry, row_id)) is not None:
        made.removed_at = None
        return made
    advice = _l("Delete some that you no longer need, then add this one again.")
    _refuse_too_many(session, user_id, advice, more=1)
    entry = TimeEntry(
        id=row_id, user_id=user_id, created_at=now,
        day=day, category=category, minutes=minutes, title=title,
    )  # fmt: skip
    session.add(entry)
    session.flush()
    return entry


def edit_entry(
    session: Session, entry: TimeEntry, values: Mapping[str, Any], *, seen: str = ""
) -> None:
    """Change an entry. `seen` is the fingerprint of what the form showed. Raises StaleForm."""
    change_row(session, entry, values, seen=seen)
    entry.removed_at = None


def remove_entry(session: Session, entry: TimeEntry, *, now: dt.datetime) -> None:
    """Remove an entry so that it can be restored, and purge entries removed long ago.

    Rows from a calendar are kept without their title, so that another import does not restore them.
    """
    before = (TimeEntry.user_id == entry.user_id, TimeEntry.removed_at < now - UNDO_PERIOD)
    session.execute(sa.delete(TimeEntry).where(*before, TimeEntry.source == "hand"))
    session.execute(sa.update(TimeEntry).where(*before).values(title=None))
    entry.removed_at = entry.removed_at or now
    session.flush()


def restore_entry(session: Session, entry: TimeEntry) -> None:
    entry.removed_at = None
    session.flush()


def save_limits(
    session: Session, user_id: uuid.UUID, values: Mapping[str, int | None], *, seen: str = ""
) -> None:
    """Set a person's own limits; None means the default. Raises StaleForm."""
    budget = lock_budget(session, user_id)
    session.flush()
    change_row(session, budget, values, seen=seen)


def lock_budget(session: Session, user_id: uuid.UUID) -> TimeBudget:
    """Lock the person and return their settings, creating them if necessary."""
    lock_user_without_version(session, user_id)
    budget = queries.budget(session, user_id)
    if budget is None:
        budget = TimeBudget(user_id=user_id)
        session.add(budget)
    return budget


def load_sorter(session: Session, user_id: uuid.UUID) -> Sorter:
    """Load the sorting rules with the person's corrections."""
    return Sorter(
        queries.sorting_rules(),
        queries.learned_categories(session, user_id),
        user_id.bytes,
    )


def save_import(
    session: Session,
    user_id: uuid.UUID,
    found: Import,
    categories: Mapping[str, str],
    *,
    keep_titles: bool,
    now: dt.datetime,
) -> Counter[str]:
    """Save the entries whose key is in `categories`, and remove the others of the import.

    Idempotent. Without `keep_titles` no titles are saved, but existing ones are kept. Return the
    numbers of entries added, changed, removed and unchanged ("same"). Raises LimitReached.
    """
    budget = lock_budget(session, user_id)
    budget.keep_titles = keep_titles
    keys = {*(each.key for each in found.events), *found.dropped}
    saved = queries.load_calendar_entries(session, user_id, found.first, found.last, keys)
    by_key = {each.event_uid: each for each in saved}
    chosen = [each for each in found.events if each.key in categories]
    _learn(session, user_id, chosen, categories)
    minutes = count_minutes(chosen, found, saved)
    # An event covered by shorter ones has no minutes of its own.
    counted = {each.key: each for each in chosen if minutes[each.key]}
    result: Counter[str] = Counter()
    for key, event in counted.items():
        values: dict[str, object] = {
            "day": event.starts_at.date(),
            "category": categories[key],
            "minutes": minutes[key],
            "starts_at": event.starts_at.astimezone(dt.UTC),
            "removed_at": None,
        }
        if keep_titles:
            values["title"] = event.title or None
        if (entry := by_key.get(key)) is not None:
            result["changed" if _change(entry, values) else "same"] += 1
        else:
            more = {"event_uid": key, "source": "calendar", "created_at": now}
            session.add(TimeEntry(user_id=user_id, **values, **more))
            result["added"] += 1
    for entry in saved:
        key = entry.event_uid or ""
        if key not in keys or key in counted or entry.removed_at is not None:
            continue
        result["removed"] += 1
        if key in categories or key in found.dropped:
            # The calendar decided this and may change again, so do not mark it as removed.
            session.delete(entry)
        else:
            entry.removed_at, entry.title = now, None
    session.flush()
    _refuse_too_many(
        session, user_id, _l("Delete some that you no longer need, then import again.")
    )
    return result


def _refuse_too_many(
    session: Session, user_id: uuid.UUID, advice: LazyString, *, more: int = 0
) -> None:
    if count_rows(session, TimeEntry, TimeEntry.user_id == user_id) + more > MAX_ENTRIES:
        message = _l("You already have %(most)d entries, the maximum.", most=MAX_ENTRIES)
        raise LimitReached(message, advice)


def forget_titles(session: Session, user_id: uuid.UUID) -> None:
    """Delete all titles from calendars, and stop saving them."""
    lock_budget(session, user_id).keep_titles = False
    titled = queries.calendar_title_conditions(user_id)
    session.execute(sa.update(TimeEntry).where(*titled).values(title=None))


def forget_corrections(session: Session, user_id: uuid.UUID) -> None:
    """Delete what was learned from a person's corrections."""
    lock_budget(session, user_id)
    session.execute(sa.delete(TitleCategory).filter_by(user_id=user_id))


def save_address(session: Session, user_id: uuid.UUID, url: str | None) -> None:
    """Store or remove the URL of a person's calendar."""
    lock_budget(session, user_id).calendar_url = url
    session.flush()


def _change(entry: TimeEntry, values: Mapping[str, object]) -> bool:
    """Update an entry; return whether anything but its title changed."""
    changed = {name for name, value in values.items() if getattr(entry, name) != value}
    for name in changed:
        setattr(entry, name, values[name])
    return bool(changed - {"title"})


def _learn(
    session: Session, user_id: uuid.UUID, chosen: list[Event], categories: Mapping[str, str]
) -> None:
    """Remember the category of each title for which the person changed the suggestion."""
    sorter = load_sorter(session, user_id)
    corrected = {
        title_key(each.title, user_id.bytes): categories[each.key]
        for each in chosen
        if each.title and sorter.sort(each.title, each.people).category != categories[each.key]
    }
    known = session.scalars(sa.select(TitleCategory).filter_by(user_id=user_id)).all()
    by_key = {each.title_key: each for each in known}
    for key, category in corrected.items():
        if key in by_key:
            by_key[key].category = category
        elif len(by_key) < MAX_LEARNED:
            by_key[key] = TitleCategory(user_id=user_id, title_key=key, category=category)
            session.add(by_key[key])
