"""Write blocks of deep work as a calendar file. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from roadmap.core.icalendar_file import new_calendar

if TYPE_CHECKING:
    import icalendar

# Changes on the same weekday of a month for this long are a rule.
YEARS = 4
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class Blocks:
    """Hours of each week: weekdays from Monday, 0, in a time zone, for some weeks."""

    weekdays: Sequence[int]
    start: dt.time
    end: dt.time
    weeks: int
    zone: str

    def days(self, today: dt.date) -> tuple[dt.date, dt.date]:
        """Return the first and the last day, tomorrow at the earliest."""
        begin = today + dt.timedelta(days=1)
        all_days = (begin + dt.timedelta(days=each) for each in range(7 * self.weeks))
        found = [day for day in all_days if day.weekday() in self.weekdays]
        return found[0], found[-1]


def write(blocks: Blocks, title: str, *, uid: str, now: dt.datetime, today: dt.date) -> bytes:
    """Return one series of events with its time zone; the same `uid` replaces the last one."""
    import icalendar

    zone = ZoneInfo(blocks.zone)
    first, last = blocks.days(today)
    event = icalendar.Event()
    event.add("uid", uid)
    event.add("dtstamp", now)
    # Calendars take a file with the same UID as news only where this number grows.
    event.add("sequence", int(now.timestamp()) // 60)
    event.add("summary", title)
    event.add("dtstart", dt.datetime.combine(first, blocks.start, zone))
    event.add("dtend", dt.datetime.combine(first, blocks.end, zone))
    until = dt.datetime.combine(last, blocks.start, zone).astimezone(dt.UTC)
    names = [WEEKDAYS[each] for each in sorted(set(blocks.weekdays))]
    event.add("rrule", {"freq": "weekly", "byday": names, "until": until})
    event.add("transp", "OPAQUE")
    event.add("x-microsoft-cdo-busystatus", "BUSY")
    calendar = new_calendar("Deep work")
    if blocks.zone != "UTC":
        calendar.add_component(_timezone(zone, first))
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def _timezone(zone: ZoneInfo, first: dt.date) -> icalendar.Timezone:
    """Return a time zone whose changes are yearly rules, where it has such.

    The library lists the days of the changes. Outlook does not read that, and ical.js leaves out
    the first of them.
    """
    import icalendar

    result = icalendar.Timezone()
    result.add("tzid", zone.key)
    changes = _changes(zone, first.year - 1, first.year + 2)
    rules: dict[tuple[object, ...], list[_Change]] = {}
    for change in changes:
        rules.setdefault(change.rule, []).append(change)
    are_yearly = all(len(each) == YEARS for each in rules.values())
    if not changes:
        begin = dt.datetime(first.year - 1, 1, 1)  # noqa: DTZ001 - a local time
        offset = begin.replace(tzinfo=zone).utcoffset() or dt.timedelta()
        changes = [_Change(begin, offset, offset, is_daylight=False)]
    for change in [each[0] for each in rules.values()] if rules and are_yearly else changes:
        kind = icalendar.TimezoneDaylight if change.is_daylight else icalendar.TimezoneStandard
        observed = kind()
        observed.add("dtstart", change.at)
        observed.add("tzoffsetfrom", change.before)
        observed.add("tzoffsetto", change.after)
        if rules and are_yearly:
            month, weekday, *_rest = change.rule
            observed.add("rrule", {"freq": "yearly", "bymonth": month, "byday": weekday})
        result.add_component(observed)
    return result


@dataclass(frozen=True)
class _Change:
    """When clocks change, as they show it before, and from which offset to which."""

    at: dt.datetime
    before: dt.timedelta
    after: dt.timedelta
    is_daylight: bool

    @property
    def rule(self) -> tuple[object, ...]:
        """Return month, weekday of the month (-1SU for its last Sunday), and the rest."""
        is_last = (self.at + dt.timedelta(days=7)).month != self.at.month
        number = -1 if is_last else (self.at.day - 1) // 7 + 1
        weekday = f"{number}{WEEKDAYS[self.at.weekday()]}"
        return self.at.month, weekday, self.at.time(), self.before, self.after


def _changes(zone: ZoneInfo, first_year: int, last_year: int) -> list[_Change]:
    """Return the changes of a zone's clocks in some years, to the minute."""
    found = []
    moment = dt.datetime(first_year, 1, 1, tzinfo=dt.UTC)
    day, minute = dt.timedelta(days=1), dt.timedelta(minutes=1)
    while moment.year <= last_year:
        later = moment + day
        if _offset(moment, zone) != _offset(later, zone):
            low, high = moment, later
            while high - low > minute:
                middle = low + (high - low) // 2
                middle -= dt.timedelta(seconds=middle.second, microseconds=middle.microsecond)
                if _offset(middle, zone) == _offset(moment, zone):
                    low = middle
                else:
                    high = middle
            before, after = _offset(moment, zone), _offset(later, zone)
            is_daylight = bool(later.astimezone(zone).dst())
            found.append(_Change((high + before).replace(tzinfo=None), before, after, is_daylight))
        moment = later
    return found


def _offset(moment: dt.datetime, zone: ZoneInfo) -> dt.timedelta:
    return moment.astimezone(zone).utcoffset() or dt.timedelta()
