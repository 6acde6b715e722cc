"""/practice/peer/<token>: a visitor rates one answer, once."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
import time_machine

from roadmap.people.models import User
from roadmap.practice.models import PeerLink
from roadmap.practice.queries import question_bank
from tests.practice.pages import text_without_tags

STORY = "/practice/stopping-a-project"
RATING = {"rating": "2", "rater": "Frank Ohara", "comment": "What did it cost?"}


@pytest.fixture
def alice(cast, browser_of):
    browser = browser_of(cast.alice)
    browser.put(f"{STORY}/answer", {"situation": "The second ranker.", "seen": "0"})
    return browser


@pytest.fixture
def peer(browser_of):
    return browser_of()


def link_path(page: str) -> str:
    return re.search(r"/practice/peer/[\w-]{43}", page)[0]


def test_peer_sees_one_answer_and_rates_it_once(alice, peer, session):
    response = alice.post(f"{STORY}/links")
    assert response.status_code == 201
    link = link_path(response.text)
    assert link not in alice.get(STORY).text
    page = peer.get(link)
    assert "Alice asks you to rate" in page.text
    assert "The second ranker." in page.text
    question = question_bank().by_key["stopping-a-project"]
    text = text_without_tags(page.text)
    for line in (*question.covers, *question.red_flags):
        assert line.replace("`", "") in text
    assert page.headers["X-Robots-Tag"].startswith("noindex")
    invalid = peer.post(link, {**RATING, "rating": "5", "rater": ""})
    assert invalid.status_code == 422
    assert "Enter your name." in invalid.text
    assert "What did it cost?" in invalid.text
    for _again in range(2):
        assert "Thank you" in peer.post(link, {**RATING}).text
        assert "The second ranker." not in peer.get(link).text
    peer.post(link, {**RATING, "rating": "4"})
    session.rollback()
    assert session.scalars(sa.select(PeerLink.rating)).all() == [2]
    mine = alice.get(STORY).text
    assert "2 · Below the bar, Frank Ohara" in mine
    assert "What did it cost?" in mine
    notifications = alice.get("/notifications").text
    assert "Frank Ohara" in notifications
    assert "A project that you stopped" in notifications
    # The peer's rating counts for readiness: half a point of eight.
    assert ">6%<" in alice.get("/practice").text


def test_rating_of_an_outdated_answer_is_labelled(alice, peer):
    link = link_path(alice.post(f"{STORY}/links").text)
    seen = re.search(r'name="seen"[^>]*value="(\d+)"', peer.get(link).text)[1]
    alice.put(f"{STORY}/answer", {"situation": "The third ranker.", "seen": "1"})
    assert "Thank you" in peer.post(link, {**RATING, "seen": seen}).text
    assert "rated before your last change" in alice.get(STORY).text
    # These peers saw the newest answer.
    link = link_path(alice.post(f"{STORY}/links").text)
    peer.post(link, {**RATING, "seen": "2"})
    peer.post(link_path(alice.post(f"{STORY}/links").text), {**RATING, "seen": "9" * 12})
    assert alice.get(STORY).text.count("rated before your last change") == 1


def test_attempt_can_be_shared_without_a_written_answer(cast, browser_of, peer):
    carol = browser_of(cast.carol)
    assert carol.post(f"{STORY}/links").status_code == 404
    attempt = carol.post(f"{STORY}/attempts").location.rpartition("/")[2]
    link = link_path(carol.post(f"{STORY}/links", {"attempt": attempt}).text)
    assert "rate what you heard" in peer.get(link).text
    carol.put(f"/practice/attempts/{attempt}/end")
    page = " ".join(peer.get(link).text.split())
    assert "that took less than a minute. </p>" in page
    # A link to another user's attempt cannot be created.
    bob = browser_of(cast.bob)
    assert bob.post(f"{STORY}/links", {"attempt": attempt}).status_code == 404


def test_peer_link_ends_when_revoked_expired_or_owner_deactivated(alice, peer, cast, session, now):
    links = [link_path(alice.post(f"{STORY}/links").text) for _ in range(2)]
    newest = session.scalars(sa.select(PeerLink.id).order_by(PeerLink.created_at.desc())).first()
    alice.delete(f"/practice/links/{newest}")
    assert sorted(peer.get(link).status_code for link in links) == [200, 404]
    [left] = [link for link in links if peer.get(link).status_code == 200]
    with time_machine.travel(now + dt.timedelta(days=15)):
        assert peer.get(left).status_code == 404
    session.rollback()
    session.execute(sa.update(User).where(User.id == cast.alice).values(deactivated_at=now))
    session.commit()
    assert peer.get(left).status_code == 404


def test_guessed_peer_links_are_rate_limited(peer):
    statuses = [peer.post("/practice/peer/guess", RATING).status_code for _ in range(11)]
    assert statuses == [404] * 10 + [429]
