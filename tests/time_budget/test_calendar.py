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
from roadmap.time_budget.calendar_file import Window, read, read_isolated
from roadmap.time_budget.models import TimeBudget, TimeEntry, TitleCategory
from tests.support.calendar_host import calendar_host
from tests.support.markup import text_of

CALENDARS = Path(__file__).parent / "calendars"
# A Friday, the end of the second of the two weeks in the files.
TODAY = dt.datetime(2026, 10, 30, 17, tzinfo=dt.UTC)
PAGE, PREVIEW, ENTRIES = "/time/calendar", "/time/calendar/preview", "/time/calendar/entries"


@pytest.fixture(autouse=True)
def _read_in_process(monkeypatch):
    """Parse without the slow separate process, which test_calendar_file covers."""
    monkeypatch.setattr(routes_calendar, "read_isolated", read)


@pytest.fixture
def alice(cast, browser_of, monkeypatch, session):
    for module in ("routes", "routes_calendar"):
        monkeypatch.setattr(f"roadmap.time_budget.{module}.now", lambda: TODAY)
    session.execute(sa.text("""UPDATE "user" SET timezone = 'Europe/Berlin'"""))
    session.commit()
    return browser_of(cast.alice)


def upload(
    browser, name: str | bytes, *, first: str = "2026-10-19", weeks: int = 2, **changes: str
):
    data = (CALENDARS / f"{name}.ics").read_bytes() if isinstance(name, str) else name
    file = (io.BytesIO(data), "calendar.ics")
    return browser.post(PREVIEW, {"file": file, "first": first, "weeks": weeks, **changes})


def rows(page: str) -> dict[int, tuple[str, str, bool]]:
    """Return the title, the category and whether it is ticked of each entry, by number."""
    found = {}
    for number, tick, title in re.findall(
        r'name="take-(\d+)" value="1"( checked)?>(.*?)</label>', page, re.DOTALL
    ):
        select = page.partition(f'name="category-{number}"')[2].partition("</select>")[0]
        [category] = re.findall(r'value="([\w-]+)" selected', select)
        found[int(number)] = (html.unescape(title).strip(), category, bool(tick))
    return found


def form_data(page: str, **changes: object) -> dict[str, object]:
    """Return the preview's form as a browser submits it."""
    [signed] = re.findall(r'name="events" value="([^"]+)"', page)
    listed = rows(page)
    return {
        "events": signed,
        **{f"take-{number}": "1" for number, row in listed.items() if row[2]},
        **{f"category-{number}": row[1] for number, row in listed.items()},
        **changes,
    }


def notice_after(response, browser) -> str:
    """Follow a redirect and return the notice about the saved calendar."""
    assert response.status_code == 303
    return re.findall(r"From your calendar: [^.]+", browser.get(response.location).text)[-1]


def entries(session) -> list[tuple[str, str, int, str | None]]:
    session.expire_all()
    found = session.scalars(
        sa.select(TimeEntry).where(TimeEntry.removed_at.is_(None)).order_by(TimeEntry.starts_at)
    )
    return [(f"{each.day:%d}", each.category, each.minutes, each.title) for each in found]


def test_page_explains_export_and_what_is_stored(alice):
    text = text_of(alice.get(PAGE).text)
    assert "Google Calendar" in text
    assert "never stored" in text
    assert 'href="/time/calendar"' in alice.get("/time").text
    ids = re.findall(r'\bid="([^"]+)', alice.get(PAGE).text)
    assert len(ids) == len(set(ids))


def test_preview_shows_reasons_and_saves_nothing(alice, session, monkeypatch):
    monkeypatch.setattr(routes_calendar, "read_isolated", read_isolated)
    page = upload(alice, "outlook")
    assert page.status_code == 200
    assert list(rows(page.text).values()) == [
        ("Quarterly planning with Product", "planning", True),
        ("Model design review", "design-reviews", False),
        ("Quarterly planning with Product", "planning", True),
    ]
    text = text_of(page.text)
    assert "14:00– 15:00" in text or "14:00–15:00" in text
    assert "3 people title contains “quarterly”" in text
    assert "you have not accepted it" in text
    assert "4 entries left out" in text
    assert "Lunch , marked as free" in text
    assert entries(session) == []
    assert session.scalars(sa.select(TitleCategory)).all() == []


