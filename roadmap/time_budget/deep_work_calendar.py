"""Write deep work blocks as a calendar file. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from roadmap.core.icalendar_file import new_calendar

if TYPE_CHECKING:
    import icalendar

# Clock changes on the same weekday of a month for this long are considered a yearly rule.
YEARS = 4
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAY, MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)


def write(
    title: str,
    *,
    weekdays: Collection[int],
    start: dt.time,
    end: dt.time,
    weeks: int,
    zone: ZoneInfo,
    uid: str,
    now: dt.datetime,
) -> bytes:
    """Return a recurring event that starts tomorrow at the earliest, with its time zone.

    Weekdays count from Monday, 0. A file with the same `uid` replaces the previous series.
    """
    import icalendar

    today = now.astimezone(zone).date()
    coming = (today + number * DAY for number in range(1, 7 * weeks + 1))
    days = [day for day in coming if day.weekday() in weekdays]
    event = icalendar.Event()
    event.add("uid", uid)
    event.add("dtstamp", now)
    # Calendars only accept an update of the same UID if the sequence number grows.
    event.add("sequence", int(now.timestamp()) // 60)
    event.add("summary", title)
    event.add("dtstart", dt.datetime.combine(days[0], start, zone))
    event.add("dtend", dt.datetime.combine(days[0], end, zone))
    until = dt.datetime.combine(days[-1], start, zone).astimezone(dt.UTC)
    names = [WEEKDAYS[each] for each in sorted(set(weekdays))]
    event.add("rrule", {"freq": "weekly", "byday": names, "until": until})
    event.add("transp", "OPAQUE")
    event.add("x-microsoft-cdo-busystatus", "BUSY")
    calendar = new_calendar("Deep work")
    calendar.add("method", "PUBLISH")
    if zone.key != "UTC":
        calendar.add_component(_timezone(zone, days[0].year - 1))
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def _timezone(zone: ZoneInfo, first_year: int) -> icalendar.Timezone:
    """Return a time zone definition with yearly rules, if the zone has them.

    The library lists individual dates instead. Outlook cannot read those, and ical.js ignores the
    first.
    """
    import icalendar

    changes = _changes(zone, first_year)
    by_rule: dict[tuple[object, ...], list[_Change]] = {}
    for change in changes:
        by_rule.setdefault(change.rule, []).append(change)
    is_yearly = bool(changes) and all(len(each) == YEARS for each in by_rule.values())
    if is_yearly:
        changes = [each[0] for each in by_rule.values()]
    elif not changes:
        begin = dt.datetime(first_year, 1, 1)  # noqa: DTZ001 - a local time
        offset = _offset(begin.replace(tzinfo=zone), zone)
        changes = [_Change(begin, offset, offset, is_daylight=False)]
    result = icalendar.Timezone()
    result.add("tzid", zone.key)
    for change in changes:
        kind = icalendar.TimezoneDaylight if change.is_daylight else icalendar.TimezoneStandard
        observed = kind()
        observed.add("dtstart", change.at)
        observed.add("tzoffsetfrom", change.before)
        observed.add("tzoffsetto", change.after)
        if is_yearly:
            month, weekday, *_rest = change.rule
            observed.add("rrule", {"freq": "yearly", "bymonth": month, "byday": weekday})
        result.add_component(observed)
    return result


@dataclass(frozen=True)
class _Change:
    """A clock change, at the local time before it, with the offsets before and after."""

    at: dt.datetime
    before: dt.timedelta
    after: dt.timedelta
    is_daylight: bool

    @property
    def rule(self) -> tuple[object, ...]:
        """Return the month, the weekday (-1SU for the last Sunday), the time and the offsets."""
        is_last = (self.at + 7 * DAY).month != self.at.month
        number = -1 if is_last else (self.at.day - 1) // 7 + 1
        weekday = f"{number}{WEEKDAYS[self.at.weekday()]}"
        return self.at.month, weekday, self.at.time(), self.before, self.after


def _changes(zone: ZoneInfo, first_year: int) -> list[_Change]:
    """Return the clock changes of a zone in `YEARS` years, to the minute."""
    found = []
    moment = dt.datetime(first_year, 1, 1, tzinfo=dt.UTC)
    while moment.year < first_year + YEARS:
        before, after = _offset(moment, zone), _offset(moment + DAY, zone)
        if before != after:
            minutes = (moment + number * MINUTE for number in range(1, 24 * 60 + 1))
            at = next(each for each in minutes if _offset(each, zone) == after)
            is_daylight = bool((moment + DAY).astimezone(zone).dst())
            found.append(_Change((at + before).replace(tzinfo=None), before, after, is_daylight))
        moment += DAY
    return found


def _offset(moment: dt.datetime, zone: ZoneInfo) -> dt.timedelta:
    return moment.astimezone(zone).utcoffset() or dt.timedelta()
