"""Write entries as a calendar that others subscribe to. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from roadmap.calendar.rules import Entry
from roadmap.core.icalendar_file import new_calendar

# How often a calendar should read it again.
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
    """Return one event of a day for each entry. The same entries give the same bytes.

    `owner` makes their UIDs unique, `base` is the address of Cairn.
    """
    import icalendar

    calendar = new_calendar("Target dates")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT6H")
    for each in entries:
        event = icalendar.Event()
        event.add("uid", f"{each.kind}-{each.key}-{owner}@cairn")
        # Without a METHOD this is when it was last revised (RFC 5545, 3.8.7.2), and never to come,
        # even if the server's clock was wrong on that day.
        event.add("dtstamp", min(each.changed_at, now))
        event.add("summary", summary(each))
        event.add("dtstart", each.day)
        # Without an end it is this one day. The day after the last of all years cannot be written.
        if each.day < dt.date.max:
            event.add("dtend", each.day + dt.timedelta(days=1))
        event.add("url", f"{base}{each.href}")
        # The day stays free.
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written
