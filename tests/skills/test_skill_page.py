"""GET /skills/<key>"""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from roadmap.skills import actions
from tests.support.cast import Cast
from tests.support.markup import flat


def test_page_shows_levels_bar_and_escaped_comments(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    alice, bob = cast.actor(session, cast.alice), cast.actor(session, cast.bob)
    actions.assess_self(session, cast.alice, "mlops", 3, "<b>canary</b>", by=alice, now=now)
    actions.assess_other(session, cast.alice, "mlops", 2, "Two releases", by=bob, now=now)
    session.commit()

    page = flat(browser_of(cast.alice).get("/skills/mlops").text)

    assert page.count('type="radio"') == 5
    assert page.count(">bar</span>") == 1
    assert "1 level lower than your own assessment, according to Bob" in page
    assert "&lt;b&gt;canary" in page
    assert "Two releases" in page


def test_page_can_be_requested_as_a_fragment(cast: Cast, browser_of) -> None:
    response = browser_of(cast.alice).get("/skills/mlops", fragment=True)

    assert response.text.lstrip().startswith('<tr id="skill-mlops">')
    assert "<html" not in response.text


def test_history_is_paginated(session: Session, cast: Cast, now: dt.datetime, browser_of) -> None:
    alice = cast.actor(session, cast.alice)
    for day in reversed(range(60)):
        moment = now - dt.timedelta(days=day)
        actions.assess_self(session, cast.alice, "mlops", 1, f"day {day}.", by=alice, now=moment)
    session.commit()
    browser = browser_of(cast.alice)

    first, second = (browser.get(f"/skills/mlops?page={page}").text for page in (1, 2))

    assert "day 0." in first
    assert "day 59." not in first
    assert "day 59." in second
    assert browser.get("/skills/mlops?page=nonsense").status_code == 200
    assert browser.get("/skills/mlops?page=99999999999999999999").status_code == 200


def test_skill_page_requires_sign_in(browser_of) -> None:
    assert browser_of().get("/skills/mlops").status_code == 303


def test_comments_of_another_user_are_not_shown(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    alice = cast.actor(session, cast.alice)
    actions.assess_self(session, cast.alice, "mlops", 4, "unmistakable", by=alice, now=now)
    session.commit()

    for person in (cast.bob, cast.erin, cast.mallory):
        assert "unmistakable" not in browser_of(person).get("/skills/mlops").text


def test_unknown_skill_is_not_found(cast: Cast, browser_of) -> None:
    assert browser_of(cast.alice).get("/skills/juggling").status_code == 404
