"""Write calendar entries as an iCalendar feed. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from roadmap.calendar.rules import Entry
from roadmap.core.icalendar_file import new_calendar

# The refresh interval suggested to clients.
REFRESH = dt.timedelta(hours=6)


def write(
    entries: Iterable[Entry],
    summary: Callable[[Entry], str],
    *,
    name: str,
    owner: str,
    base: str,
    now: dt.datetime,
) -> bytes:
    """Return an iCalendar file with an all-day event per entry. The output is deterministic.

    `owner` makes the UIDs unique, `base` is the public URL of this installation.
    """
    import icalendar

    calendar = new_calendar("Target dates")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT6H")
    for each in entries:
        event = icalendar.Event()
        event.add("uid", f"{each.kind}-{each.key}-{owner}@cairn")
        # Without a METHOD, DTSTAMP is the last revision (RFC 5545, 3.8.7.2). It must not be in the
        # future, even if the server's clock was wrong at that time.
        event.add("dtstamp", min(each.changed_at, now))
        event.add("summary", summary(each))
        event.add("dtstart", each.day)
        # The day after `date.max` cannot be represented. Without DTEND, an event lasts one day.
        if each.day < dt.date.max:
            event.add("dtend", each.day + dt.timedelta(days=1))
        event.add("url", f"{base}{each.href}")
        # Do not block the day as busy.
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written
