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


def add_snapshots(session, cast, today: dt.date, *days: tuple[int, int, int | None]) -> None:
    """Add snapshots: days ago, claimed hours and verified hours."""
    roadmap = enrollment(session, cast.alice, SLUG).roadmap_id
    for days_ago, claimed, verified in days:
        day = today - dt.timedelta(days=days_ago)
        session.add(
            Snapshot(
                user_id=cast.alice, roadmap_id=roadmap, day=day, checked_on=day, hours=1_500,
                claimed_hours=claimed, evidenced_hours=verified, verified_hours=verified,
                score=None if verified is None else Decimal("12.34"),
            )
        )  # fmt: skip
    session.commit()


def test_new_user_sees_when_charts_begin(alice):
    page = alice.get(PAGE).text
    assert "Your lines begin tomorrow" in page
    assert "class=chart" not in page
    assert "Activity in" in page


def test_charts_and_numbers_show_effort_and_score(session, cast, alice, now):
    add_snapshots(session, cast, now.date(), (300, 10, 5), (30, 1_234, 600))
    alice.put(f"/roadmaps/{SLUG}/milestones/{KEY}/completion")
    page = flat(alice.get(PAGE).text)
    assert page.count("class=chart") == 2
    assert "<title>Effort over time, in hours</title>" in page
    assert "claimed from 10 to" in page
    assert "verified from 5 to 0, of" in page
    assert '<td class="num">1,234</td>' in page
    assert '<td class="num">12.3</td>' in page
    # Today's figures are current, with or without a snapshot.
    assert re.search(r"<svg class=chart .*Verified 0 h</text>", page)
    assert f'href="{PAGE}"' in alice.get("/").text
    assert f'href="{PAGE}"' in alice.get(f"/roadmaps/{SLUG}").text
    assert f'href="{PAGE}#score"' in alice.get("/readiness").text


def test_period_is_chosen_by_url(session, cast, alice, now):
    add_snapshots(session, cast, now.date(), (3_650, 10, 0), (300, 20, 0), (60, 30, 0))
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


def test_table_lists_days_of_change(session, cast, alice, now):
    add_snapshots(session, cast, now.date(), (200, 10, 0), (150, 20, 0), (149, 20, 0), (33, 30, 0))
    for period, step in (("90-days", "A point for each day."), ("year", "A point every 7 days.")):
        page = flat(alice.get(f"{PAGE}?period={period}").text)
        table = page.split("The numbers in both charts</summary>")[1].split("</table>")[0]
        days = re.findall(r'href="/activity\?on=([^"]+)"', table)
        back = (0, 33, 150) if period == "90-days" else (0, 33, 150, 200)
        assert days == [str(now.date() - dt.timedelta(days=each)) for each in back]
        assert "The days on which a figure changed" in page
        assert step in page


def test_near_target_date_is_drawn_and_any_target_is_stated(session, cast, alice, now):
    add_snapshots(session, cast, now.date(), (200, 10, 0))
    for ahead, is_drawn in ((90, True), (2_000, False)):
        target = now.date() + dt.timedelta(days=ahead)
        session.execute(sa.update(Enrollment).values(target_on=target))
        session.commit()
        page = alice.get(PAGE).text
        assert ("<text class=mark" in page) is is_drawn
        assert "Your target date is" in page
        assert ("too far ahead for this chart" in page) is not is_drawn


def test_unknown_figures_are_omitted_with_note(session, cast, alice, now):
    add_snapshots(session, cast, now.date(), (80, 10, None), (40, 20, 10))
    page = flat(alice.get(PAGE).text)
    assert "are unknown: evidence or positions" in page
    assert '<td class="num">–</td>' in page


def set_history(session, cast, *moments: dt.datetime) -> None:
    """Replace the history by one change at each moment."""
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
def test_changes_are_counted_by_day_in_users_time_zone(session, cast, zone, moment, day):
    set_history(session, cast, dt.datetime.fromisoformat(moment + "+00:00"))
    on = dt.date.fromisoformat(day)
    zone = ZoneInfo(zone)
    assert changes_by_day(session, cast.alice, on.year, zone) == {on: 1}
    assert not changes_by_day(session, cast.alice, on.year - 1, zone)
    assert not changes_by_day(session, cast.bob, on.year, zone)


def test_activity_year_is_chosen_by_url(session, cast, alice, now):
    year = now.year
    set_history(
        session, cast, *(dt.datetime(year - 2, 3, 4, hour, tzinfo=dt.UTC) for hour in (9, 10))
    )
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


def test_statement_count_is_independent_of_history(app, session, cast, alice, now):
    add_snapshots(session, cast, now.date(), (300, 10, 5))
    before = len(statements_of(app, lambda: alice.get(PAGE)))
    add_snapshots(session, cast, now.date(), *((back, 300 - back, 0) for back in range(1, 200)))
    set_history(session, cast, *(now - dt.timedelta(hours=back) for back in range(300)))
    session.commit()
    assert len(statements_of(app, lambda: alice.get(PAGE))) == before <= 8


def test_pages_require_enrollment(cast, alice, browser_of):
    bob = browser_of(cast.bob)
    for page in (PAGE, f"/roadmaps/{SLUG}/forecast", f"/roadmaps/{SLUG}/enrollment"):
        assert bob.get(page).location == f"/roadmaps/{SLUG}"
        assert "You are not on this roadmap yet." in bob.get(f"/roadmaps/{SLUG}").text
    assert alice.get("/roadmaps/unknown/progress").status_code == 404


def test_page_works_in_time_zone_far_ahead(session, cast, alice, now):
    session.execute(sa.update(User).values(timezone="Pacific/Kiritimati"))
    session.commit()
    assert alice.get(PAGE).status_code == 200
