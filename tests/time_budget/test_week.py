"""/time: hours of a week by category, and whether enough deep work remains."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
import sqlalchemy as sa

from roadmap.people.models import HistoryEntry
from roadmap.time_budget.models import TimeBudget, TimeEntry
from roadmap.time_budget.queries import time_content
from tests.support.statements import record_session_statements

# A Wednesday.
TODAY = dt.datetime(2026, 3, 18, 15, tzinfo=dt.UTC)
PAGE, ENTRIES = "/time", "/time/entries"
REVIEW = {"category": "design-reviews", "minutes": "1:30", "day": "2026-03-17", "title": "Ranking"}


@pytest.fixture
def alice(cast, browser_of, monkeypatch):
    monkeypatch.setattr("roadmap.time_budget.routes.now", lambda: TODAY)
    return browser_of(cast.alice)


def visible(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def add(browser, category: str, hours: str, day: str, title: str = ""):
    typed = {"category": category, "minutes": hours, "day": day, "title": title}
    answer = browser.post(ENTRIES, typed)
    assert answer.status_code == 303, visible(answer.text)
    return answer


def test_who_has_nothing_yet_sees_what_to_do_first(alice):
    page = alice.get(PAGE).text
    assert "Nothing recorded yet" in page
    assert 'value="2026-03-18"' in page
    assert "below your limit" not in page
    assert 'href="/time"' in alice.get("/").text


WRONG = (
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


def test_what_cannot_be_is_refused_and_kept(alice, session):
    for wrong, said in WRONG:
        answer = alice.post(ENTRIES, {**REVIEW, **wrong})
        assert answer.status_code == 422, wrong
        assert said in visible(answer.text)
        assert "Ranking" in answer.text
    assert session.scalars(sa.select(TimeEntry)).all() == []


def test_totals_and_share_stand_against_the_guides(alice):
    add(alice, "design-reviews", "10", "2026-03-10")
    add(alice, "mentoring", "7:30", "2026-03-11")
    add(alice, "deep-work", "8", "2026-03-12")
    add(alice, "other", "4", "2026-03-13")
    text = visible(alice.get(f"{PAGE}?week=2026-W11").text)
    assert "took 17 h 30 min of the 29 h 30 min recorded so far" in text
    assert "The rest of your week of 40 h is unknown." in text
    assert "Too little of the week is recorded to compare. Taylor Rupe, Hakia, 2025" in text
    add(alice, "planning", "2:30", "2026-03-13")
    text = visible(alice.get(f"{PAGE}?week=2026-W11").text)
    assert "Meetings, reviews and mentoring took 50% of your week of 40 h." in text
    assert "The guide expects 40 to 50%, which is 16 h to 20 h here." in text
    assert "Within the guide's share. Taylor Rupe, Hakia, 2025" in text
    assert "Design reviews 10 h 25%" in text
    assert "Mentoring 7 h 30 min 19% Other work 4 h 10%" in text
    # The drawing says it in words.
    said = "aria-label='Deep work 8 h, meetings, reviews and mentoring 20 h, other work 4 h"
    assert said in alice.get(f"{PAGE}?week=2026-W11").text
    # Of a week with more hours than usual, the share is of what is recorded.
    add(alice, "other", "20:30", "2026-03-14")
    text = visible(alice.get(f"{PAGE}?week=2026-W11").text)
    assert "took 38% of the 52 h 30 min recorded" in text
    assert "Less than the guide's share." in text


def test_a_week_below_the_own_limit_warns_with_remedies(alice):
    add(alice, "deep-work", "5", "2026-03-09")
    text = visible(alice.get(f"{PAGE}?week=2026-W11").text)
    assert "Deep work is below your limit: 5 h of 6 h" in text
    for line in time_content().remedies.practices:
        assert line in text
    assert "Last week deep work was below your limit: 5 h of 6 h" in visible(alice.get(PAGE).text)
    assert (
        alice.put("/time/limits", {"deep_work_minutes": "5", "week_minutes": ""}).location == PAGE
    )
    page = alice.get(PAGE).text
    assert "below your limit" not in page.partition("Twelve weeks")[0]
    assert 'value="5 h"' in page


def test_a_week_that_goes_on_warns_of_the_days_that_passed(alice):
    """On a Wednesday two of five days: 2 h 24 min of 6 h."""
    add(alice, "deep-work", "2:20", "2026-03-17")
    assert "Deep work is below your limit: 2 h 20 min of 6 h" in visible(alice.get(PAGE).text)
    add(alice, "deep-work", "5 min", "2026-03-17")
    assert "below your limit" not in visible(alice.get(PAGE).text)
    assert "The week is not over yet." in visible(alice.get(PAGE).text)


def test_limits_fall_back_and_refuse_what_cannot_be(alice, session):
    answer = alice.put("/time/limits", {"deep_work_minutes": "often", "week_minutes": "200"})
    assert answer.status_code == 422
    assert "Enter hours as 1:30" in answer.text
    assert "Enter 1 min to 168 h." in answer.text
    assert session.scalars(sa.select(TimeBudget)).all() == []
    for _ in range(2):
        alice.put("/time/limits", {"deep_work_minutes": "0", "week_minutes": "32:30"})
    saved = session.scalars(sa.select(TimeBudget)).one()
    assert (saved.deep_work_minutes, saved.week_minutes) == (0, 1950)
    session.rollback()
    alice.put("/time/limits", {"deep_work_minutes": "", "week_minutes": ""})
    saved = session.scalars(sa.select(TimeBudget)).one()
    assert (saved.deep_work_minutes, saved.week_minutes) == (None, None)


def test_weeks_lead_to_each_other_and_not_into_the_future(alice):
    add(alice, "deep-work", "5", "2026-03-09")
    page = alice.get(PAGE).text
    assert "From 16 Mar 2026" not in page
    assert 'rel="prev" href="/time?week=2026-W11"' in page
    assert "Next week" not in page
    assert 'rel="next" href="/time?week=2026-W12"' in alice.get(f"{PAGE}?week=2026-W11").text
    for asked in ("2026-W13", "2026-W54", "9999-W52", "1999-W01", "now"):
        assert '<h1 dir="auto">This week</h1>' in alice.get(f"{PAGE}?week={asked}").text
    # The last days of a year may lie in the first week of the next one.
    text = alice.get(f"{PAGE}?week=2025-W01").text
    assert "The week of 30 Dec 2024" in text


def test_the_trend_has_twelve_weeks(alice):
    add(alice, "deep-work", "7", "2026-03-09")
    add(alice, "planning", "20", "2026-03-10")
    trend = visible(alice.get(PAGE).text.partition('id="trend"')[2].partition("</section>")[0])
    assert trend.count("nothing recorded") == 11
    assert "9 Mar 2026 7 h 20 h 50% 27 h 2 Mar 2026 nothing recorded" in trend
    assert trend.count("30 Dec 2025") == 0
    assert "29 Dec 2025" in trend


def test_an_entry_is_changed_deleted_and_brought_back(alice, session):
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


def test_the_form_keeps_day_and_category_of_what_was_just_entered(alice, monkeypatch):
    answer = add(alice, "mentoring", "1h30", "2026-03-11")
    assert answer.location == f"{PAGE}?week=2026-W11#add"
    page = alice.get(answer.location).text
    assert re.search(r'name="day"[^>]*value="2026-03-11"', page)
    assert re.search(r'checked[^>]*value="mentoring"', page)
    assert re.search(r'name="day"[^>]*value="2026-03-18"', alice.get(PAGE).text)
    later = TODAY + dt.timedelta(hours=1)
    monkeypatch.setattr("roadmap.time_budget.routes.now", lambda: later)
    page = alice.get(answer.location).text
    assert re.search(r'name="day"[^>]*value="2026-03-09"', page)
    assert not re.search(r'checked[^>]*value="mentoring"', page)


def test_what_was_deleted_is_forgotten_a_day_later(alice, session, monkeypatch):
    """What a calendar brought stays as a mark without its title, for the next import."""
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


def test_nobody_else_has_anything_of_it(alice, cast, browser_of, session):
    alice.post(ENTRIES, REVIEW)
    key = session.scalar(sa.select(TimeEntry.id))
    session.rollback()
    for other in ("bob", "carol", "dave", "erin", "mallory"):
        theirs = browser_of(getattr(cast, other))
        assert "Nothing recorded yet" in theirs.get(PAGE).text
        assert theirs.get(f"{ENTRIES}/{key}").status_code == 404
        assert theirs.delete(f"{ENTRIES}/{key}").status_code == 404
    said = sa.select(HistoryEntry).where(HistoryEntry.action.startswith("time"))
    assert session.scalars(said).all() == []
    assert browser_of().get(PAGE).location == "/login?next=/time"


def test_challenge_and_milestone_lead_here(alice, cast, browser_of):
    assert 'href="/time"' in alice.get("/career/challenges/meeting-overload").text
    assert 'href="/tools"' in alice.get("/career/challenges/keeping-up").text
    assert 'href="/time"' in alice.get("/roadmaps/senior-ml-engineer/about").text
    alice.post("/roadmaps/senior-ml-engineer/enrollment", {})
    milestone = alice.get("/roadmaps/senior-ml-engineer/milestones/protect-deep-work").text
    assert 'href="/time">Your week</a>' in milestone
    assert "/roadmaps/senior-ml-engineer#" in alice.get(PAGE).text


def test_the_number_of_statements_does_not_grow_with_the_hours(alice, session):
    def count() -> int:
        with record_session_statements(session) as statements:
            alice.get(PAGE)
        return len(statements)

    add(alice, "mentoring", "1", "2026-03-18")
    few = count()
    for day in range(1, 19):
        add(alice, "planning", "1", f"2026-03-{day:02}")
    assert count() == few


def test_what_has_no_time_stands_first_on_its_day(alice, cast, session):
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


def seen_of(page: str) -> str:
    return re.search(r'name="seen"[^>]*value="([0-9a-f]+)"', page)[1]


def test_another_tab_is_not_overwritten_unseen(alice, session):
    alice.post(ENTRIES, REVIEW)
    at = f"{ENTRIES}/{session.scalar(sa.select(TimeEntry.id))}"
    seen = seen_of(alice.get(at).text)
    assert alice.put(at, {**REVIEW, "minutes": "2:00", "seen": seen}).status_code == 303
    late = alice.put(at, {**REVIEW, "minutes": "0:45", "category": "deep-work", "seen": seen})
    assert late.status_code == 409
    assert "What it was Design reviews Hours 2 h Save again" in visible(late.text)
    assert session.scalars(sa.select(TimeEntry.minutes)).all() == [120]
    again = {**REVIEW, "minutes": "0:45", "seen": seen_of(late.text)}
    assert alice.put(at, again).status_code == 303
    assert session.scalars(sa.select(TimeEntry.minutes)).all() == [45]


def test_limits_of_another_tab_are_not_overwritten_unseen(alice, session):
    seen = seen_of(alice.get(PAGE).text)
    alice.put("/time/limits", {"deep_work_minutes": "5", "week_minutes": "", "seen": seen})
    late = alice.put("/time/limits", {"deep_work_minutes": "7", "week_minutes": "", "seen": seen})
    assert late.status_code == 409
    assert "Fewest hours of deep work a week 5 h" in visible(late.text)
    assert session.scalars(sa.select(TimeBudget.deep_work_minutes)).all() == [300]
