"""A week read from calendar files as Google, Outlook and Apple write them."""

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
    """Return a file of entries, each a few lines."""
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


def shown(contents: CalendarContents) -> list[tuple[str, int, str, int]]:
    return [
        (f"{each.starts_at:%d %H:%M}", each.minutes, each.title, each.people)
        for each in contents.events
    ]


def skipped(contents: CalendarContents) -> dict[str, str]:
    return {each.title: each.reason for each in contents.skipped}


def test_google_with_a_moved_a_removed_and_a_declined_instance() -> None:
    found = read_file("google")
    assert shown(found) == [
        ("19 09:30", 15, "Ranking stand-up", 3),
        ("20 09:30", 15, "Ranking stand-up", 3),
        ("20 15:00", 30, "Alice / Bob", 2),  # the room is nobody
        ("22 11:00", 30, "Ranking stand-up (late)", 1),
        # The clock went back on the 25th: it is still half past nine.
        ("26 09:30", 15, "Ranking stand-up", 3),
        ("27 09:30", 15, "Ranking stand-up", 3),
        ("28 09:30", 15, "Ranking stand-up", 3),
        ("29 09:30", 15, "Ranking stand-up", 3),
        ("30 09:30", 15, "Ranking stand-up", 3),
    ]
    assert skipped(found) == {"Ranking stand-up": "declined", "Team day, all of us": "all-day"}
    assert found.problems == []


def test_outlook_with_its_own_names_of_time_zones() -> None:
    found = read_file("outlook")
    assert shown(found) == [
        ("20 14:00", 60, "Quarterly planning with Product", 3),  # who organizes is not listed
        ("26 10:00", 60, "Model design review", 0),  # half past two in a zone of its own
        ("28 09:00", 60, "Quarterly planning with Product", 2),  # moved from Tuesday
    ]
    assert [each.unsure for each in found.events] == [False, True, False]
    assert skipped(found) == {
        "Lunch": "free",
        "Canceled: Vendor demo": "cancelled",
        "Dentist": "away",
        "Offsite": "all-day",
    }
    assert found.problems == []


def test_apple_with_addresses_in_parameters_and_times_without_a_zone() -> None:
    found = read_file("apple")
    assert shown(found) == [
        ("22 16:00", 60, "Mentoring Carol", 2),
        ("27 09:00", 180, "Focus: retrieval prototype", 0),
        # Europe has changed its clocks, New York not yet.
        ("29 15:00", 60, "Mentoring Carol", 2),
    ]
    assert skipped(found) == {"All hands rehearsal": "declined", "Send report": "no-duration"}
    in_tokyo = read_file("apple", Window(BERLIN.first, BERLIN.last, "Asia/Tokyo"))
    assert [at for at, *_ in shown(in_tokyo)] == ["22 23:00", "27 09:00", "29 23:00"]


def test_a_key_outlives_a_move_and_a_new_title() -> None:
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


def test_what_cannot_be_read_is_named_and_the_rest_is_read() -> None:
    data = calendar(
        entry("fine"),
        entry("no colon", "this line was broken by a mail program"),
        entry("no hour", start="20261020T990000Z"),
        entry("odd zone").replace("DTSTART:", "DTSTART;TZID=Mars/Olympus:").replace("00Z", "00"),
    )
    cut = data.replace(b"END:VCALENDAR\r\n", b"BEGIN:VEVENT\r\nUID:half\r\nSUMMARY:half\r\n")
    found = read(cut, BERLIN)
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
)
def test_what_is_no_calendar_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(CalendarError, match=reason):
        read(data, BERLIN)


def test_the_night_in_which_the_clock_goes_back() -> None:
    call = "UID:call\nDTSTART:20261025T003000Z\nDTEND:20261025T011000Z\nSUMMARY:On call"
    day = "UID:day\nDTSTART:20261024T220000Z\nDTEND:20261025T220000Z\nSUMMARY:Watch"
    found = read(calendar(call, day), BERLIN)
    assert skipped(found) == {"Watch": "all-day"}
    minutes = [
        each.minutes for each in calendar_file.read_isolated(calendar(call, day), BERLIN).events
    ]
    assert minutes == [40]


def test_many_wrong_lines_cost_nothing() -> None:
    data = calendar(entry("good", *["a line of a description"] * 20_000))
    found = calendar_file.read_isolated(data, BERLIN, timeout=5)
    assert shown(found) == [("20 12:00", 30, "good", 0)]
    assert len(found.problems) == 20


def test_a_meeting_in_two_calendars_of_a_zip_is_one() -> None:
    old, new = (calendar(f"{entry('plan')}\nATTENDEE:mailto:bob@example.org"), entry("plan"))
    longer = calendar(new.replace("PT30M", "PT60M"))
    assert shown(read(zip_of(old, longer), BERLIN)) == [("20 12:00", 60, "plan", 0)]


def test_a_zip_as_google_exports_it() -> None:
    packed = zip_of(calendar(entry("one")), calendar(entry("two")))
    assert {each.title for each in read(packed, BERLIN).events} == {"one", "two"}


def test_hostile_rules_cost_nothing_and_are_named() -> None:
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


def test_a_process_of_its_own_reads_the_same_and_is_ended_in_time() -> None:
    data = (CALENDARS / "google.ics").read_bytes()
    own = ["alice@example.org"]
    assert calendar_file.read_isolated(data, BERLIN, own) == read(data, BERLIN, own)
    # A rule that passes, and finds no day until the year 9999, many times.
    slow = [
        entry(f"n{number}", "RRULE:FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=30") for number in range(400)
    ]
    with pytest.raises(CalendarError, match="too-slow"):
        calendar_file.read_isolated(calendar(*slow), BERLIN, timeout=1)
    with pytest.raises(CalendarError, match="no-calendar"):
        calendar_file.read_isolated(b"", BERLIN)
