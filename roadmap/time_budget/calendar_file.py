"""Read the events of a calendar file in a window of days.

The library expands recurring events and their exceptions. The file is untrusted, and a single rule
can take hours to expand, so `read_isolated` runs this file as a process with time and memory
limits. It therefore imports no other module of the application, and the time zones that the library
caches disappear with the process.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from pydantic import TypeAdapter

# A file of 10 MB takes about three seconds.
TIMEOUT_SECONDS = 15
MAX_MEMORY_BYTES = 512 * 1024**2
MAX_UNPACKED_BYTES = 10_000_000
MAX_SERIES = 5_000
# The maximum number of each in a result.
MAX_EVENTS, MAX_SKIPPED, MAX_PROBLEMS = 500, 200, 20
MAX_TITLE = 200
# The exit status of a process that printed why the file was rejected.
EXIT_REJECTED = 3
DAY = dt.timedelta(days=1)

_LINE_END = re.compile(r"\r\n|\n|\r")
_NAME = re.compile(r"([A-Za-z0-9-]+)[;:]")
_DATE = re.compile(r":\s*(\d{8})(?:T\d{6}Z?)?\s*$")
_UNTIL = re.compile(r"UNTIL=(\d{8})", re.IGNORECASE)
_TZID = re.compile(r';TZID=(?:"([^"]+)"|([^":;]+))', re.IGNORECASE)
# The properties of an event that are used. Descriptions, places and links are never read.
_KEPT = frozenset(
    [
        "UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID",
        "SEQUENCE", "STATUS", "TRANSP", "SUMMARY", "ATTENDEE", "ORGANIZER",
        "X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-CDO-ALLDAYEVENT",
    ]
)  # fmt: skip
_TIMES = ("DTSTART", "DTEND", "RDATE", "EXDATE", "RECURRENCE-ID")


class CalendarError(ValueError):
    """The file is not a valid calendar; the text is a key of `calendar_texts.FAULTS`."""


@dataclass(frozen=True)
class Window:
    """The requested days, both inclusive, in the person's time zone."""

    first: dt.date
    last: dt.date
    zone: str


@dataclass(frozen=True)
class Event:
    """A meeting or another block of time on one day of the window.

    `key` stays the same if the event is moved or renamed. `people` counts everyone who attends,
    including the person, and is 0 if nobody is named. `unsure` means not or tentatively accepted.
    """

    key: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    title: str
    people: int = 0
    unsure: bool = False

    @property
    def minutes(self) -> int:
        return round((self.ends_at - self.starts_at) / dt.timedelta(minutes=1))


@dataclass(frozen=True)
class SkippedEvent:
    """An event in the window that takes no time; `reason` is a key."""

    key: str
    day: dt.date
    title: str
    reason: str


@dataclass(frozen=True)
class Problem:
    """Something that could not be read: `code` is a key, `what` names the part."""

    code: str
    line: int
    what: str = ""


@dataclass
class CalendarContents:
    """The events of a file in the window. `outside_window` is the number of other events."""

    events: list[Event] = field(default_factory=list)
    skipped: list[SkippedEvent] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    outside_window: int = 0


@cache
def _result_adapter() -> TypeAdapter[CalendarContents]:
    from pydantic import TypeAdapter

    return TypeAdapter(CalendarContents)


