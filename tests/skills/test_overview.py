"""GET /skills"""

from __future__ import annotations

import datetime as dt
import html

from sqlalchemy.orm import Session

from roadmap.skills import actions
from tests.support.cast import Cast
from tests.support.statements import statements_of


def test_it_works(session: Session, cast: Cast, now: dt.datetime, browser_of) -> None:
    alice, bob = cast.actor(session, cast.alice), cast.actor(session, cast.bob)
    actions.assess_self(session, cast.alice, "mlops", 4, by=alice, now=now)
    actions.assess_other(session, cast.alice, "mlops", 2, by=bob, now=now)
    session.commit()

    page = browser_of(cast.alice).get("/skills")

    assert page.status_code == 200
    assert "Bob" in page.text
    assert "2 levels below yours" in page.text
    assert "1 level to go" in page.text  # the bar is 3, and Bob's word counts, not the average
    assert page.text.count('href="/skills/mlops"') == 1
    assert "<polygon class=manager" in page.text


def test_ones_own_word_at_the_bar_is_counted_apart(
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


def test_it_teaches_where_nothing_was_said(cast: Cast, browser_of) -> None:
    page = browser_of(cast.alice).get("/skills")

    assert "Start with one skill" in page.text
    assert "class=manager" not in page.text


def test_it_needs_sign_in(browser_of) -> None:
    answer = browser_of().get("/skills")

    assert answer.status_code == 303
    assert "/login" in answer.location


def test_it_hides_what_is_foreign(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    before = browser_of(cast.bob).get("/skills").text
    alice = cast.actor(session, cast.alice)
    actions.assess_self(session, cast.alice, "mlops", 4, "unmistakable", by=alice, now=now)
    session.commit()

    assert _without_csrf_token(browser_of(cast.bob).get("/skills").text) == _without_csrf_token(
        before
    )


def test_it_takes_the_same_statements_whatever_the_history(
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
