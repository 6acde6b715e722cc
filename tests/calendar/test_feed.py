"""/calendar/<token>.ics and /calendar/address: the calendar feed and its URL."""

from __future__ import annotations

import datetime as dt
import html
import re
from urllib.parse import urlsplit

import icalendar
import pytest
import sqlalchemy as sa

from roadmap.calendar.models import CalendarFeed
from roadmap.core.dates import PartialDate
from roadmap.evidence.models import EvidenceVersion
from roadmap.people.models import AuditEntry, User
from roadmap.progress import actions as progress
from tests.evidence.builders import LEVELS, add_evidence


@pytest.fixture
def alice(cast, browser_of):
    return browser_of(cast.alice)


@pytest.fixture
def subscribe(alice):
    """Make an address; return its path."""

    def make() -> str:
        answer = alice.post("/calendar/address", {})
        assert answer.status_code == 201
        return urlsplit(re.search(r'value="([^"]+\.ics)"', answer.text)[1]).path

    return make


def events(answer) -> dict[str, icalendar.Event]:
    assert answer.status_code == 200
    calendar = icalendar.Calendar.from_ical(answer.data)
    return {str(event["uid"]): event for event in calendar.walk("VEVENT")}


def test_it_works(cast, now, browser_of, dates, subscribe, today):
    answer = browser_of().get(subscribe())
    assert answer.mimetype == "text/calendar"
    found = events(answer)
    owner = cast.alice.hex
    level = found[f"milestone-{LEVELS}-{owner}@cairn"]
    assert level["dtstart"].dt == today + dt.timedelta(days=40)
    assert level["dtstart"].params.get("VALUE") == "DATE"
    assert level["dtend"].dt == today + dt.timedelta(days=41)
    assert level["dtstamp"].dt == now.replace(microsecond=0), "the same bytes until it changes"
    assert str(level["url"]).endswith(f"/milestones/{LEVELS}")
    renewal = found[f"renewal-{dates.id}-{owner}@cairn"]
    assert str(renewal["summary"]) == "Renew: Cloud, certified; twice"
    assert renewal["dtstart"].dt == today + dt.timedelta(days=10)
    assert found[f"expiry-{dates.id}-{owner}@cairn"]["dtstart"].dt == today + dt.timedelta(days=70)
    assert len(found) == 4, "without what is done"
    assert b"Ask Bob first" not in answer.data


def test_the_target_date_of_a_roadmap_says_what_it_is(alice, browser_of, subscribe, today):
    target = (today + dt.timedelta(days=90)).isoformat()
    alice.post("/roadmaps/senior-ml-engineer/enrollment", {"target_on": target})
    titles = [str(event["summary"]) for event in events(browser_of().get(subscribe())).values()]
    assert titles == ["Target date: Senior ML Engineer"]


def test_it_is_read_again_only_when_something_changed(
    session, cast, now, browser_of, dates, subscribe, today
):
    path, reader = subscribe(), browser_of()
    first = reader.get(path)
    again = reader.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    progress.set_plan(session, cast.alice, LEVELS, note="", target_on=today, by=cast.alice, now=now)
    session.commit()
    changed = reader.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert events(changed).keys() == events(first).keys()
    assert events(changed)[f"milestone-{LEVELS}-{cast.alice.hex}@cairn"]["dtstart"].dt == today


def test_it_has_the_dates_of_the_list_and_none_of_what_has_lapsed(
    session, cast, alice, now, browser_of, dates, subscribe, today
):
    for title, last in (("Lapsed", today - dt.timedelta(days=1)), ("Its last day", today)):
        add_evidence(
            session, cast, cast.alice, now, kind="certification", title=title,
            expires_on=PartialDate(last),
        )  # fmt: skip
    session.commit()
    page = alice.get("/calendar").text
    lists = page.split('class="halves"')[1]
    listed = re.findall(r'<a class="title" href="[^"]+">([^<]+)</a>', lists)
    fed = events(browser_of().get(subscribe())).values()
    assert sorted(map(html.unescape, listed)) == sorted(str(each["summary"]) for each in fed)
    assert "Last day: Its last day" in listed
    assert ": Lapsed" not in page


def test_what_was_changed_after_now_is_not_stamped_so(
    session, cast, now, browser_of, dates, subscribe, today
):
    later = now + dt.timedelta(days=4)
    progress.set_plan(
        session, cast.alice, LEVELS, note="", target_on=today, by=cast.alice, now=later
    )
    session.commit()
    answer = browser_of().get(subscribe())
    stamps = [event["dtstamp"].dt for event in events(answer).values()]
    assert len(stamps) == 4
    assert max(stamps) <= dt.datetime.now(dt.UTC)
    assert b"METHOD" not in answer.data, "with one, DTSTAMP would be when the file was made"


def test_it_leaves_no_cookie_and_nothing_for_a_search_engine(browser_of, dates, subscribe):
    answer = browser_of().get(subscribe())
    assert "Set-Cookie" not in answer.headers
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_only_the_hash_of_an_address_is_stored(session, dates, subscribe):
    token = subscribe().split("/")[2].removesuffix(".ics")
    row = session.scalars(sa.select(CalendarFeed)).one()
    assert len(row.token_hash) == 32
    assert token not in repr(list(session.execute(sa.select(CalendarFeed.__table__))))


def test_a_new_address_ends_the_one_before_and_one_can_be_revoked(
    session, cast, alice, browser_of, dates, subscribe
):
    old, new = subscribe(), subscribe()
    assert browser_of().get(old).status_code == 404
    assert browser_of().get(new).status_code == 200
    assert "last read on" in alice.get("/calendar").text
    assert alice.delete("/calendar/address").status_code == 303
    gone, unknown = browser_of().get(new), browser_of().get("/calendar/unknown.ics")
    assert (gone.status_code, unknown.status_code) == (404, 404)
    alice.delete("/calendar/address")
    mine = sa.select(AuditEntry.action).where(
        AuditEntry.actor_id == cast.alice, AuditEntry.action.startswith("calendar.")
    )
    made, revoked = "calendar.address_made", "calendar.address_revoked"
    assert sorted(session.scalars(mine)) == [made, made, revoked]


def test_nobody_ends_the_address_of_another(browser_of, cast, dates, subscribe):
    path = subscribe()
    browser_of(cast.bob).delete("/calendar/address")
    browser_of(cast.bob).post("/calendar/address", {})
    assert len(events(browser_of().get(path))) == 4


def test_the_last_day_of_all_years_has_no_day_after(session, browser_of, dates, subscribe):
    session.execute(sa.update(EvidenceVersion).values(expires_on=PartialDate("9999")))
    session.commit()
    found = events(browser_of().get(subscribe()))
    [last] = [each for uid, each in found.items() if uid.startswith("expiry")]
    assert last["dtstart"].dt == dt.date.max


def test_a_deactivated_account_has_no_calendar(session, cast, now, browser_of, dates, subscribe):
    path = subscribe()
    session.get_one(User, cast.alice).deactivated_at = now
    session.commit()
    assert browser_of().get(path).status_code == 404


def test_it_needs_sign_in_to_make_or_revoke_one(browser_of):
    for answer in (
        browser_of().post("/calendar/address", {}),
        browser_of().delete("/calendar/address"),
    ):
        assert (answer.status_code, urlsplit(answer.location).path) == (303, "/login")
