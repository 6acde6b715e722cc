"""Parsing of calendar files as Google, Outlook and Apple write them."""

from __future__ import annotations

import datetime as dt
import io
import time
import zipfile
from pathlib import Path

import pytest

from roadmap.time_budget import calendar_file
from roadmap.time_budget.calendar_file import CalendarContents, CalendarError, Window, read

CALENDARS = Path(__file__).parent / "calendars"
BERLIN = Window(dt.date(2026, 10, 19), dt.date(2026, 11, 1), "Europe/Berlin")


def read_file(name: str, window: Window = BERLIN) -> CalendarContents:
    return read((CALENDARS / f"{name}.ics").read_bytes(), window, ["Alice@example.org"])


def calendar(*entries: str) -> bytes:
    """Return a calendar file with these events, each given as property lines."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//EN"]
    for entry in entries:
        lines += ["BEGIN:VEVENT", *entry.splitlines(), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def zip_of(*files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, data in enumerate(files):
            archive.writestr(f"alice@example.org {number}.ics", data)
    return packed.getvalue()


def entry(uid: str, *more: str, start: str = "20261020T100000Z") -> str:
    return "\n".join((f"UID:{uid}", f"DTSTART:{start}", "DURATION:PT30M", f"SUMMARY:{uid}", *more))


def events_of(contents: CalendarContents) -> list[tuple[str, int, str, int]]:
    return [
        (f"{each.starts_at:%d %H:%M}", each.minutes, each.title, each.people)
        for each in contents.events
    ]


def skip_reasons(contents: CalendarContents) -> dict[str, str]:
    return {each.title: each.reason for each in contents.skipped}


def test_google_series_with_moved_removed_and_declined_instances() -> None:
    found = read_file("google")
    assert events_of(found) == [
        ("19 09:30", 15, "Ranking stand-up", 3),
        ("20 09:30", 15, "Ranking stand-up", 3),
        ("20 15:00", 30, "Alice / Bob", 2),  # the room does not count as a person
        ("22 11:00", 30, "Ranking stand-up (late)", 1),
        # The clock goes back on the 25th, the local time stays.
        ("26 09:30", 15, "Ranking stand-up", 3),
        ("27 09:30", 15, "Ranking stand-up", 3),
        ("28 09:30", 15, "Ranking stand-up", 3),
        ("29 09:30", 15, "Ranking stand-up", 3),
        ("30 09:30", 15, "Ranking stand-up", 3),
    ]
    assert skip_reasons(found) == {"Ranking stand-up": "declined", "Team day, all of us": "all-day"}
    assert found.problems == []


def test_outlook_calendar_with_windows_time_zones() -> None:
    found = read_file("outlook")
    assert events_of(found) == [
        ("20 14:00", 60, "Quarterly planning with Product", 3),  # the organizer is not an attendee
        ("26 10:00", 60, "Model design review", 0),  # 14:30 in a time zone that the file defines
        ("28 09:00", 60, "Quarterly planning with Product", 2),  # moved from Tuesday
    ]
    assert [each.unsure for each in found.events] == [False, True, False]
    assert skip_reasons(found) == {
        "Lunch": "free",
        "Canceled: Vendor demo": "cancelled",
        "Dentist": "away",
        "Offsite": "all-day",
    }
    assert found.problems == []


def test_apple_calendar_with_email_parameters_and_floating_times() -> None:
    found = read_file("apple")
    assert events_of(found) == [
        ("22 16:00", 60, "Mentoring Carol", 2),
        ("27 09:00", 180, "Focus: retrieval prototype", 0),
        # Berlin has changed its clocks, New York has not.
        ("29 15:00", 60, "Mentoring Carol", 2),
    ]
    assert skip_reasons(found) == {"All hands rehearsal": "declined", "Send report": "no-duration"}
    in_tokyo = read_file("apple", Window(BERLIN.first, BERLIN.last, "Asia/Tokyo"))
    assert [at for at, *_ in events_of(in_tokyo)] == ["22 23:00", "27 09:00", "29 23:00"]


def test_event_key_is_stable_when_moved_or_renamed() -> None:
    rule = "RRULE:FREQ=WEEKLY;COUNT=2"
    first = read(calendar(entry("one"), entry("series", rule)), BERLIN)
    moved = "UID:series\nDTSTART:20261021T090000Z\nDURATION:PT1H\nSUMMARY:Another name"
    again = read(
        calendar(
            entry("one", start="20261022T080000Z"),
            entry("series", rule),
            f"{moved}\nRECURRENCE-ID:20261020T100000Z",
        ),
        BERLIN,
    )
    assert len(first.events) == len({each.key for each in first.events}) == 3
    assert {each.key for each in again.events} == {each.key for each in first.events}


@pytest.mark.parametrize("end", ["", "END:VCALENDAR\r\n"], ids=["end of file", "end of calendar"])
def test_broken_lines_are_reported_and_the_rest_is_parsed(end: str) -> None:
    data = calendar(
        entry("fine"),
        entry("no colon", "this line was broken by a mail program"),
        entry("no hour", start="20261020T990000Z"),
        entry("odd zone").replace("DTSTART:", "DTSTART;TZID=Mars/Olympus:").replace("00Z", "00"),
    )
    cut = data.replace(b"END:VCALENDAR\r\n", b"BEGIN:VEVENT\r\nUID:half\r\nSUMMARY:half\r\n")
    found = read(cut + end.encode(), BERLIN)
    assert {each.title for each in found.events} == {"fine", "no colon", "odd zone"}
    assert [(each.code, each.line, each.what) for each in found.problems] == [
        ("line", 15, "no colon"),
        ("property", 17, "no hour (DTSTART)"),
        ("unknown-zone", 23, "odd zone (Mars/Olympus)"),
        ("cut-off", 29, "half"),
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<!DOCTYPE html><title>Sign in</title>", "no-calendar"),
        (b"PK\x03\x04 and then nothing", "broken-zip"),
        (zip_of(b"BEGIN:VCALENDAR\r\n" + b"X" * 10_000_001), "too-large"),
        (zip_of(bytes(range(256)) * 20)[:-300] + b"cut", "broken-zip"),
        (b"BEGIN:VCALENDAR\r\n" + b"X" * 10_000_001, "too-large"),
    ],
    ids=["html", "broken zip", "zip bomb", "corrupt zip", "too large"],
)
def test_invalid_calendar_file_is_rejected(data: bytes, reason: str) -> None:
    with pytest.raises(CalendarError, match=reason):
        read(data, BERLIN)


def test_event_duration_is_correct_when_the_clock_goes_back() -> None:
    call = "UID:call\nDTSTART:20261025T003000Z\nDTEND:20261025T011000Z\nSUMMARY:On call"
    day = "UID:day\nDTSTART:20261024T220000Z\nDTEND:20261025T220000Z\nSUMMARY:Watch"
    found = read(calendar(call, day), BERLIN)
    assert skip_reasons(found) == {"Watch": "all-day"}
    minutes = [
        each.minutes for each in calendar_file.read_isolated(calendar(call, day), BERLIN).events
    ]
    assert minutes == [40]


def test_many_broken_lines_are_parsed_quickly() -> None:
    data = calendar(entry("good", *["a line of a description"] * 20_000))
    found = calendar_file.read_isolated(data, BERLIN, timeout=5)
    assert events_of(found) == [("20 12:00", 30, "good", 0)]
    assert len(found.problems) == 20


def test_meeting_in_two_calendars_of_a_zip_counts_once() -> None:
    old, new = (calendar(f"{entry('plan')}\nATTENDEE:mailto:bob@example.org"), entry("plan"))
    longer = calendar(new.replace("PT30M", "PT60M"))
    assert events_of(read(zip_of(old, longer), BERLIN)) == [("20 12:00", 60, "plan", 0)]


def test_zip_with_several_calendars_is_read() -> None:
    packed = zip_of(calendar(entry("one")), calendar(entry("two")))
    assert {each.title for each in read(packed, BERLIN).events} == {"one", "two"}


def test_hostile_recurrence_rules_are_skipped_quickly() -> None:
    rules = [
        *("FREQ=SECONDLY", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
        "FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=1,2,3,4,5",
    ]
    data = calendar(
        *(entry(f"bad {number}", f"RRULE:{rule}") for number, rule in enumerate(rules)),
        entry("good", "RRULE:FREQ=DAILY;COUNT=1000000000", start="19700101T100000Z"),
    )
    began = time.process_time()
    found = read(data, BERLIN)
    assert time.process_time() - began < 2
    assert [each.code for each in found.problems] == ["too-often"] * len(rules)
    assert [each.title for each in found.events] == ["good"] * 14


def test_isolated_process_reads_the_same_and_has_a_timeout() -> None:
    data = (CALENDARS / "google.ics").read_bytes()
    own_addresses = ["alice@example.org"]
    assert calendar_file.read_isolated(data, BERLIN, own_addresses) == read(
        data, BERLIN, own_addresses
    )
    # Valid rules that match no day, each searched until the year 9999.
    slow = [
        entry(f"n{number}", "RRULE:FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=30") for number in range(400)
    ]
    with pytest.raises(CalendarError, match="too-slow"):
        calendar_file.read_isolated(calendar(*slow), BERLIN, timeout=1)
    with pytest.raises(CalendarError, match="no-calendar"):
        calendar_file.read_isolated(b"", BERLIN)