def test_reimport_adds_nothing_and_updates_changed_events(alice, session):
    form = form_data(upload(alice, "google").text)
    assert notice_after(alice.post(ENTRIES, form), alice).endswith(
        "9 added, 0 changed, 0 removed, 0 unchanged"
    )
    saved = entries(session)
    assert saved[0] == ("19", "stand-ups", 15, None)
    assert saved[3] == ("22", "stand-ups", 30, None)
    again = upload(alice, "google").text
    assert "category as saved saved before" in text_of(again)
    assert notice_after(alice.post(ENTRIES, form_data(again)), alice).endswith(
        "0 added, 0 changed, 0 removed, 9 unchanged"
    )
    # One event is moved and lengthened, one is cancelled.
    data = (CALENDARS / "google.ics").read_bytes()
    data = data.replace(b"20261022T110000", b"20261022T140000")
    data = data.replace(b"20261022T113000", b"20261022T150000")
    data = data.replace(b"STATUS:CONFIRMED\r\nTRANSP:OPAQUE\r\nEND:VEVENT\r\nEND:VCAL",
                        b"STATUS:CANCELLED\r\nTRANSP:OPAQUE\r\nEND:VEVENT\r\nEND:VCAL")  # fmt: skip
    moved = upload(alice, data).text
    assert "changed since you saved it" in text_of(moved)
    assert notice_after(alice.post(ENTRIES, form_data(moved)), alice).endswith(
        "0 added, 1 changed, 1 removed, 7 unchanged"
    )
    assert [each for each in entries(session) if each[0] in ("20", "22")] == [
        ("20", "stand-ups", 15, None),
        ("22", "stand-ups", 60, None),
    ]


def test_unticked_entry_is_removed_and_stays_removed(alice, session):
    alice.post(ENTRIES, form_data(upload(alice, "google").text))
    page = upload(alice, "google").text
    form = form_data(page)
    del form["take-2"]
    assert "1 removed" in notice_after(alice.post(ENTRIES, form), alice)
    again = upload(alice, "google").text
    assert rows(again)[2] == ("Alice / Bob", "one-to-ones", False)
    assert "you removed it" in text_of(again)
    alice.post(ENTRIES, form_data(again))
    assert len(entries(session)) == 8


def test_category_correction_is_learned_without_storing_the_title(alice, session):
    page = upload(alice, "google", first="2026-10-19", weeks=1).text
    number = next(at for at, row in rows(page).items() if row[0] == "Alice / Bob")
    alice.post(ENTRIES, form_data(page, **{f"category-{number}": "mentoring"}))
    [learned] = session.scalars(sa.select(TitleCategory)).all()
    assert learned.category == "mentoring"
    assert "alice" not in learned.title_key
    assert {title for *_rest, title in entries(session)} == {None}
    data = (CALENDARS / "google.ics").read_bytes().replace(b"20261020T13", b"20261028T13")
    data = data.replace(b"7p1n4x9w", b"another1").replace(b"Alice / Bob", b"ALICE /  bob")
    page = upload(alice, data, first="2026-10-26", weeks=1).text
    assert ("ALICE / bob", "mentoring", True) in rows(page).values()
    assert "as you sorted this title before" in text_of(page)
    assert "You corrected 1 title" in text_of(alice.get(PAGE).text)
    alice.delete(f"{PAGE}/corrections")
    assert session.scalars(sa.select(TitleCategory)).all() == []


def test_titles_are_stored_on_request_and_can_be_deleted(alice, session):
    alice.post(ENTRIES, form_data(upload(alice, "google").text, keep_titles="1"))
    assert ("20", "one-to-ones", 30, "Alice / Bob") in entries(session)
    page = upload(alice, "apple").text
    assert re.search(r'name="keep_titles" value="1" checked', page)
    before = entries(session)
    again = form_data(upload(alice, "google").text)
    for form in (again, form_data(page)):
        alice.post(ENTRIES, form)
        kept = [each for each in entries(session) if each[3]]
        assert kept == before
    page = alice.get(PAGE).text
    assert f"Delete the titles of {len(kept)} entries" in text_of(page)
    alice.delete(f"{PAGE}/titles")
    assert {title for *_rest, title in entries(session)} == {None}
    assert "Delete the title" not in alice.get(PAGE).text
    assert session.scalars(sa.select(TimeBudget.keep_titles)).all() == [False]


