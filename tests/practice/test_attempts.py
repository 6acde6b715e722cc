"""/practice/attempts: timer, rating, next due date, and today's queue."""

from __future__ import annotations

import datetime as dt
import re

import fsrs
import pytest
import sqlalchemy as sa
import time_machine

from roadmap.account.actions import change_profile
from roadmap.people.models import User
from roadmap.practice import actions, queries
from roadmap.practice.models import PracticeAttempt, PracticeCard
from roadmap.practice.rules import LastRating, choose_new, group_readiness, streak
from tests.support.snapshot import rows_by_owner

KEY = "stopping-a-project"
QUESTION = f"/practice/{KEY}"
NOON = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def alice(clock, cast, browser_of):
    return browser_of(cast.alice)


def section(page: str, name: str) -> str:
    return re.search(rf'<section[^>]* aria-labelledby="{name}">.*?</section>', page, re.S)[0]


def add_rated_attempt(session, person, question, rating, at) -> None:
    attempt = actions.start_attempt(session, person, question, now=at)
    actions.rate_attempt(session, attempt, rating, "", now=at)
    session.commit()


def test_attempt_is_timed_on_the_server_and_rated(alice, session, clock):
    page = alice.post(f"{QUESTION}/attempts").location
    running = alice.get(page).text
    rubric = queries.question_bank().by_key[KEY].rubric[2][:40]
    assert "Started at 12:00." in running
    assert rubric not in running
    assert "What a strong answer covers" not in running
    # A second click continues the same attempt.
    assert alice.post(f"{QUESTION}/attempts").location == page
    clock.shift(dt.timedelta(minutes=18))
    assert alice.put(f"{page}/end").status_code == 303
    clock.shift(dt.timedelta(minutes=9))
    stopped = alice.get(page).text
    assert "18 minutes" in stopped
    assert rubric in stopped
    assert "due again on 3 Nov 2026" in stopped
    assert alice.put(f"{page}/rating", {"rating": "5"}).status_code == 422
    alice.put(f"{page}/rating", {"rating": "3", "note": "Say the number."})
    # Only the first rating counts.
    alice.put(f"{page}/rating", {"rating": "1"})
    history = section(alice.get(QUESTION).text, "attempts")
    assert "3 · At the bar" in history
    assert "Say the number." in history
    assert "due again on 4 Nov 2026" in history
    session.rollback()
    [attempt] = session.scalars(sa.select(PracticeAttempt))
    assert (attempt.seconds, attempt.rating) == (18 * 60, 3)


def test_rating_form_shows_the_rubric_and_own_answer(alice):
    alice.put(f"{QUESTION}/answer", {"situation": "The second ranker.", "seen": "0"})
    page = alice.post(f"{QUESTION}/attempts").location
    assert "The second ranker." not in alice.get(page).text
    alice.put(f"{page}/end")
    rated_by = section(alice.get(page).text, "your-rating")
    unfolded = re.findall(r"<details[^>]* open>\s*<summary>([^<]+)", rated_by)
    assert unfolded == ["What a strong answer covers", "Red flags", "Your written answer"]
    assert "The second ranker." in rated_by


def test_deleted_attempt_keeps_the_schedule(alice, session):
    page = alice.post(f"{QUESTION}/attempts").location
    alice.put(f"{page}/rating", {"rating": "2"})
    assert alice.delete(page).location == f"{QUESTION}#attempts"
    session.rollback()
    assert session.scalars(sa.select(PracticeAttempt)).all() == []
    assert len(session.scalars(sa.select(PracticeCard)).all()) == 1


def test_schedule_matches_the_fsrs_library(session, cast):
    scheduler = fsrs.Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)
    card = fsrs.Card(card_id=1, due=NOON)
    for days, rating in ((0, 3), (2, 4), (12, 1), (13, 2), (13.2, 3), (16, 3), (40, 4), (200, 2)):
        at = NOON + days * DAY
        card, _log = scheduler.review_card(card, fsrs.Rating(rating), at)
        add_rated_attempt(session, cast.alice, KEY, rating, at)
        session.expire_all()
        ours = queries.card(session, cast.alice, KEY)
        assert (ours.due, ours.last_review, ours.state) == (card.due, at, card.state)
        assert ours.stability == pytest.approx(card.stability)
        assert ours.difficulty == pytest.approx(card.difficulty)


def test_due_questions_follow_the_time_zone_of_the_user(session, cast, browser_of, clock):
    # Kiritimati is 14 hours ahead of UTC: there, 3 November begins at 10:00 UTC.
    add_rated_attempt(session, cast.alice, KEY, 3, NOON - 2 * DAY)
    change_profile(session, cast.alice, timezone="Pacific/Kiritimati", now=NOON)
    session.commit()
    for hours, is_due in ((9, False), (11, True)):
        clock.move_to(NOON + dt.timedelta(hours=hours - 12))
        today = section(browser_of(cast.alice).get("/practice").text, "today")
        assert (f'href="{QUESTION}"' in today) == is_due
        assert "3 Nov 2026" in today


