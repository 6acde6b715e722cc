"""Preview the events of a calendar before they are saved. Calendar files are never stored.

The page carries the events in a signed field, so that the server need not keep them.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count, islice
from typing import TYPE_CHECKING

from itsdangerous import BadData, URLSafeTimedSerializer

from roadmap.time_budget.calendar_file import CalendarContents, Event
from roadmap.time_budget.models import TimeEntry
from roadmap.time_budget.sorting import Choice, Sorter

if TYPE_CHECKING:
    from pydantic import TypeAdapter

# The maximum number of rows in a form; each row has two fields.
MAX_ROWS = 95
LIFETIME = dt.timedelta(hours=12)


@dataclass(frozen=True)
class Import:
    """The signed data of the form: events, and keys of events that no longer count."""

    first: dt.date
    last: dt.date
    events: Sequence[Event]
    dropped: Sequence[str]


@dataclass(frozen=True)
class Row:
    """An event with the suggested category.

    `state` is "new", "unsure" (not accepted), "counted" (overlapping events have its minutes),
    "saved", "changed" or "removed" (by the person).
    """

    event: Event
    minutes: int
    choice: Choice
    category: str
    state: str

    @property
    def is_ticked(self) -> bool:
        return self.state not in ("unsure", "counted", "removed")


def make_import(contents: CalendarContents, first: dt.date, last: dt.date) -> Import:
    """Return as many whole days of a calendar as fit in one form."""
    events = contents.events
    if len(events) > MAX_ROWS:
        cut = events[MAX_ROWS].starts_at.date()
        kept = [each for each in events if each.starts_at.date() < cut]
        # If the first day alone has too many events, it is truncated.
        events = kept or events[:MAX_ROWS]
        last = events[-1].starts_at.date()
    dropped = [each.key for each in contents.skipped if first <= each.day <= last]
    return Import(first, last, events, dropped)


def preview_rows(import_data: Import, saved: Sequence[TimeEntry], sorter: Sorter) -> list[Row]:
    """Return a row for each event; `saved` are the entries from earlier imports."""
    by_key = {each.event_uid: each for each in saved}
    counted = [each for each in import_data.events if _is_counted(each, by_key.get(each.key))]
    minutes_by_key = count_minutes(counted, import_data, saved)
    rows = []
    for event in import_data.events:
        entry, choice = by_key.get(event.key), sorter.sort(event.title, event.people)
        minutes = minutes_by_key.get(event.key, event.minutes)
        category = entry.category if entry else choice.category
        rows.append(Row(event, minutes, choice, category, _state(event, entry, minutes)))
    return rows


def count_minutes(
    chosen: Sequence[Event], import_data: Import, saved: Iterable[TimeEntry]
) -> dict[str, int]:
    """Return the minutes of events by key, without minutes counted in earlier imports."""
    here = {each.key for each in import_data.events} | set(import_data.dropped)
    elsewhere = [
        (each.starts_at, each.minutes)
        for each in saved
        if each.removed_at is None and each.starts_at and each.event_uid not in here
    ]
    return non_overlapping_minutes(chosen, elsewhere)


def _is_counted(event: Event, entry: TimeEntry | None) -> bool:
    return entry.removed_at is None if entry else not event.unsure


def _state(event: Event, entry: TimeEntry | None, minutes: int) -> str:
    if entry is None:
        if event.unsure:
            return "unsure"
        return "new" if minutes else "counted"
    if entry.removed_at is not None:
        return "removed"
    is_same = entry.minutes == minutes and entry.starts_at == event.starts_at
    return "saved" if is_same else "changed"


def non_overlapping_minutes(
    events: Sequence[Event], counted: Iterable[tuple[dt.datetime, int]] = ()
) -> dict[str, int]:
    """Return the minutes of events by key, counting overlapping minutes only once.

    The shorter event has priority: a stand-up within a focus block was a stand-up. `counted` are
    the start and minutes of entries that are already counted.
    """
    taken: set[int] = set()
    for start, minutes in sorted(counted, key=lambda each: each[1]):
        # A longer entry continues after the shorter ones within it.
        left = (at for at in count(_minute(start)) if at not in taken)
        taken.update(list(islice(left, minutes)))
    found = {}
    for event in sorted(events, key=lambda each: (each.ends_at - each.starts_at, each.starts_at)):
        free = set(range(_minute(event.starts_at), _minute(event.ends_at))) - taken
        found[event.key] = len(free)
        taken |= free
    return found


def _minute(moment: dt.datetime) -> int:
    return int(moment.timestamp()) // 60


def sign(import_data: Import, user_id: uuid.UUID, key: str) -> str:
    """Sign the import for this person, for the field in the page."""
    return _serializer(key, user_id).dumps(_import_adapter().dump_python(import_data, mode="json"))


def read_signed(text: str, user_id: uuid.UUID, key: str) -> Import | None:
    """Return the import from a signed field, or None if it is expired, invalid or not theirs."""
    try:
        found = _serializer(key, user_id).loads(text, max_age=int(LIFETIME.total_seconds()))
        return _import_adapter().validate_python(found)
    except (BadData, ValueError):  # ValueError: written by an earlier release
        return None


@cache
def _import_adapter() -> TypeAdapter[Import]:
    from pydantic import TypeAdapter

    return TypeAdapter(Import)


def _serializer(key: str, user_id: uuid.UUID) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key, salt=f"calendar of {user_id}")
