"""/calendar/<token>.ics and /calendar/address: the calendar feed and its URL."""

from __future__ import annotations

import datetime as dt
import html
import re
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

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
    """Create a feed URL and return its path."""

    def create() -> str:
        response = alice.post("/calendar/address", {})
        assert response.status_code == 201
        return urlsplit(re.search(r'value="([^"]+\.ics)"', response.text)[1]).path

    return create


def events(response) -> dict[str, icalendar.Event]:
    assert response.status_code == 200
    calendar = icalendar.Calendar.from_ical(response.data)
    return {str(event["uid"]): event for event in calendar.walk("VEVENT")}


def test_feed_contains_target_renewal_and_expiry_dates(
    cast, now, browser_of, dates, subscribe, today
):
    response = browser_of().get(subscribe())
    assert response.mimetype == "text/calendar"
    found = events(response)
    owner = cast.alice.hex
    level = found[f"milestone-{LEVELS}-{owner}@cairn"]
    assert level["dtstart"].dt == today + dt.timedelta(days=40)
    assert level["dtstart"].params.get("VALUE") == "DATE"
    assert level["dtend"].dt == today + dt.timedelta(days=41)
    assert level["dtstamp"].dt == now.replace(microsecond=0), (
        "unchanged events keep their timestamp"
    )
    assert str(level["url"]).endswith(f"/milestones/{LEVELS}")
    renewal = found[f"renewal-{dates.id}-{owner}@cairn"]
    assert str(renewal["summary"]) == "Renew: Cloud, certified; twice"
    assert renewal["dtstart"].dt == today + dt.timedelta(days=10)
    assert found[f"expiry-{dates.id}-{owner}@cairn"]["dtstart"].dt == today + dt.timedelta(days=70)
    assert len(found) == 4, "without the completed milestone"
    assert b"Ask Bob first" not in response.data


def test_roadmap_target_date_is_labelled(alice, browser_of, subscribe, today):
    target = (today + dt.timedelta(days=90)).isoformat()
    alice.post("/roadmaps/senior-ml-engineer/enrollment", {"target_on": target})
    titles = [str(event["summary"]) for event in events(browser_of().get(subscribe())).values()]
    assert titles == ["Target date: Senior ML Engineer"]


def test_unchanged_feed_answers_304(session, cast, now, browser_of, dates, subscribe, today):
    path, reader = subscribe(), browser_of()
    first = reader.get(path)
    again = reader.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    progress.set_plan(session, cast.alice, LEVELS, note="", target_on=today, now=now)
    session.commit()
    changed = reader.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert events(changed).keys() == events(first).keys()
    assert events(changed)[f"milestone-{LEVELS}-{cast.alice.hex}@cairn"]["dtstart"].dt == today


def test_feed_matches_the_page_without_expired_certifications(
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
    feed_events = events(browser_of().get(subscribe())).values()
    assert sorted(map(html.unescape, listed)) == sorted(
        str(each["summary"]) for each in feed_events
    )
    assert "Last day: Its last day" in listed
    assert ": Lapsed" not in page


def test_event_timestamps_are_never_in_the_future(
    session, cast, now, browser_of, dates, subscribe, today
):
    later = now + dt.timedelta(days=4)
    progress.set_plan(session, cast.alice, LEVELS, note="", target_on=today, now=later)
    session.commit()
    response = browser_of().get(subscribe())
    stamps = [event["dtstamp"].dt for event in events(response).values()]
    assert len(stamps) == 4
    assert max(stamps) <= dt.datetime.now(dt.UTC)
    assert b"METHOD" not in response.data, "METHOD would change the meaning of DTSTAMP"


def test_feed_sets_no_cookie_and_is_not_indexed(browser_of, dates, subscribe):
    response = browser_of().get(subscribe())
    assert "Set-Cookie" not in response.headers
    assert "noindex" in response.headers["X-Robots-Tag"]
    assert response.headers["Cache-Control"] == "private, no-cache"


def test_only_the_token_hash_is_stored(session, dates, subscribe):
    token = subscribe().split("/")[2].removesuffix(".ics")
    row = session.scalars(sa.select(CalendarFeed)).one()
    assert len(row.token_hash) == 32
    assert token not in repr(list(session.execute(sa.select(CalendarFeed.__table__))))


def test_last_reading_is_a_day_in_the_zone_of_its_owner(session, cast, browser_of, now, subscribe):
    zone = "Etc/GMT+12" if now.hour < 12 else "Pacific/Kiritimati"
    session.get_one(User, cast.alice).timezone = zone
    session.commit()
    path = subscribe()
    assert browser_of().get(path).status_code == 200
    read_on = session.scalars(sa.select(CalendarFeed.last_read_on)).one()
    assert read_on == now.astimezone(ZoneInfo(zone)).date() != now.date()


def test_feed_url_can_be_replaced_and_revoked(session, cast, alice, browser_of, dates, subscribe):
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
    created, revoked = "calendar.address_made", "calendar.address_revoked"
    assert sorted(session.scalars(mine)) == [created, created, revoked]


def test_other_users_cannot_replace_or_revoke_the_feed_url(browser_of, cast, dates, subscribe):
    path = subscribe()
    browser_of(cast.bob).delete("/calendar/address")
    browser_of(cast.bob).post("/calendar/address", {})
    assert len(events(browser_of().get(path))) == 4


def test_expiry_on_the_last_representable_day_is_kept(session, browser_of, dates, subscribe):
    session.execute(sa.update(EvidenceVersion).values(expires_on=PartialDate("9999")))
    session.commit()
    found = events(browser_of().get(subscribe()))
    [last] = [each for uid, each in found.items() if uid.startswith("expiry")]
    assert last["dtstart"].dt == dt.date.max


def test_feed_of_a_deactivated_user_is_not_found(session, cast, now, browser_of, dates, subscribe):
    path = subscribe()
    session.get_one(User, cast.alice).deactivated_at = now
    session.commit()
    assert browser_of().get(path).status_code == 404


def test_creating_or_revoking_a_feed_url_requires_sign_in(browser_of):
    for response in (
        browser_of().post("/calendar/address", {}),
        browser_of().delete("/calendar/address"),
    ):
        assert (response.status_code, urlsplit(response.location).path) == (303, "/login")
