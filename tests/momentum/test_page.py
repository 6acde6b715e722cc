"""GET /roadmaps/<slug>/progress: effort and score over time, and a year by days."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from roadmap.momentum.models import Snapshot
from roadmap.momentum.queries import changes_by_day
from roadmap.people.models import HistoryEntry, User
from roadmap.progress.models import Enrollment
from roadmap.progress.queries import enrollment
from tests.support.markup import flat
from tests.support.statements import statements_of

SLUG = "senior-ml-engineer"
PAGE = f"/roadmaps/{SLUG}/progress"
KEY = "bachelors-degree-or-equivalent"


@pytest.fixture
def alice(cast, browser_of):
    browser = browser_of(cast.alice)
    browser.post(f"/roadmaps/{SLUG}/enrollment", {"hours_per_week": "5"})
    return browser


def remember(session, cast, today: dt.date, *days: tuple[int, int, int | None]) -> None:
    """Write snapshots: so many days ago, claimed and verified hours."""
    roadmap = enrollment(session, cast.alice, SLUG).roadmap_id
    for back, claimed, verified in days:
        day = today - dt.timedelta(days=back)
        session.add(
            Snapshot(
                user_id=cast.alice, roadmap_id=roadmap, day=day, checked_on=day, hours=1_500,
                claimed_hours=claimed, evidenced_hours=verified, verified_hours=verified,
                score=None if verified is None else Decimal("12.34"),
            )
        )  # fmt: skip
    session.commit()


def test_a_beginner_reads_what_will_be_here(alice):
    page = alice.get(PAGE).text
    assert "Your lines begin tomorrow" in page
    assert "class=chart" not in page
    assert "Activity in" in page


def test_it_works(session, cast, alice, now):
    remember(session, cast, now.date(), (300, 10, 5), (30, 1_234, 600))
    alice.put(f"/roadmaps/{SLUG}/milestones/{KEY}/completion")
    page = flat(alice.get(PAGE).text)
    assert page.count("class=chart") == 2
    assert "<title>Effort over time, in hours</title>" in page
    assert "claimed from 10 to" in page
    assert "verified from 5 to 0, of" in page
    assert '<td class="num">1,234</td>' in page
    assert '<td class="num">12.3</td>' in page
    # Today is as it is now, whether a snapshot was taken or not.
    assert re.search(r"<svg class=chart .*Verified 0 h</text>", page)
    assert f'href="{PAGE}"' in alice.get("/").text
    assert f'href="{PAGE}"' in alice.get(f"/roadmaps/{SLUG}").text
    assert f'href="{PAGE}#score"' in alice.get("/readiness").text


def test_a_period_is_in_the_address(session, cast, alice, now):
    remember(session, cast, now.date(), (3_650, 10, 0), (300, 20, 0), (60, 30, 0))
    oldest = {}
    for period in ("90-days", "year", "all", "nonsense"):
        page = alice.get(f"{PAGE}?period={period}").text
        oldest[period] = re.findall(r'activity.on=[^"]+"><time datetime="([^"]+)"', page)
        (current,) = re.findall(r'aria-current="page">([^<]+)</a>', page.split('class="tabs"')[1])
        oldest[period] = min(oldest[period]), current
    back = {days: str(now.date() - dt.timedelta(days=days)) for days in (300, 3_650)}
    assert oldest == {
        "90-days": (back[300], "90 days"),
        "year": (back[3_650], "One year"),
        "all": (back[3_650], "All"),
        "nonsense": (back[3_650], "One year"),
    }


def test_the_table_has_the_days_of_change_and_says_so(session, cast, alice, now):
    remember(session, cast, now.date(), (200, 10, 0), (150, 20, 0), (149, 20, 0), (33, 30, 0))
    for period, step in (("90-days", "A point for each day."), ("year", "A point every 7 days.")):
        page = flat(alice.get(f"{PAGE}?period={period}").text)
        table = page.split("The numbers of both charts</summary>")[1].split("</table>")[0]
        days = re.findall(r'href="/activity\?on=([^"]+)"', table)
        back = (0, 33, 150) if period == "90-days" else (0, 33, 150, 200)
        assert days == [str(now.date() - dt.timedelta(days=each)) for each in back]
        assert "The days on which a figure changed" in page
        assert step in page


def test_a_target_that_is_near_is_drawn_and_every_target_is_said(session, cast, alice, now):
    remember(session, cast, now.date(), (200, 10, 0))
    for ahead, is_drawn in ((90, True), (2_000, False)):
        target = now.date() + dt.timedelta(days=ahead)
        session.execute(sa.update(Enrollment).values(target_on=target))
        session.commit()
        page = alice.get(PAGE).text
        assert ("<text class=mark" in page) is is_drawn
        assert "Your target date is" in page
        assert ("too far ahead for this chart" in page) is not is_drawn


def test_what_is_not_known_is_left_out_and_said(session, cast, alice, now):
    remember(session, cast, now.date(), (80, 10, None), (40, 20, 10))
    page = flat(alice.get(PAGE).text)
    assert "are unknown: evidence or positions" in page
    assert '<td class="num">–</td>' in page


def note(session, cast, *moments: dt.datetime) -> None:
    session.execute(sa.delete(HistoryEntry))
    entry = {"user_id": cast.alice, "action": "plan.set", "subject": "x", "data": {}}
    session.execute(sa.insert(HistoryEntry), [{**entry, "at": moment} for moment in moments])


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        # New Year's Eve, the leap day, both edges of daylight saving time, and odd offsets.
        ("Europe/Stockholm", "2025-12-31T23:30:00", "2026-01-01"),
        ("America/Los_Angeles", "2028-03-01T07:59:59.999999", "2028-02-29"),
        ("Europe/Stockholm", "2026-03-29T22:00:00", "2026-03-30"),
        ("Europe/Stockholm", "2026-10-25T22:59:59.999999", "2026-10-25"),
        ("Asia/Kathmandu", "2026-03-02T18:14:59.999999", "2026-03-02"),
        ("Asia/Kathmandu", "2026-03-02T18:15:00", "2026-03-03"),
    ],
)
def test_a_day_of_the_year_is_that_of_ones_own_zone(session, cast, zone, moment, day):
    note(session, cast, dt.datetime.fromisoformat(moment + "+00:00"))
    on = dt.date.fromisoformat(day)
    zone = ZoneInfo(zone)
    assert changes_by_day(session, cast.alice, on.year, zone) == {on: 1}
    assert not changes_by_day(session, cast.alice, on.year - 1, zone)
    assert not changes_by_day(session, cast.bob, on.year, zone)


def test_the_year_is_in_the_address(session, cast, alice, now):
    year = now.year
    note(session, cast, *(dt.datetime(year - 2, 3, 4, hour, tzinfo=dt.UTC) for hour in (9, 10)))
    session.commit()
    page = flat(alice.get(f"{PAGE}?year={year - 2}").text)
    assert f"Activity in {year - 2}" in page
    assert "2 changes on 1 day." in page
    assert f"<title>4 Mar {year - 2}: 2 changes</title>" in page
    assert f"year={year - 1}#activity" in page
    assert f"year={year - 3}" not in page
    for wrong in (year - 3, year + 1, "x", "99999999999"):
        assert f"Activity in {year}" in alice.get(f"{PAGE}?year={wrong}").text
    assert f"year={year + 1}" not in alice.get(PAGE).text


def test_the_number_of_statements_does_not_grow(app, session, cast, alice, now):
    remember(session, cast, now.date(), (300, 10, 5))
    few = len(statements_of(app, lambda: alice.get(PAGE)))
    remember(session, cast, now.date(), *((back, 300 - back, 0) for back in range(1, 200)))
    note(session, cast, *(now - dt.timedelta(hours=back) for back in range(300)))
    session.commit()
    assert len(statements_of(app, lambda: alice.get(PAGE))) == few <= 8


def test_nobody_else_is_on_it(cast, alice, browser_of):
    bob = browser_of(cast.bob)
    for page in (PAGE, f"/roadmaps/{SLUG}/forecast", f"/roadmaps/{SLUG}/enrollment"):
        assert bob.get(page).location == f"/roadmaps/{SLUG}"
        assert "You are not on this roadmap yet." in bob.get(f"/roadmaps/{SLUG}").text
    assert alice.get("/roadmaps/unknown/progress").status_code == 404


def test_a_zone_that_is_far_ahead_has_its_own_today(session, cast, alice, now):
    session.execute(sa.update(User).values(timezone="Pacific/Kiritimati"))
    session.commit()
    assert alice.get(PAGE).status_code == 200
