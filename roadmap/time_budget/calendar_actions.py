"""Save what a person took from a calendar, and what they corrected."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.limits import LimitReached, count_rows
from roadmap.time_budget import calendar_queries
from roadmap.time_budget.actions import MAX_ENTRIES, budget_to_change
from roadmap.time_budget.calendar_file import Event
from roadmap.time_budget.calendar_preview import Import, counted_elsewhere
from roadmap.time_budget.models import TimeEntry, TitleCategory
from roadmap.time_budget.overlaps import minutes_once
from roadmap.time_budget.sorting import Sorter, title_key

MAX_LEARNED = 2_000


@dataclass
class Imported:
    """How many entries an import added, changed, found unchanged, and removed."""

    added: int = 0
    changed: int = 0
    same: int = 0
    removed: int = 0


def sorter_of(session: Session, user_id: uuid.UUID) -> Sorter:
    """Return the rules with what a person has corrected."""
    return Sorter(
        calendar_queries.sorting_rules(),
        calendar_queries.learned_categories(session, user_id),
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
) -> Imported:
    """Save the entries that `categories` names by key, and remove the others of the import.

    Saving the same twice changes nothing. Without `keep_titles` no title of it is saved; one that
    an entry has already stays. Raises LimitReached.
    """
    budget = budget_to_change(session, user_id)
    budget.keep_titles = keep_titles
    keys = [*(each.key for each in found.events), *found.dropped]
    saved = calendar_queries.imported(session, user_id, found.first, found.last, keys)
    by_key = {each.event_uid: each for each in saved}
    chosen = [each for each in found.events if each.key in categories]
    _learn(session, user_id, chosen, categories)
    minutes = minutes_once(chosen, counted_elsewhere(found, saved))
    result = Imported()
    for event, counted in zip(chosen, minutes, strict=True):
        # What lies within shorter entries has no minute of its own.
        if counted:
            values: dict[str, object] = {
                "day": event.starts_at.date(),
                "category": categories[event.key],
                "minutes": counted,
                "starts_at": event.starts_at.astimezone(dt.UTC),
                "removed_at": None,
            }
            if keep_titles:
                values["title"] = event.title or None
            entry = by_key.get(event.key)
            if entry is None:
                more = {"event_uid": event.key, "source": "calendar", "created_at": now}
                session.add(TimeEntry(user_id=user_id, **values, **more))
                result.added += 1
            else:
                result.changed += (is_changed := _change(entry, values))
                result.same += not is_changed
    counting = {each.key for each, counted in zip(chosen, minutes, strict=True) if counted}
    for key in keys:
        entry = by_key.get(key)
        if key in counting or entry is None or entry.removed_at is not None:
            continue
        result.removed += 1
        if key in categories or key in found.dropped:
            # The calendar says so, and may say otherwise the next time.
            session.delete(entry)
        else:
            entry.removed_at, entry.title = now, None
    session.flush()
    if count_rows(session, TimeEntry, TimeEntry.user_id == user_id) > MAX_ENTRIES:
        raise LimitReached(
            _l("You already have %(most)d entries, the maximum.", most=MAX_ENTRIES),
            _l("Delete some that you no longer need, then import again."),
        )
    return result


def forget_titles(session: Session, user_id: uuid.UUID) -> None:
    """Delete the titles of all entries that calendars brought, and keep none from now on."""
    budget_to_change(session, user_id).keep_titles = False
    titled = calendar_queries.titled_by_calendar(user_id)
    session.execute(sa.update(TimeEntry).where(*titled).values(title=None))


def forget_corrections(session: Session, user_id: uuid.UUID) -> None:
    """Delete what a person's corrections taught, so that the rules sort every title again."""
    budget_to_change(session, user_id)
    session.execute(sa.delete(TitleCategory).filter_by(user_id=user_id))


def save_address(session: Session, user_id: uuid.UUID, url: str | None) -> None:
    """Store the address of a person's calendar, or none. No history and no log names it."""
    budget_to_change(session, user_id).calendar_url = url
    session.flush()


def _change(entry: TimeEntry, values: Mapping[str, object]) -> bool:
    """Give an entry new values; return whether any but its title differs."""
    changed = {name for name, value in values.items() if getattr(entry, name) != value}
    for name in changed:
        setattr(entry, name, values[name])
    return bool(changed - {"title"})


def _learn(
    session: Session, user_id: uuid.UUID, chosen: list[Event], categories: Mapping[str, str]
) -> None:
    """Remember the category of each title that was sorted in another way than suggested."""
    sorter = sorter_of(session, user_id)
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
