"""/calendar: target and expiry dates as a month table and as a list."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from roadmap.core.dates import PartialDate, months_later
from roadmap.core.i18n import show_date
from roadmap.progress import actions as progress
from tests.evidence.builders import DESIGN, LEVELS, add_evidence
from tests.support.catalog import enroll
from tests.support.markup import text_of
from tests.support.sample_data import SLUG
from tests.support.statements import record_session_statements


def test_page_lists_due_and_coming_dates(cast, browser_of, dates, today):
    page = browser_of(cast.alice).get("/calendar").text
    due, coming = (text_of(page.split(f"<h2>{name}</h2>")[1]) for name in ("Due", "Upcoming"))
    assert "9 days late" in due.split("Upcoming")[0]
    assert "in 10 days" in coming.split("in 40 days")[0], "renewal starts 60 days before expiry"
    assert coming.index("Renew: Cloud") < coming.index("in 40 days") < coming.index("Last day:")
    assert page.count(f"/milestones/{LEVELS}") >= 1
    assert f"/evidence/{dates.id}/edit?renew=1" in page
    assert "Mentor" not in due + coming, "completed milestones are not due"
    assert "Ask Bob first." not in page


def test_month_table_links_to_neighbouring_months(cast, browser_of, dates, today):
    alice, day = browser_of(cast.alice), today + dt.timedelta(days=40)
    page = alice.get(f"/calendar?month={day:%Y-%m}").text
    cell = page.split(f'<time datetime="{day.isoformat()}">')[1].split("</td>")[0]
    assert f"/milestones/{LEVELS}" in cell
    assert f"?month={months_later(day.replace(day=1), -1):%Y-%m}#" in page
    assert f"?month={months_later(day.replace(day=1), 1):%Y-%m}#" in page
    for month in ("2026-13", "x", "0001-01", "9999-12", "2026"):
        response = alice.get(f"/calendar?month={month}")
        assert response.status_code == 200
        assert f"?month={months_later(today.replace(day=1), 1):%Y-%m}#" in response.text


def test_month_table_has_whole_weeks_and_crosses_years(cast, browser_of, dates):
    alice = browser_of(cast.alice)
    table = alice.get("/calendar?month=2026-02").text.partition("</table>")[0]
    days = re.findall(r'<time datetime="([^"]+)"', table)
    assert (days[0], days[-1]) in {("2026-02-01", "2026-02-28"), ("2026-01-26", "2026-03-01")}
    assert len(days) % 7 == 0
    assert "?month=2025-12#" in alice.get("/calendar?month=2026-01").text
    assert "?month=2027-01#" in alice.get("/calendar?month=2026-12").text


def test_dashboard_shows_due_dates(cast, browser_of, dates):
    alice = browser_of(cast.alice)
    part = text_of(alice.get("/").text.split('id="dates-due"')[1].split("</section>")[0])
    assert "9 days late" in part
    assert "Renew: Cloud, certified; twice" in part
    assert "in 40 days" not in part


@pytest.mark.parametrize(
    ("left", "shown"), [(60, "60 days left"), (10, "10 days left"), (1, "1 day left"), (0, "")]
)
def test_valid_certification_to_renew_is_not_late(
    session, cast, now, browser_of, today, left, shown
):
    enroll(session, cast.alice, now, SLUG)
    last = today + dt.timedelta(days=left)
    add_evidence(
        session, cast, cast.alice, now, title="Northcloud", kind="certification",
        expires_on=PartialDate(last),
    )  # fmt: skip
    session.commit()
    shown = f"{shown}, valid through {show_date(last)}" if left else "last day today"
    alice = browser_of(cast.alice)
    part = text_of(alice.get("/").text.split('id="dates-due"')[1].split("</section>")[0])
    assert part.endswith(f"Due Renew: Northcloud {shown} All dates")
    page = text_of(alice.get("/calendar").text.split('class="halves"')[1])
    begin = show_date(last - dt.timedelta(days=60))
    assert f"Renew: Northcloud {begin} {shown} Time to renew" in page
    assert "Last day: Northcloud" in page


def test_empty_calendar_is_explained(cast, browser_of):
    page = browser_of(cast.mallory).get("/calendar").text
    assert "No dates yet" in page
    assert "dates-due" not in browser_of(cast.mallory).get("/").text


@pytest.mark.parametrize("name", ["bob", "carol", "dave", "erin", "mallory"])
def test_dates_are_private_to_their_owner(cast, browser_of, dates, name):
    assert "Cloud, certified" not in browser_of(getattr(cast, name)).get("/calendar").text


def test_statement_count_does_not_grow_with_dates(session, cast, now, browser_of, dates, today):
    alice, counts = browser_of(cast.alice), []
    for number in (1, 2, 3):
        add_evidence(
            session, cast, cast.alice, now, title=f"Lapses {number}", expires_on=PartialDate("2031")
        )
        progress.set_plan(
            session, cast.alice, DESIGN, note="", target_on=today + dt.timedelta(days=number),
            now=now,
        )  # fmt: skip
        session.commit()
        with record_session_statements(session) as statements:
            alice.get("/calendar")
        counts.append(len(statements))
    assert counts[0] == counts[1] == counts[2]


def test_dashboard_loads_target_dates_once(session, cast, browser_of, dates):
    alice = browser_of(cast.alice)
    with record_session_statements(session) as statements:
        alice.get("/")
    loads = [each for each in map(str, statements) if "SELECT milestone_plan.milestone_key" in each]
    # The calendar's own query, which includes `updated_at`, does not count.
    assert len([each for each in loads if "updated_at" not in each]) == 1
