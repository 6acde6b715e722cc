"""/time/calendar: preview a calendar file and save the selected entries."""

from __future__ import annotations

import datetime as dt
import html
import io
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from itsdangerous import URLSafeTimedSerializer

from roadmap.core.limiter import fetch_slot
from roadmap.core.outbound import parse_hosts
from roadmap.people.models import HistoryEntry
from roadmap.time_budget import actions, routes_calendar
from roadmap.time_budget.calendar_file import Window, read
from roadmap.time_budget.models import TimeBudget, TimeEntry, TitleCategory
from tests.support.calendar_host import calendar_host

CALENDARS = Path(__file__).parent / "calendars"
# The Friday of the first of the two weeks in the files.
TODAY = dt.datetime(2026, 10, 30, 17, tzinfo=dt.UTC)
PAGE, PREVIEW, ENTRIES = "/time/calendar", "/time/calendar/preview", "/time/calendar/entries"


@pytest.fixture
def alice(cast, browser_of, monkeypatch, session):
    for module in ("routes", "routes_calendar"):
        monkeypatch.setattr(f"roadmap.time_budget.{module}.now", lambda: TODAY)
    session.execute(sa.text("""UPDATE "user" SET timezone = 'Europe/Berlin'"""))
    session.commit()
    return browser_of(cast.alice)