def test_overlapping_entries_count_each_minute_once(alice, session):
    lines = [b"BEGIN:VCALENDAR", b"VERSION:2.0"]
    for uid, start, end, title in [
        (b"1", b"0900", b"1200", b"Focus"),
        (b"2", b"0930", b"0945", b"Stand-up"),
        (b"3", b"0930", b"0945", b"Stand-up too"),
    ]:
        lines += [b"BEGIN:VEVENT", b"UID:" + uid, b"DTSTART:20261027T" + start + b"00",
                  b"DTEND:20261027T" + end + b"00", b"SUMMARY:" + title, b"END:VEVENT"]  # fmt: skip
    page = upload(alice, b"\r\n".join([*lines, b"END:VCALENDAR", b""])).text
    assert "2 h 45 min of 3 h" in text_of(page)
    assert rows(page)[2][2] is False
    assert "0 min of 15 min" in text_of(page)
    assert "these minutes count for an overlapping entry" in text_of(page)
    assert "Each minute counts once" in page
    alice.post(ENTRIES, form_data(page))
    assert [each[:3] for each in entries(session)] == [
        ("27", "deep-work", 165),
        ("27", "stand-ups", 15),
    ]
    # A second calendar adds only minutes that are not counted yet.
    other = upload(alice, "apple", first="2026-10-26", weeks=1).text
    alice.post(ENTRIES, form_data(other))
    assert (
        sum(minutes for day, _category, minutes, _title in entries(session) if day == "27") == 180
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<html>Sign in</html>", "This is not a calendar file"),
        (b"", "This is not a calendar file"),
        (b"PK\x03\x04", "This ZIP cannot be opened"),
    ],
    ids=["html", "empty", "broken zip"],
)
def test_unreadable_file_is_rejected_with_message(alice, data, message):
    page = upload(alice, data)
    assert page.status_code == 422
    assert message in text_of(page.text)
    assert 'value="2026-10-19"' in page.text


def test_file_above_the_size_limit_is_rejected(alice):
    kind = "multipart/form-data; boundary=b"
    response = alice.client.post(PREVIEW, data=b"X" * 1_000_001, content_type=kind)
    assert response.status_code == 413
    assert "Put it into a ZIP" in text_of(response.text)


def test_invalid_options_are_rejected(alice):
    page = alice.post(PREVIEW, {"first": "2031-01-01", "weeks": "9", "addresses": "a" * 501})
    text = text_of(page.text)
    assert page.status_code == 422
    for message in ("Choose a file.", "This day is in the future.", "At most 500 characters."):
        assert message in text


def test_tampered_or_foreign_preview_saves_nothing(alice, browser_of, cast, session):
    form = form_data(upload(alice, "google").text)
    bob = browser_of(cast.bob)
    for browser, sent in ((bob, form), (alice, {**form, "events": f"{form['events']}x"})):
        response = browser.post(ENTRIES, sent)
        assert response.location == PAGE
        assert "Choose the calendar again" in browser.get(PAGE).text
    assert entries(session) == []


