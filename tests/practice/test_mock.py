"""/practice/mock: rounds weighted by weakness, hidden until started, and a summary."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from roadmap.practice.models import MockInterview, PracticeAttempt
from roadmap.practice.queries import question_bank
from roadmap.practice.rules import LastRating, draw_rounds

TODAY = dt.date(2026, 11, 2)
DAY = dt.timedelta(days=1)


@pytest.fixture
def alice(cast, browser_of):
    return browser_of(cast.alice)


def drawn_questions(session) -> list[str]:
    session.rollback()
    return [each.question for each in session.scalars(sa.select(MockInterview)).one().rounds]


def test_mock_interview_hides_times_rates_and_summarizes_rounds(alice, session):
    page = alice.post("/practice/mock/full_loop").location
    bank, questions = question_bank(), drawn_questions(session)
    groups = [bank.by_key[key].group for key in questions]
    assert groups == ["coding", "system_design", "deep_dive", "leadership"]
    for number, (key, rating) in enumerate(zip(questions, (2, 3, 4, 1), strict=True), 1):
        title = bank.by_key[key].title
        before = alice.get(page).text
        assert f"Start round {number}" in before
        assert title not in before.replace("&#39;", "'")
        attempt = alice.post(f"{page}/rounds").location
        assert title in alice.get(attempt).text.replace("&#39;", "'")
        # Returning to the interview continues the same attempt.
        assert f"Continue round {number}" in alice.get(page).text
        assert alice.post(f"{page}/rounds").location == attempt
        alice.put(f"{attempt}/end")
        assert alice.put(f"{attempt}/rating", {"rating": str(rating)}).location == page
    summary = alice.get(page).text
    repeat = re.search(r"To repeat</h3>(.*?)</ul>", summary, re.S)[1]
    assert re.findall(r'href="/practice/([^"]+)"', repeat) == [questions[0], questions[3]]
    assert "Start round" not in summary
    assert alice.post(f"{page}/rounds").location == page
    history = alice.get("/practice/mock").text
    assert f'href="{page}"' in history
    assert "ratings: 2, 3, 4, 1" in history


def test_mock_interview_ends_early_and_deletion_keeps_attempts(alice, session):
    page = alice.post("/practice/mock/behavioural").location
    attempt = alice.post(f"{page}/rounds").location
    alice.put(f"{attempt}/rating", {"rating": "3"})
    alice.put(f"{page}/end")
    summary = alice.get(page).text
    assert "3.0 / 4" in summary
    assert summary.count("not started") == 2
    alice.delete(page)
    session.rollback()
    assert session.scalars(sa.select(MockInterview)).all() == []
    assert len(session.scalars(sa.select(PracticeAttempt)).all()) == 1


@pytest.mark.parametrize("action", ["end", "delete"])
def test_ending_or_deleting_a_mock_interview_stops_its_attempt(alice, session, action):
    page = alice.post("/practice/mock/behavioural").location
    alice.post(f"{page}/rounds")
    if action == "end":
        alice.put(f"{page}/end")
    else:
        alice.delete(page)
    session.rollback()
    assert session.scalars(sa.select(PracticeAttempt.seconds)).one() is not None
    today = alice.get("/practice").text
    assert "started, not finished" not in today
    assert "not rated yet" in today


def test_mock_interview_is_private_to_its_owner(alice, cast, browser_of):
    page = alice.post("/practice/mock/phone_screen").location
    for other in (cast.bob, cast.erin):
        assert browser_of(other).get(page).status_code == 404
        assert page not in browser_of(other).get("/practice/mock").text


def test_unknown_interview_kind_is_not_found(alice):
    assert alice.post("/practice/mock/pair_programming").status_code == 404


def test_rounds_draw_the_weakest_questions_first():
    bank = question_bank()
    coding = [each.key for each in bank.questions if each.group == "coding"]
    last = {key: LastRating(3, TODAY - DAY) for key in coding}
    low, old_low, new = coding[:3]
    last |= {low: LastRating(1, TODAY - DAY), old_low: LastRating(1, TODAY - 9 * DAY)}
    del last[new]

    def draw(count: int, seed: int = 7) -> list[str]:
        return draw_rounds(bank.questions, ["coding"] * count, last, TODAY, seed)

    assert draw(3) == [old_low, low, new]
    # A question rated today comes last, whatever its rating.
    last[old_low] = LastRating(1, TODAY)
    assert draw(2) == [low, new]
    assert draw(len(coding))[-1] == old_low
    # The seed decides among equal questions, and the draw is reproducible.
    assert draw(6) == draw(6)
    assert len({draw(3, seed)[2] for seed in range(20)}) > 3
    groups = draw_rounds(bank.questions, ["leadership", "coding"], {}, TODAY, 7)
    assert [bank.by_key[key].group for key in groups] == ["leadership", "coding"]