def visible(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def upload(browser, name: str | bytes, *, first: str = "2026-10-19", weeks: int = 2, **more: str):
    data = (CALENDARS / f"{name}.ics").read_bytes() if isinstance(name, str) else name
    file = (io.BytesIO(data), "calendar.ics")
    return browser.post(PREVIEW, {"file": file, "first": first, "weeks": weeks, **more})


def rows(page: str) -> dict[int, tuple[str, str, bool]]:
    """Return title, category and tick of each entry, by its number."""
    found = {}
    for number, tick, title in re.findall(
        r'name="take-(\d+)" value="1"( checked)?>(.*?)</label>', page, re.DOTALL
    ):
        select = page.partition(f'name="category-{number}"')[2].partition("</select>")[0]
        [category] = re.findall(r'value="([\w-]+)" selected', select)
        found[int(number)] = (html.unescape(title).strip(), category, bool(tick))
    return found


def fields(page: str, **more: object) -> dict[str, object]:
    """Return the form of the page as a browser sends it."""
    [signed] = re.findall(r'name="events" value="([^"]+)"', page)
    listed = rows(page)
    return {
        "events": signed,
        **{f"take-{number}": "1" for number, row in listed.items() if row[2]},
        **{f"category-{number}": row[1] for number, row in listed.items()},
        **more,
    }


def said(answer, browser) -> str:
    assert answer.status_code == 303
    return re.findall(r"From your calendar: [^.]+", browser.get(answer.location).text)[-1]


def entries(session) -> list[tuple[str, str, int, str | None]]:
    session.expire_all()
    found = session.scalars(
        sa.select(TimeEntry).where(TimeEntry.removed_at.is_(None)).order_by(TimeEntry.starts_at)
    )
    return [(f"{each.day:%d}", each.category, each.minutes, each.title) for each in found]


def test_the_page_says_how_to_get_a_file_and_what_is_kept(alice):
    text = visible(alice.get(PAGE).text)
    assert "Google Calendar" in text
    assert "never stored" in text
    assert 'href="/time/calendar"' in alice.get("/time").text
    ids = re.findall(r'\bid="([^"]+)', alice.get(PAGE).text)
    assert len(ids) == len(set(ids))


def test_a_file_is_shown_with_reasons_and_nothing_is_saved(alice, session):
    page = upload(alice, "outlook")
    assert page.status_code == 200
    assert list(rows(page.text).values()) == [
        ("Quarterly planning with Product", "planning", True),
        ("Model design review", "design-reviews", False),
        ("Quarterly planning with Product", "planning", True),
    ]
    text = visible(page.text)
    assert "14:00– 15:00" in text or "14:00–15:00" in text
    assert "3 people title has “quarterly”" in text
    assert "you have not accepted it" in text
    assert "4 entries left out" in text
    assert "Lunch , marked as free" in text
    assert entries(session) == []
    assert session.scalars(sa.select(TitleCategory)).all() == []


def test_saving_twice_adds_nothing_and_a_change_updates(alice, session):
    form = fields(upload(alice, "google").text)
    assert said(alice.post(ENTRIES, form), alice).endswith(
        "9 added, 0 changed, 0 removed, 0 as before"
    )
    saved = entries(session)
    assert saved[0] == ("19", "stand-ups", 15, None)
    assert saved[3] == ("22", "stand-ups", 30, None)
    again = upload(alice, "google").text
    assert "as you saved it saved before" in visible(again)
    assert said(alice.post(ENTRIES, fields(again)), alice).endswith(
        "0 added, 0 changed, 0 removed, 9 as before"
    )
    # One is moved and longer, one is cancelled.
    data = (CALENDARS / "google.ics").read_bytes()
    data = data.replace(b"20261022T110000", b"20261022T140000")
    data = data.replace(b"20261022T113000", b"20261022T150000")
    data = data.replace(b"STATUS:CONFIRMED\r\nTRANSP:OPAQUE\r\nEND:VEVENT\r\nEND:VCAL",
                        b"STATUS:CANCELLED\r\nTRANSP:OPAQUE\r\nEND:VEVENT\r\nEND:VCAL")  # fmt: skip
    moved = upload(alice, data).text
    assert "changed since you saved it" in visible(moved)
    assert said(alice.post(ENTRIES, fields(moved)), alice).endswith(
        "0 added, 1 changed, 1 removed, 7 as before"
    )
    assert [each for each in entries(session) if each[0] in ("20", "22")] == [
        ("20", "stand-ups", 15, None),
        ("22", "stand-ups", 60, None),
    ]


def test_what_is_unticked_goes_and_does_not_come_back(alice, session):
    alice.post(ENTRIES, fields(upload(alice, "google").text))
    page = upload(alice, "google").text
    form = fields(page)
    del form["take-2"]
    assert "1 removed" in said(alice.post(ENTRIES, form), alice)
    again = upload(alice, "google").text
    assert rows(again)[2] == ("Alice / Bob", "one-to-ones", False)
    assert "you removed it" in visible(again)
    alice.post(ENTRIES, fields(again))
    assert len(entries(session)) == 8


def test_a_correction_is_learned_by_title_and_keeps_no_title(alice, session):
    page = upload(alice, "google", first="2026-10-19", weeks=1).text
    number = next(at for at, row in rows(page).items() if row[0] == "Alice / Bob")
    alice.post(ENTRIES, fields(page, **{f"category-{number}": "mentoring"}))
    [learned] = session.scalars(sa.select(TitleCategory)).all()
    assert learned.category == "mentoring"
    assert "alice" not in learned.title_key
    assert {title for *_rest, title in entries(session)} == {None}
    data = (CALENDARS / "google.ics").read_bytes().replace(b"20261020T13", b"20261028T13")
    data = data.replace(b"7p1n4x9w", b"another1").replace(b"Alice / Bob", b"ALICE /  bob")
    page = upload(alice, data, first="2026-10-26", weeks=1).text
    assert ("ALICE / bob", "mentoring", True) in rows(page).values()
    assert "you sorted this title so" in visible(page)
    assert "You corrected 1 title" in visible(alice.get(PAGE).text)
    alice.delete(f"{PAGE}/corrections")
    assert session.scalars(sa.select(TitleCategory)).all() == []


def test_titles_are_kept_where_that_is_asked_for_and_deleted_by_an_action_of_its_own(
    alice, session
):
    alice.post(ENTRIES, fields(upload(alice, "google").text, keep_titles="1"))
    assert ("20", "one-to-ones", 30, "Alice / Bob") in entries(session)
    page = upload(alice, "apple").text
    assert re.search(r'name="keep_titles" value="1" checked', page)
    before = entries(session)
    again = fields(upload(alice, "google").text)
    for form in (again, fields(page)):
        alice.post(ENTRIES, form)
        kept = [each for each in entries(session) if each[3]]
        assert kept == before
    page = alice.get(PAGE).text
    assert f"Delete the titles of {len(kept)} entries" in visible(page)
    alice.delete(f"{PAGE}/titles")
    assert {title for *_rest, title in entries(session)} == {None}
    assert "Delete the title" not in alice.get(PAGE).text
    assert session.scalars(sa.select(TimeBudget.keep_titles)).all() == [False]


def test_each_minute_counts_once(alice, session):
    lines = [b"BEGIN:VCALENDAR", b"VERSION:2.0"]
    for uid, start, end, title in [
        (b"1", b"0900", b"1200", b"Focus"),
        (b"2", b"0930", b"0945", b"Stand-up"),
        (b"3", b"0930", b"0945", b"Stand-up too"),
    ]:
        lines += [b"BEGIN:VEVENT", b"UID:" + uid, b"DTSTART:20261027T" + start + b"00",
                  b"DTEND:20261027T" + end + b"00", b"SUMMARY:" + title, b"END:VEVENT"]  # fmt: skip
    page = upload(alice, b"\r\n".join([*lines, b"END:VCALENDAR", b""])).text
    assert "2 h 45 min of 3 h" in visible(page)
    assert rows(page)[2][2] is False
    assert "0 min of 15 min" in visible(page)
    assert "what overlaps with it has these minutes already" in visible(page)
    assert "Each minute counts once" in page
    alice.post(ENTRIES, fields(page))
    assert [each[:3] for each in entries(session)] == [
        ("27", "deep-work", 165),
        ("27", "stand-ups", 15),
    ]
    # Another calendar of the same day counts what is left.
    other = upload(alice, "apple", first="2026-10-26", weeks=1).text
    alice.post(ENTRIES, fields(other))
    assert (
        sum(minutes for day, _category, minutes, _title in entries(session) if day == "27") == 180
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<html>Sign in</html>", "This is no calendar file"),
        (b"", "This is no calendar file"),
        (b"PK\x03\x04", "This ZIP cannot be opened"),
    ],
)
def test_what_cannot_be_read_is_said_at_the_field(alice, data, message):
    page = upload(alice, data)
    assert page.status_code == 422
    assert message in visible(page.text)
    assert 'value="2026-10-19"' in page.text