def test_long_preview_ends_with_a_whole_day(alice, session):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0"]
    for number in range(20):
        lines += ["BEGIN:VEVENT", f"UID:{number}", f"DTSTART:20261019T{number:02}0000",
                  "DURATION:PT20M", "RRULE:FREQ=DAILY;COUNT=9", "SUMMARY:Call",
                  "END:VEVENT"]  # fmt: skip
    page = upload(alice, "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()).text
    assert len(rows(page)) == 80
    assert "the list ends on 22 Oct 2026" in text_of(page)
    assert "80 added" in notice_after(alice.post(ENTRIES, form_data(page)), alice)


def test_import_above_the_entry_limit_saves_nothing(alice, session, monkeypatch):
    form = form_data(upload(alice, "google").text)
    monkeypatch.setattr(actions, "MAX_ENTRIES", 8)
    response = alice.post(ENTRIES, form)
    assert response.status_code == 409
    assert "You already have 8 entries, the maximum." in text_of(response.text)
    assert entries(session) == []


ADDRESS = f"{PAGE}/address"
WINDOW = {"first": "2026-10-19", "weeks": 2}


@pytest.fixture
def host(app, tmp_path, monkeypatch):
    """Serve calendars from a host that the operator allowed."""
    google = (CALENDARS / "google.ics").read_bytes()
    with calendar_host(tmp_path, google=google, page=b"<html>") as (port, certificate):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        allowed = parse_hosts(f"localhost:{port}, 127.0.0.0/8, ::1")
        monkeypatch.setitem(app.config, "CALENDAR_HOSTS", allowed)
        monkeypatch.setattr(routes_calendar, "FETCH_SECONDS", 1)
        yield f"https://localhost:{port}"


def test_calendar_is_fetched_from_its_url(alice, host, session):
    page = alice.put(ADDRESS, {"url": f"{host}/google?secret=zanzibar"})
    assert page.status_code == 303
    shown = alice.get(PAGE).text
    assert "Fetch from localhost" in shown
    assert "zanzibar" not in shown
    assert re.search(r"<input[^>]* data-secret=", shown), "the browser keeps no draft of the URL"
    found = alice.post(f"{ADDRESS}/preview", WINDOW)
    assert len(rows(found.text)) == 9
    assert "9 added" in notice_after(alice.post(ENTRIES, form_data(found.text)), alice)
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
        ("page", "This is not a calendar file"),
        ("to=https://example.org/", "Calendars are fetched from localhost:"),
    ],
    ids=["unauthorized", "not found", "timeout", "html", "redirect"],
)
def test_failed_fetch_is_reported(alice, host, path, message):
    alice.put(ADDRESS, {"url": f"{host}/{path}"})
    response = alice.post(f"{ADDRESS}/preview", WINDOW)
    assert response.status_code == 422
    assert message in text_of(response.text)


def test_concurrent_fetches_are_limited(alice, host):
    alice.put(ADDRESS, {"url": f"{host}/google"})
    with fetch_slot(), fetch_slot():
        response = alice.post(f"{ADDRESS}/preview", WINDOW)
    assert response.status_code == 503
    assert "Retry-After" in response.headers
    assert alice.post(f"{ADDRESS}/preview", WINDOW).status_code == 200


def test_url_is_accepted_only_from_allowed_hosts(alice, host, app, session):
    response = alice.put(ADDRESS, {"url": "https://metadata.internal/latest"})
    assert response.status_code == 422
    assert "Calendars are fetched from localhost:" in text_of(response.text)
    assert session.scalars(sa.select(TimeBudget)).all() == []
    app.config["CALENDAR_HOSTS"] = parse_hosts("")
    assert "Address of your calendar" not in alice.get(PAGE).text
    assert alice.put(ADDRESS, {"url": host}).status_code == 404
    assert alice.post(f"{ADDRESS}/preview", WINDOW).status_code == 404


def test_deep_work_blocks_are_exported_as_calendar(alice, session):
    query = "?days=1&days=3&start=09:00&end=11:30&weeks=20"
    response = alice.get(f"{PAGE}/deep-work.ics{query}")
    assert response.mimetype == "text/calendar"
    assert "attachment; filename=deep-work.ics" in response.headers["Content-Disposition"]
    text = response.text
    assert "TZID:Europe/Berlin" in text
    assert "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3" in text
    # The clocks change in March. Today is a Friday, so the first block is on Tuesday.
    window = Window(dt.date(2026, 10, 30), dt.date(2027, 4, 30), "Europe/Berlin")
    found = read(response.data, window).events
    assert len(found) == 40
    assert {
        (each.starts_at.weekday(), f"{each.starts_at:%H:%M}", each.minutes) for each in found
    } == {
        (1, "09:00", 150),
        (3, "09:00", 150),
    }
    assert found[0].starts_at.date() == dt.date(2026, 11, 3)


def test_invalid_deep_work_blocks_are_rejected(alice):
    page = alice.get(f"{PAGE}/deep-work.ics?start=11:00&end=09:00&weeks=90")
    assert page.status_code == 422
    for message in ("Choose at least one day.", "The end is before the start.", "1 to 52 weeks"):
        assert message in text_of(page.text)


def test_preview_of_an_earlier_release_must_be_repeated(app, cast, alice):
    # A preview stays valid for twelve hours, so an upgrade can come in between.
    earlier = ["2026-10-19", "2026-10-30", [["a" * 32, "x", "y", "Title", 2, False]], []]
    signer = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt=f"calendar of {cast.alice}")
    response = alice.post(ENTRIES, {"events": signer.dumps(earlier)})
    assert (response.status_code, response.location) == (303, PAGE)
    assert "Choose the calendar again" in alice.get(PAGE).text