def test_queue_lists_due_questions_before_new_ones(alice, session, cast):
    for key, days in (("incident-you-caused", 5), (KEY, 9)):
        add_rated_attempt(session, cast.alice, key, 3, NOON - days * DAY)
    add_rated_attempt(session, cast.alice, "argument-you-lost", 3, NOON - DAY)
    page = section(alice.get("/practice").text, "today")
    listed = re.findall(r'class="title" href="/practice/([^"]+)"', page)
    assert listed[:2] == [KEY, "incident-you-caused"]
    assert len(listed) == 4
    # The leadership group has good ratings, so new questions come from other groups.
    bank = queries.question_bank()
    assert "leadership" not in {bank.by_key[key].group for key in listed[2:]}
    add_rated_attempt(session, cast.alice, listed[2], 4, NOON)
    remaining = section(alice.get("/practice").text, "today")
    assert len(re.findall(r'class="title" href="/practice/[^"]+"', remaining)) == 3
    assert "You have practised on 2 days in a row." in remaining


def test_attempts_are_private_to_their_owner(alice, session, cast, browser_of):
    add_rated_attempt(session, cast.alice, KEY, 1, NOON)
    attempt = alice.post(f"{QUESTION}/attempts").location
    for other in (cast.bob, cast.erin):
        browser = browser_of(other)
        assert browser.get(attempt).status_code == 404
        assert "Far from the bar</a>" not in browser.get(QUESTION).text
        assert "You have not rated an attempt yet." in browser.get("/practice").text


def test_group_readiness_uses_the_last_eight_ratings_and_fades():
    today = dt.date(2026, 11, 2)
    assert group_readiness([], today) == 0
    assert group_readiness([LastRating(3, today)], today) == 12
    assert group_readiness([LastRating(2, today)] * 8, today) == 50
    assert group_readiness([LastRating(4, today)] * 20, today) == 100
    old = LastRating(4, today - 91 * DAY)
    assert group_readiness([old] * 8, today) == 50
    # Only the last eight ratings count.
    assert group_readiness([old] * 8 + [LastRating(1, today)] * 8, today) == 0


def test_new_questions_come_from_the_weakest_group_easiest_first():
    bank = queries.question_bank()
    readiness = {"system_design": 40, "deep_dive": 50, "leadership": 12, "coding": 80}
    first, second = choose_new(bank.questions, (), readiness, 0)
    assert (first.group, second.group) == ("leadership", "leadership")
    assert first.difficulty <= second.difficulty
    assert choose_new(bank.questions, {first.key}, readiness, 1) == [second]
    assert choose_new(bank.questions, (), readiness, 3) == []


def test_streak_continues_until_the_end_of_today():
    today = dt.date(2026, 11, 2)
    days = {today - n * DAY for n in (1, 2, 4)}
    assert streak(days, today) == 2
    assert streak(days | {today}, today) == 3
    assert streak({today - 2 * DAY}, today) == 0
    assert streak(set(), today) == 0


def test_dashboard_and_milestone_link_to_practice(session, snapshot, app):
    alice = snapshot.browsers(app)["alice"]
    assert "3 interview questions are due today" in alice.get("/").text
    assert "due today" not in snapshot.browsers(app)["carol"].get("/").text
    page = alice.get("/roadmaps/senior-ml-engineer/milestones/cut-p99-latency").text
    assert 'href="/practice?milestone=cut-p99-latency">Practise its interview questions</a>' in page


def test_dashboard_offers_new_questions_after_practice(session, snapshot, app):
    carol, browser = snapshot.cast.carol, snapshot.browsers(app)["carol"]
    now = dt.datetime.now(dt.UTC)
    assert "for today" not in browser.get("/").text
    add_rated_attempt(session, carol, KEY, 4, now - DAY)
    assert "2 new interview questions for today" in browser.get("/").text
    add_rated_attempt(session, carol, "argument-you-lost", 4, now)
    assert "One new interview question for today" in browser.get("/").text


def test_deleting_a_user_deletes_all_practice_data(app, session, snapshot):
    mine = str(snapshot.cast.alice)
    tables = {name for name, _row in rows_by_owner(app)[mine] if name.startswith("practice_")}
    assert len(tables) == 7
    session.execute(sa.delete(User).where(User.id == snapshot.cast.alice))
    session.commit()
    assert mine not in rows_by_owner(app)