def test_a_file_that_is_too_large_says_what_to_do(alice):
    kind = "multipart/form-data; boundary=b"
    answer = alice.client.post(PREVIEW, data=b"X" * 1_000_001, content_type=kind)
    assert answer.status_code == 413
    assert "Put it into a ZIP" in visible(answer.text)


def test_wrong_input_is_said_at_its_field(alice):
    page = alice.post(PREVIEW, {"first": "2031-01-01", "weeks": "9", "addresses": "a" * 501})
    text = visible(page.text)
    assert page.status_code == 422
    for message in ("Choose a file.", "This day is in the future.", "At most 500 characters."):
        assert message in text


def test_a_list_that_was_changed_or_is_somebody_elses_saves_nothing(
    alice, browser_of, cast, session
):
    form = fields(upload(alice, "google").text)
    bob = browser_of(cast.bob)
    for browser, sent in ((bob, form), (alice, {**form, "events": f"{form['events']}x"})):
        answer = browser.post(ENTRIES, sent)
        assert answer.location == PAGE
        assert "Choose the calendar again" in browser.get(PAGE).text
    assert entries(session) == []


def test_a_long_calendar_is_shown_by_whole_days(alice, session):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0"]
    for number in range(20):
        lines += ["BEGIN:VEVENT", f"UID:{number}", f"DTSTART:20261019T{number:02}0000",
                  "DURATION:PT20M", "RRULE:FREQ=DAILY;COUNT=9", "SUMMARY:Call",
                  "END:VEVENT"]  # fmt: skip
    page = upload(alice, "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()).text
    assert len(rows(page)) == 80
    assert "the list ends on 22 Oct 2026" in visible(page)
    assert "80 added" in said(alice.post(ENTRIES, fields(page)), alice)


def test_more_than_the_maximum_is_refused_whole(alice, session, monkeypatch):
    form = fields(upload(alice, "google").text)
    monkeypatch.setattr(actions, "MAX_ENTRIES", 8)
    answer = alice.post(ENTRIES, form)
    assert answer.status_code == 409
    assert "You already have 8 entries, the maximum." in visible(answer.text)
    assert entries(session) == []


ADDRESS = f"{PAGE}/address"
WINDOW = {"first": "2026-10-19", "weeks": 2}


@pytest.fixture
def host(app, tmp_path, monkeypatch):
    """A host of calendars that the operator allowed."""
    google = (CALENDARS / "google.ics").read_bytes()
    with calendar_host(tmp_path, google=google, page=b"<html>") as (port, certificate):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        allowed = parse_hosts(f"localhost:{port}, 127.0.0.0/8, ::1")
        monkeypatch.setitem(app.config, "CALENDAR_HOSTS", allowed)
        monkeypatch.setattr(routes_calendar, "FETCH_SECONDS", 1)
        yield f"https://localhost:{port}"


def test_a_calendar_is_fetched_from_its_address(alice, host, session):
    page = alice.put(ADDRESS, {"url": f"{host}/google?secret=zanzibar"})
    assert page.status_code == 303
    shown = alice.get(PAGE).text
    assert "Fetch from localhost" in shown
    assert "zanzibar" not in shown
    assert re.search(r"<input[^>]* data-secret=", shown), "no draft of it stays in the browser"
    found = alice.post(f"{ADDRESS}/preview", WINDOW)
    assert len(rows(found.text)) == 9
    assert "9 added" in said(alice.post(ENTRIES, fields(found.text)), alice)
    assert (
        session.scalars(sa.select(HistoryEntry).where(HistoryEntry.action != "joined")).all() == []
    )
    alice.delete(ADDRESS)
    assert "Fetch from" not in alice.get(PAGE).text
    assert session.scalars(sa.select(TimeBudget.calendar_url)).all() == [None]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("401", "The host refuses the address (401)"),
        ("404", "no calendar at this address any more (404)"),
        ("slow", "The host did not answer in time"),
        ("page", "This is no calendar file"),
        ("to=https://example.org/", "Calendars are fetched from localhost:"),
    ],
)
def test_what_goes_wrong_says_what_to_do(alice, host, path, message):
    alice.put(ADDRESS, {"url": f"{host}/{path}"})
    answer = alice.post(f"{ADDRESS}/preview", WINDOW)
    assert answer.status_code == 422
    assert message in visible(answer.text)


