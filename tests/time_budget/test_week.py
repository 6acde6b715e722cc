"""/time: hours of a week by category, and whether enough deep work remains."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from roadmap.people.models import HistoryEntry
from roadmap.time_budget.models import TimeBudget, TimeEntry
from roadmap.time_budget.queries import time_content
from tests.support.markup import text_of
from tests.support.statements import record_session_statements

# A Wednesday.
TODAY = dt.datetime(2026, 3, 18, 15, tzinfo=dt.UTC)
PAGE, ENTRIES = "/time", "/time/entries"
REVIEW = {"category": "design-reviews", "minutes": "1:30", "day": "2026-03-17", "title": "Ranking"}


@pytest.fixture
def alice(cast, browser_of, monkeypatch):
    monkeypatch.setattr("roadmap.time_budget.routes.now", lambda: TODAY)
    return browser_of(cast.alice)


def add(browser, category: str, hours: str, day: str, title: str = ""):
    payload = {"category": category, "minutes": hours, "day": day, "title": title}
    response = browser.post(ENTRIES, payload)
    assert response.status_code == 303, text_of(response.text)
    return response


def test_empty_week_shows_the_form(alice):
    page = alice.get(PAGE).text
    assert "Nothing recorded yet" in page
    assert 'value="2026-03-18"' in page
    assert "below your limit" not in page
    assert 'href="/time"' in alice.get("/").text


INVALID_ENTRIES = (
    ({"minutes": "90"}, "Enter 1 min to 24 h. Write minutes as 90 min."),
    ({"minutes": "1:75", "category": ""}, "Enter hours as 1:30 or 1.5"),
    ({"minutes": " "}, "How long did it take?"),
    ({"minutes": "", "category": "", "day": ""}, "Choose what it was."),
    ({"day": "2026-03-19"}, "This day is in the future."),
    ({"day": "0206-03-18"}, "This is before 2000"),
    ({"day": "yesterday"}, "Enter the date as year-month-day"),
    ({"category": "not-work"}, "Choose one of the options."),
    ({"title": "Ranking" * 40}, "At most 200 characters."),
)


def test_invalid_entry_is_rejected_and_input_kept(alice, session):
    for changes, message in INVALID_ENTRIES:
        response = alice.post(ENTRIES, {**REVIEW, **changes})
        assert response.status_code == 422, changes
        assert message in text_of(response.text)
        assert "Ranking" in response.text
    assert session.scalars(sa.select(TimeEntry)).all() == []


def test_totals_and_share_are_compared_with_the_guide(alice):
    add(alice, "design-reviews", "10", "2026-03-10")
    add(alice, "mentoring", "7:30", "2026-03-11")
    add(alice, "deep-work", "8", "2026-03-12")
    add(alice, "other", "4", "2026-03-13")
    text = text_of(alice.get(f"{PAGE}?week=2026-W11").text)
    assert "took 17 h 30 min of the 29 h 30 min recorded so far" in text
    assert "The rest of your week of 40 h is unknown." in text
    assert "Too little of the week is recorded to compare. Taylor Rupe, Hakia, 2025" in text
    add(alice, "planning", "2:30", "2026-03-13")
    text = text_of(alice.get(f"{PAGE}?week=2026-W11").text)
    assert "Meetings, reviews and mentoring took 50% of your week of 40 h." in text
    assert "The guide expects 40 to 50%, which is 16 h to 20 h here." in text
    assert "Within the guide's share. Taylor Rupe, Hakia, 2025" in text
    assert "Design reviews 10 h 25%" in text
    assert "Mentoring 7 h 30 min 19% Other work 4 h 10%" in text
    # The chart has a text alternative.
    label = "aria-label='Deep work 8 h, meetings, reviews and mentoring 20 h, other work 4 h"
    assert label in alice.get(f"{PAGE}?week=2026-W11").text
    # In a week longer than usual, the share refers to the recorded hours.
    add(alice, "other", "20:30", "2026-03-14")
    text = text_of(alice.get(f"{PAGE}?week=2026-W11").text)
    assert "took 38% of the 52 h 30 min recorded" in text
    assert "Less than the guide's share." in text


def test_week_below_the_deep_work_limit_warns_with_remedies(alice):
    add(alice, "deep-work", "5", "2026-03-09")
    text = text_of(alice.get(f"{PAGE}?week=2026-W11").text)
    assert "Deep work is below your limit: 5 h of 6 h" in text
    for line in time_content().remedies.practices:
        assert line in text
    assert "Last week deep work was below your limit: 5 h of 6 h" in text_of(alice.get(PAGE).text)
    assert (
        alice.put("/time/limits", {"deep_work_minutes": "5", "week_minutes": ""}).location == PAGE
    )
    page = alice.get(PAGE).text
    assert "below your limit" not in page.partition("Twelve weeks")[0]
    assert 'value="5 h"' in page


def test_current_week_is_compared_by_past_workdays(alice):
    # On a Wednesday two of five workdays have passed: 2 h 24 min of 6 h are due.
    add(alice, "deep-work", "2:20", "2026-03-17")
    assert "Deep work is below your limit: 2 h 20 min of 6 h" in text_of(alice.get(PAGE).text)
    add(alice, "deep-work", "5 min", "2026-03-17")
    assert "below your limit" not in text_of(alice.get(PAGE).text)
    assert "The week is not over yet." in text_of(alice.get(PAGE).text)


def test_limits_are_validated_and_can_be_reset(alice, session):
    response = alice.put("/time/limits", {"deep_work_minutes": "often", "week_minutes": "200"})
    assert response.status_code == 422
    assert "Enter hours as 1:30" in response.text
    assert "Enter 1 min to 168 h." in response.text
    assert session.scalars(sa.select(TimeBudget)).all() == []
    for _ in range(2):
        alice.put("/time/limits", {"deep_work_minutes": "0", "week_minutes": "32:30"})
    saved = session.scalars(sa.select(TimeBudget)).one()
    assert (saved.deep_work_minutes, saved.week_minutes) == (0, 1950)
    session.rollback()
    alice.put("/time/limits", {"deep_work_minutes": "", "week_minutes": ""})
    saved = session.scalars(sa.select(TimeBudget)).one()
    assert (saved.deep_work_minutes, saved.week_minutes) == (None, None)


def test_week_navigation_ends_at_the_current_week(alice):
    add(alice, "deep-work", "5", "2026-03-09")
    page = alice.get(PAGE).text
    assert "From 16 Mar 2026" not in page
    assert 'rel="prev" href="/time?week=2026-W11"' in page
    assert "Next week" not in page
    assert 'rel="next" href="/time?week=2026-W12"' in alice.get(f"{PAGE}?week=2026-W11").text
    for week in ("2026-W13", "2026-W54", "9999-W52", "1999-W01", "now"):
        assert '<h1 dir="auto">This week</h1>' in alice.get(f"{PAGE}?week={week}").text
    # Week 1 can begin in December.
    text = alice.get(f"{PAGE}?week=2025-W01").text
    assert "The week of 30 Dec 2024" in text


def test_trend_shows_twelve_weeks(alice):
    add(alice, "deep-work", "7", "2026-03-09")
    add(alice, "planning", "20", "2026-03-10")
    trend = text_of(alice.get(PAGE).text.partition('id="trend"')[2].partition("</section>")[0])
    assert trend.count("nothing recorded") == 11
    assert "9 Mar 2026 7 h 20 h 50% 27 h 2 Mar 2026 nothing recorded" in trend
    assert trend.count("30 Dec 2025") == 0
    assert "29 Dec 2025" in trend


def test_entry_can_be_changed_deleted_and_restored(alice, session):
    assert alice.post(ENTRIES, REVIEW).location == f"{PAGE}#add"
    key = session.scalar(sa.select(TimeEntry.id))
    session.rollback()
    form = alice.get(f"{ENTRIES}/{key}").text
    assert 'value="1 h 30 min"' in form
    assert 'value="Ranking"' in form
    changed = alice.put(f"{ENTRIES}/{key}", {**REVIEW, "minutes": "45 min", "day": "2026-03-02"})
    assert changed.location == f"{PAGE}?week=2026-W10"
    page = alice.get(changed.location).text
    assert "Saved: Design reviews, 45 min." in page
    assert alice.put(f"{ENTRIES}/{key}", {**REVIEW, "minutes": "x"}).status_code == 422
    alice.delete(f"{ENTRIES}/{key}")
    page = alice.get(f"{PAGE}?week=2026-W10").text
    assert "Deleted: Design reviews, 45 min." in page
    assert f'action="{ENTRIES}/{key}/removal"' in page
    assert f'id="entry-{key}"' not in page
    alice.delete(f"{ENTRIES}/{key}/removal")
    assert f'id="entry-{key}"' in alice.get(f"{PAGE}?week=2026-W10").text


def test_form_keeps_day_and_category_of_the_last_entry(alice, monkeypatch):
    response = add(alice, "mentoring", "1h30", "2026-03-11")
    assert response.location == f"{PAGE}?week=2026-W11#add"
    page = alice.get(response.location).text
    assert re.search(r'name="day"[^>]*value="2026-03-11"', page)
    assert re.search(r'checked[^>]*value="mentoring"', page)
    assert re.search(r'name="day"[^>]*value="2026-03-18"', alice.get(PAGE).text)
    later = TODAY + dt.timedelta(hours=1)
    monkeypatch.setattr("roadmap.time_budget.routes.now", lambda: later)
    page = alice.get(response.location).text
    assert re.search(r'name="day"[^>]*value="2026-03-09"', page)
    assert not re.search(r'checked[^>]*value="mentoring"', page)


def test_deleted_entry_is_purged_after_a_day(alice, session, monkeypatch):
    # An imported entry stays without its title, so that the next import does not add it again.
    for title in ("First", "Second", "Third"):
        alice.post(ENTRIES, {**REVIEW, "title": title})
    first, second, third = session.scalars(sa.select(TimeEntry.id).order_by(TimeEntry.title))
    session.execute(sa.update(TimeEntry).filter_by(id=second).values(source="calendar"))
    session.commit()
    for key in (first, second):
        alice.delete(f"{ENTRIES}/{key}")
    later = TODAY + dt.timedelta(days=2)
    monkeypatch.setattr("roadmap.time_budget.routes.now", lambda: later)
    alice.delete(f"{ENTRIES}/{third}")
    kept = session.execute(sa.select(TimeEntry.id, TimeEntry.title).order_by(TimeEntry.title))
    assert {tuple(row) for row in kept} == {(second, None), (third, "Third")}
    assert alice.delete(f"{ENTRIES}/{first}/removal").status_code == 404


def test_entries_are_private_to_their_owner(alice, cast, browser_of, session):
    alice.post(ENTRIES, REVIEW)
    key = session.scalar(sa.select(TimeEntry.id))
    session.rollback()
    for other in ("bob", "carol", "dave", "erin", "mallory"):
        browser = browser_of(getattr(cast, other))
        assert "Nothing recorded yet" in browser.get(PAGE).text
        assert browser.get(f"{ENTRIES}/{key}").status_code == 404
        assert browser.delete(f"{ENTRIES}/{key}").status_code == 404
    logged = sa.select(HistoryEntry).where(HistoryEntry.action.startswith("time"))
    assert session.scalars(logged).all() == []
    assert browser_of().get(PAGE).location == "/login?next=/time"


def test_challenge_and_milestone_pages_link_to_the_week(alice, cast, browser_of):
    assert 'href="/time"' in alice.get("/career/challenges/meeting-overload").text
    assert 'href="/tools"' in alice.get("/career/challenges/keeping-up").text
    assert 'href="/time"' in alice.get("/roadmaps/senior-ml-engineer/about").text
    alice.post("/roadmaps/senior-ml-engineer/enrollment", {})
    milestone = alice.get("/roadmaps/senior-ml-engineer/milestones/protect-deep-work").text
    assert 'href="/time">Your week</a>' in milestone
    assert "/roadmaps/senior-ml-engineer#" in alice.get(PAGE).text


def test_statement_count_does_not_grow_with_entries(alice, session):
    def count() -> int:
        with record_session_statements(session) as statements:
            alice.get(PAGE)
        return len(statements)

    add(alice, "mentoring", "1", "2026-03-18")
    before = count()
    for day in range(1, 19):
        add(alice, "planning", "1", f"2026-03-{day:02}")
    assert count() == before


def test_entry_without_start_time_is_listed_first_on_its_day(alice, cast, session):
    day = dt.date(2026, 3, 17)
    at = dt.datetime(2026, 3, 17, 9, tzinfo=dt.UTC)
    meeting = TimeEntry(
        user_id=cast.alice, day=day, category="planning", minutes=30, title="Quarter plan",
        source="calendar", event_uid="1", starts_at=at, created_at=at - dt.timedelta(days=1),
    )  # fmt: skip
    session.add(meeting)
    session.commit()
    add(alice, "design-reviews", "1", "2026-03-17", "Typed later")
    page = alice.get(PAGE).text
    assert 0 < page.index("Typed later") < page.index("Quarter plan")


def version_of(page: str) -> str:
    return re.search(r'name="seen"[^>]*value="([0-9a-f]+)"', page)[1]


def test_edit_of_a_stale_entry_is_a_conflict(alice, session):
    alice.post(ENTRIES, REVIEW)
    at = f"{ENTRIES}/{session.scalar(sa.select(TimeEntry.id))}"
    seen = version_of(alice.get(at).text)
    assert alice.put(at, {**REVIEW, "minutes": "2:00", "seen": seen}).status_code == 303
    conflict = alice.put(at, {**REVIEW, "minutes": "0:45", "category": "deep-work", "seen": seen})
    assert conflict.status_code == 409
    assert "What it was Design reviews Hours 2 h Save again" in text_of(conflict.text)
    assert session.scalars(sa.select(TimeEntry.minutes)).all() == [120]
    again = {**REVIEW, "minutes": "0:45", "seen": version_of(conflict.text)}
    assert alice.put(at, again).status_code == 303
    assert session.scalars(sa.select(TimeEntry.minutes)).all() == [45]


def test_edit_of_stale_limits_is_a_conflict(alice, session):
    seen = version_of(alice.get(PAGE).text)
    alice.put("/time/limits", {"deep_work_minutes": "5", "week_minutes": "", "seen": seen})
    conflict = alice.put(
        "/time/limits", {"deep_work_minutes": "7", "week_minutes": "", "seen": seen}
    )
    assert conflict.status_code == 409
    assert "Fewest hours of deep work a week 5 h" in text_of(conflict.text)
    assert session.scalars(sa.select(TimeBudget.deep_work_minutes)).all() == [300]