def read_isolated(
    data: bytes, window: Window, own: Iterable[str] = (), *, timeout: float = TIMEOUT_SECONDS
) -> CalendarContents:
    """Return the result of `read`, run in a process with limits. Raises CalendarError."""
    order = json.dumps([*dataclasses.astuple(window), list(own)], default=str)
    try:
        done = subprocess.run(  # noqa: S603 - our own file, by our own interpreter
            # -I: ignore the environment and the current directory for imports.
            [sys.executable, "-I", __file__],
            input=order.encode() + b"\n" + data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # The library's warnings can be as long as the file.
            env={},  # No secrets.
            cwd=Path(__file__).parent,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise CalendarError("too-slow") from late
    if done.returncode == EXIT_REJECTED:
        raise CalendarError(done.stdout.decode())
    if done.returncode != 0:
        raise CalendarError("too-slow")
    return _result_adapter().validate_json(done.stdout)


def read(data: bytes, window: Window, own: Iterable[str] = ()) -> CalendarContents:
    """Return the events of a file, or of a ZIP of files, on the days of the window.

    `own` are the person's addresses, to skip events that they declined. Raises CalendarError.
    """
    texts = [_decode(each) for each in _unpack(data)]
    contents = CalendarContents()
    for text in texts:
        _File(text, window, frozenset(map(_fold, own)), contents).read()
    # Several calendars in a ZIP can contain the same meeting; the last one counts.
    once = {each.key: each for each in contents.events}
    contents.events = sorted(
        once.values(), key=lambda each: (each.starts_at, each.ends_at, each.title)
    )
    contents.skipped.sort(key=lambda each: (each.day, each.title))
    contents.problems.sort(key=lambda each: each.line)
    del contents.events[MAX_EVENTS:], contents.skipped[MAX_SKIPPED:]
    return contents


def _unpack(data: bytes) -> list[bytes]:
    """Return the calendars in a ZIP (a Google export), or the file itself."""
    if not data.startswith(b"PK\x03\x04"):
        return [data]
    found = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [each for each in archive.infolist() if each.filename.endswith(".ics")]
            if not members:
                raise CalendarError("empty-zip")
            left = MAX_UNPACKED_BYTES
            for member in members[:20]:
                with archive.open(member) as file:
                    found.append(file.read(left + 1))
                left -= len(found[-1])
                if left < 0:
                    raise CalendarError("too-large")
    except CalendarError:
        raise
    # A damaged, truncated or encrypted member raises exceptions of its compression method.
    except Exception as error:
        raise CalendarError("broken-zip") from error
    return found


def _decode(data: bytes) -> str:
    if len(data) > MAX_UNPACKED_BYTES:
        raise CalendarError("too-large")
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if not re.match(r"\s*BEGIN:VCALENDAR\s", text, re.IGNORECASE):
        raise CalendarError("no-calendar")
    return text


@dataclass
class _Block:
    line: int
    lines: list[str] = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        return [each for each in self.lines if re.match(rf"{name}[;:]", each, re.IGNORECASE)]

    def value(self, name: str) -> str:
        """Return the value of a property, or "" if it is missing."""
        found = self.values(name)
        return found[0].partition(":")[2].strip() if found else ""

    @cached_property
    def uid(self) -> str:
        if uid := self.value("UID"):
            return uid
        return _digest(self.value("SUMMARY"), *self.values("DTSTART"))

    @property
    def title(self) -> str:
        return _title(re.sub(r"\\(.)", _unescape, self.value("SUMMARY")))


class _File:
    def __init__(
        self, text: str, window: Window, own: frozenset[str], contents: CalendarContents
    ) -> None:  # fmt: skip
        self.text, self.window, self.contents = text, window, contents
        self.own = own
        self.zone = ZoneInfo(window.zone)
        self.zones: list[_Block] = []
        # Time zones differ by up to 26 hours.
        self.begin, self.end = window.first - 2 * DAY, window.last + 2 * DAY

    def read(self) -> None:
        series: dict[str, list[_Block]] = {}
        for block in self._entries():
            series.setdefault(block.uid, []).append(block)
        for zone in self.zones:
            self._register_zone(zone)
        wanted = {uid: blocks for uid, blocks in series.items() if self._may_overlap(blocks)}
        self.contents.outside_window += len(series) - len(wanted)
        for number, (uid, blocks) in enumerate(wanted.items()):
            if number == MAX_SERIES:
                self._problem("too-many", blocks[0].line)
                break
            try:
                found = self._expand(uid, blocks)
            # The library can raise anything for invalid values; other series are still read.
            except Exception:  # noqa: BLE001
                self._problem("entry", blocks[0].line, blocks[0].title or uid[:MAX_TITLE])
            else:
                self.contents.outside_window += not found

    def _problem(self, code: str, line: int, what: str = "") -> None:
        problems, problem = self.contents.problems, Problem(code, line, what[:MAX_TITLE])
        if len(problems) < MAX_PROBLEMS and problem not in problems:
            problems.append(problem)

    def _entries(self) -> Iterator[_Block]:
        open_: list[str] = []
        block: _Block | None = None
        for number, line in _unfold(self.text):
            name = match[1].upper() if (match := _NAME.match(line)) else ""
            value = line.partition(":")[2].strip().upper()
            if name == "BEGIN":
                if block and value == "VEVENT":
                    # The previous event has no END.
                    self._problem("cut-off", block.line, block.title)
                    block, open_ = None, ["VCALENDAR"]
                open_.append(value)
                if len(open_) == 2 and value in ("VEVENT", "VTIMEZONE"):
                    block = _Block(number)
            elif name in ("X-WR-CALNAME", "X-OWNER") and "@" in value:
                # Google puts the owner's address in the calendar name, Outlook in X-OWNER.
                self.own |= {_fold(value)}
            if block is None or not line.strip():
                continue
            if "VTIMEZONE" in open_ or (len(open_) == 2 and name in _KEPT):
                block.lines.append(line)
            elif not name:
                self._problem("line", number, block.title)
            if name == "END" and value in open_:
                while open_.pop() != value:
                    pass
                if len(open_) < 2:
                    if value == "VEVENT":
                        yield block
                    elif value == "VTIMEZONE":
                        self.zones.append(block)
                    else:  # the file ends within it
                        self._problem("cut-off", block.line, block.title)
                    block = None
        if block:
            self._problem("cut-off", block.line, block.title)

    def _register_zone(self, zone: _Block) -> None:
        """Register a time zone of the file with the library, under its name in the file."""
        import icalendar

        rules = zone.values("RRULE")
        if len(zone.lines) > 2_000 or any("FREQ=YEARLY" not in each.upper() for each in rules):
            self._problem("time-zone", zone.line, zone.value("TZID"))
            return
        try:
            icalendar.Timezone.from_ical("\r\n".join(zone.lines))
        except Exception:  # noqa: BLE001 - as in `read`
            self._problem("time-zone", zone.line, zone.value("TZID"))

    def _may_overlap(self, blocks: list[_Block]) -> bool:
        """Return whether a series may have an occurrence in the window, without parsing it."""
        for block in blocks:
            found = _DATE.search(next(iter(block.values("DTSTART")), ""))
            if not found:
                return True
            begins, rule = found[1], block.value("RRULE")
            until = _UNTIL.search(rule)
            ends = begins if not rule else until[1] if until else "99999999"
            if block.values("RDATE"):
                begins, ends = "00000000", "99999999"
            if begins <= f"{self.end:%Y%m%d}" and max(begins, ends) >= f"{self.begin:%Y%m%d}":
                return True
        return False

    def _expand(self, uid: str, blocks: list[_Block]) -> bool:
        """Add the occurrences of a series; return whether there are any in the window."""
        import icalendar
        import recurring_ical_events

        calendar = icalendar.Calendar()
        recurs = False
        for block in blocks:
            if self._is_readable(block):
                lines = ["BEGIN:VEVENT", *block.lines, "END:VEVENT"]
                event: Any = icalendar.Event.from_ical("\r\n".join(lines))
                for name in dict.fromkeys(name for name, _error in event.errors):
                    self._problem("property", block.line, f"{block.title} ({name})")
                    del event[name]
                if "DTSTART" in event:
                    calendar.add_component(event)
                recurs |= any(each in event for each in ("RRULE", "RDATE", "RECURRENCE-ID"))
        found = False
        for event in recurring_ical_events.of(calendar).between(self.begin, self.end + DAY):
            original = ""
            if recurs:
                original = str(self._to_local_time(event["RECURRENCE-ID"].dt).astimezone(dt.UTC))
            found |= self._add(_digest(uid, original), event)
        return found

    def _is_readable(self, block: _Block) -> bool:
        """Return whether an event's rule is supported; report unknown time zones."""
        for line in block.lines:
            name = line.upper()
            if name.startswith("RRULE") and not _is_supported_rule(name):
                self._problem("too-often", block.line, block.title)
                return False
            found = _TZID.search(line) if name.startswith(_TIMES) else None
            if found and not _is_known_zone(zone := found[1] or found[2]):
                self._problem("unknown-zone", block.line, f"{block.title} ({zone})")
        return True

    def _add(self, key: str, event: Any) -> bool:
        """Add an occurrence that starts in the window; return whether it does."""
        start, end = event["DTSTART"].dt, event["DTEND"].dt if "DTEND" in event else None
        is_date = not isinstance(start, dt.datetime)
        begins = self._to_local_time(start)
        ends = begins if end is None else self._to_local_time(end)
        day = begins.date()
        if is_date:
            overlaps = start <= self.window.last and (end or start + DAY) > self.window.first
            day = max(start, self.window.first)
        else:
            overlaps = self.window.first <= day <= self.window.last
        if not overlaps:
            return False
        title = _title(str(event.get("SUMMARY", "")))
        people, answer = self._count_attendees(event)
        # Subtracting times of the same zone ignores a clock change in between. If clocks go back
        # during the event, more time has passed.
        length = max(ends - begins, ends.astimezone(dt.UTC) - begins.astimezone(dt.UTC))
        reason = self._skip_reason(event, answer, is_date, length)
        if reason:
            self.contents.skipped.append(SkippedEvent(key, day, title, reason))
        else:
            unsure = answer in ("NEEDS-ACTION", "TENTATIVE") or "TENTATIVE" in (
                _text(event, "STATUS"), _text(event, "X-MICROSOFT-CDO-BUSYSTATUS")
            )  # fmt: skip
            self.contents.events.append(Event(key, begins, ends, title, people, unsure))
        return True

    def _to_local_time(self, value: dt.date) -> dt.datetime:
        """Return the time in the person's zone; dates and times without a zone are local."""
        if not isinstance(value, dt.datetime):
            value = dt.datetime.combine(value, dt.time())
        if value.tzinfo is None:
            return value.replace(tzinfo=self.zone)
        return value.astimezone(dt.UTC).astimezone(self.zone)

    def _skip_reason(self, event: Any, answer: str, is_date: bool, length: dt.timedelta) -> str:
        """Return why an occurrence does not count, or "" if it does."""
        busy = _text(event, "X-MICROSOFT-CDO-BUSYSTATUS")
        if _text(event, "STATUS") == "CANCELLED":
            return "cancelled"
        if answer == "DECLINED":
            return "declined"
        is_all_day = is_date or _text(event, "X-MICROSOFT-CDO-ALLDAYEVENT") == "TRUE"
        if is_all_day or length >= DAY:
            return "all-day"
        if busy == "OOF":
            return "away"
        if busy == "FREE" or _text(event, "TRANSP") == "TRANSPARENT":
            return "free"
        return "no-duration" if length <= dt.timedelta(0) else ""

    def _count_attendees(self, event: Any) -> tuple[int, str]:
        """Return the number of attendees, and the person's response, "" if unknown."""
        attendees = event.get("ATTENDEE", [])
        attendees = attendees if isinstance(attendees, list) else [attendees]
        participants, answer = set(), ""
        for each in attendees:
            names, response = _addresses(each), _param(each, "PARTSTAT")
            if names & self.own:
                answer = response
            if response != "DECLINED" and _param(each, "CUTYPE") not in ("ROOM", "RESOURCE"):
                participants.add(min(names))
        if attendees and "ORGANIZER" in event:
            # Outlook does not list the organizer among the attendees.
            names = _addresses(event["ORGANIZER"])
            if not any(names & _addresses(each) for each in attendees):
                participants.add(min(names))
        # Exclude Google's rooms and shared calendars, which have addresses too.
        return sum(not each.endswith("calendar.google.com") for each in participants), answer


def _is_known_zone(name: str) -> bool:
    from icalendar.timezone import tzp

    with contextlib.suppress(Exception):
        return tzp.timezone(name) is not None
    return False


def _unfold(text: str) -> Iterator[tuple[int, str]]:
    """Yield the unfolded content lines, each with its first line number."""
    parts: list[str] = []
    began = 1
    for number, line in enumerate(_LINE_END.split(text), 1):
        if line[:1] in (" ", "\t") and parts:
            parts.append(line[1:])
            continue
        if parts:
            yield began, "".join(parts)
        parts, began = [line], number
    yield began, "".join(parts)


def _unescape(match: re.Match[str]) -> str:
    return " " if match[1] in "nN" else match[1]


def _is_supported_rule(rule: str) -> bool:
    """Return whether a rule repeats by day, week, month or year, as in personal calendars.

    Finer rules, and those with many times a day, would be expanded from their first day on.
    """
    parts = dict(
        part.strip().split("=", 1) for part in rule.partition(":")[2].split(";") if "=" in part
    )
    times = 1
    for name in ("BYHOUR", "BYMINUTE", "BYSECOND"):
        times *= parts.get(name, "").count(",") + 1
    step = parts.get("INTERVAL", "1")
    is_frequency = parts.get("FREQ") in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
    # A nonexistent day of a month would be searched for until the year 9999.
    is_endless = parts.get("FREQ") == "DAILY" and "BYMONTHDAY" in parts and "BYMONTH" in parts
    return is_frequency and times <= 24 and step.strip("0").isdecimal() and not is_endless


def _text(event: Any, name: str) -> str:
    return str(event.get(name, "")).strip().upper()


def _param(address: Any, name: str) -> str:
    return str(getattr(address, "params", {}).get(name, "")).upper()


def _addresses(address: Any) -> set[str]:
    """Return the normalized addresses of a person; Apple puts some only in a parameter."""
    found = {_fold(str(address)), _fold(str(getattr(address, "params", {}).get("EMAIL", "")))}
    return found - {""} or {""}


def _fold(address: str) -> str:
    return re.sub(r"^mailto:", "", address.strip().casefold())


def _title(text: str) -> str:
    # Databases reject null bytes, and pages have no use for other control characters.
    text = re.sub(r"[\x00-\x1f\x7f]", " ", text)
    return " ".join(text.split())[:MAX_TITLE].strip()


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()


def main() -> int:
    """Read a line of JSON arguments and the file from stdin; write the result to stdout."""
    first, last, zone, own = json.loads(sys.stdin.buffer.readline())
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY_BYTES,) * 2)
        resource.setrlimit(resource.RLIMIT_CPU, (TIMEOUT_SECONDS,) * 2)
    window = Window(dt.date.fromisoformat(first), dt.date.fromisoformat(last), zone)
    try:
        found = read(sys.stdin.buffer.read(), window, own)
    except CalendarError as error:
        sys.stdout.write(str(error))
        return EXIT_REJECTED
    sys.stdout.buffer.write(_result_adapter().dump_json(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