def test_few_wait_for_other_hosts_at_once(alice, host):
    alice.put(ADDRESS, {"url": f"{host}/google"})
    with fetch_slot(), fetch_slot():
        answer = alice.post(f"{ADDRESS}/preview", WINDOW)
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert alice.post(f"{ADDRESS}/preview", WINDOW).status_code == 200


def test_an_address_elsewhere_is_refused_and_without_hosts_there_is_none(alice, host, app, session):
    answer = alice.put(ADDRESS, {"url": "https://metadata.internal/latest"})
    assert answer.status_code == 422
    assert "Calendars are fetched from localhost:" in visible(answer.text)
    assert session.scalars(sa.select(TimeBudget)).all() == []
    app.config["CALENDAR_HOSTS"] = parse_hosts("")
    assert "Address of your calendar" not in alice.get(PAGE).text
    assert alice.put(ADDRESS, {"url": host}).status_code == 404
    assert alice.post(f"{ADDRESS}/preview", WINDOW).status_code == 404


def test_blocks_of_deep_work_are_a_calendar(alice, session):
    asked = "?days=1&days=3&start=09:00&end=11:30&weeks=20"
    answer = alice.get(f"{PAGE}/deep-work.ics{asked}")
    assert answer.mimetype == "text/calendar"
    assert "attachment; filename=deep-work.ics" in answer.headers["Content-Disposition"]
    text = answer.text
    assert "TZID:Europe/Berlin" in text
    assert "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3" in text
    # Across the change of the clocks in March; the first is after today, a Friday.
    window = Window(dt.date(2026, 10, 30), dt.date(2027, 4, 30), "Europe/Berlin")
    found = read(answer.data, window).events
    assert len(found) == 40
    assert {
        (each.starts_at.weekday(), f"{each.starts_at:%H:%M}", each.minutes) for each in found
    } == {
        (1, "09:00", 150),
        (3, "09:00", 150),
    }
    assert found[0].starts_at.date() == dt.date(2026, 11, 3)


def test_blocks_that_cannot_be_say_why(alice):
    page = alice.get(f"{PAGE}/deep-work.ics?start=11:00&end=09:00&weeks=90")
    assert page.status_code == 422
    for message in ("Choose at least one day.", "The end is before the start.", "1 to 52 weeks"):
        assert message in visible(page.text)


def test_a_list_of_an_earlier_release_is_chosen_again(app, cast, alice):
    """It may be open for twelve hours, and an upgrade comes between."""
    earlier = ["2026-10-19", "2026-10-30", [["a" * 32, "x", "y", "Title", 2, False]], []]
    signer = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt=f"calendar of {cast.alice}")
    answer = alice.post(ENTRIES, {"events": signer.dumps(earlier)})
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert "Choose the calendar again" in alice.get(PAGE).text
