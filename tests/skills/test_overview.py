"""GET /skills"""

from __future__ import annotations

import datetime as dt
import html

from sqlalchemy.orm import Session

from roadmap.skills import actions
from tests.support.cast import Cast
from tests.support.catalog import SLUG, enroll
from tests.support.markup import flat
from tests.support.statements import statements_of


def test_overview_shows_gap_and_difference(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    alice, bob = cast.actor(session, cast.alice), cast.actor(session, cast.bob)
    actions.assess_self(session, cast.alice, "mlops", 4, by=alice, now=now)
    actions.assess_other(session, cast.alice, "mlops", 2, by=bob, now=now)
    session.commit()

    page = browser_of(cast.alice).get("/skills")

    assert page.status_code == 200
    assert "Bob" in page.text
    assert "2 levels below yours" in page.text
    assert "1 level to go" in page.text  # The bar is 3. Bob's assessment counts, not the average.
    assert page.text.count('href="/skills/mlops"') == 1
    assert "<polygon class=manager" in page.text


def test_self_assessed_skills_at_the_bar_are_counted_separately(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    alice, bob = cast.actor(session, cast.alice), cast.actor(session, cast.bob)
    for key, level in (("mlops", 4), ("mentoring", 4), ("strategy", 4), ("deep_learning", 0)):
        actions.assess_self(session, cast.alice, key, level, by=alice, now=now)
    actions.assess_other(session, cast.alice, "mlops", 2, by=bob, now=now)
    actions.assess_other(session, cast.alice, "mentoring", 3, by=bob, now=now)
    session.commit()
    page = html.unescape(browser_of(cast.alice).get("/skills").text)
    assert "4 of 8 assessed by you." in page
    assert "At the bar: 1 confirmed, 1 self-assessed." in page


def test_person_without_roadmap_sees_whose_skills_are_shown(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    browser = browser_of(cast.alice)
    page = flat(browser.get("/skills").text)
    assert "As an example, these are the skills of Senior ML Engineer." in page
    assert '<a href="/roadmaps">Choose a roadmap</a>' in page
    assert "<h2>Senior ML Engineer</h2>" in page
    enroll(session, cast.alice, now, SLUG)
    page = browser.get("/skills").text
    assert "8 assessed by you" in page
    assert "As an example" not in page
    assert "<h2>Senior ML Engineer</h2>" not in page


def test_empty_overview_explains_how_to_start(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    enroll(session, cast.alice, now, SLUG)
    page = browser_of(cast.alice).get("/skills")

    assert "Start with one skill" in page.text
    assert "class=manager" not in page.text


def test_overview_requires_sign_in(browser_of) -> None:
    response = browser_of().get("/skills")

    assert response.status_code == 303
    assert "/login" in response.location


def test_assessments_of_another_user_are_not_shown(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    before = browser_of(cast.bob).get("/skills").text
    alice = cast.actor(session, cast.alice)
    actions.assess_self(session, cast.alice, "mlops", 4, "unmistakable", by=alice, now=now)
    session.commit()

    assert _without_csrf_token(browser_of(cast.bob).get("/skills").text) == _without_csrf_token(
        before
    )


def test_statement_count_does_not_grow_with_history(
    app, session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    browser = browser_of(cast.alice)
    browser.get("/skills")
    empty = statements_of(app, lambda: browser.get("/skills"))
    alice = cast.actor(session, cast.alice)
    for days in range(30):
        for key in ("mlops", "strategy", "mentoring"):
            moment = now - dt.timedelta(days=days)
            actions.assess_self(session, cast.alice, key, days % 5, by=alice, now=moment)
    session.commit()

    assert len(statements_of(app, lambda: browser.get("/skills"))) == len(empty)


def _without_csrf_token(page: str) -> str:
    return "\n".join(line for line in page.splitlines() if "csrf" not in line.lower())
