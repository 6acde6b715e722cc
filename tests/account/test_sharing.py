"""The account's section on what managers see, and its switch."""

from __future__ import annotations

import sqlalchemy as sa

from roadmap.people.models import HistoryEntry, User

SWITCH = 'name="shares_plans"'


def shares(session, person) -> bool:
    return session.scalar(sa.select(User.shares_plans).where(User.id == person))


def test_it_says_who_sees_what(cast, browser_of):
    page = browser_of(cast.alice).get("/account").text
    assert "Bob sees what you share." in page
    assert f'href="/teams/ranking/people/{cast.alice}"' in page
    assert "drafts, private evidence" in page
    assert f'{SWITCH} value="1">' in page


def test_without_a_manager_it_says_so(cast, browser_of):
    page = browser_of(cast.mallory).get("/account").text
    assert "You are in no team with a manager" in page
    assert "See yourself as they do" not in page


def test_the_switch_goes_on_and_off(session, cast, browser_of):
    browser = browser_of(cast.alice)
    assert not shares(session, cast.alice)
    answer = browser.put("/account/sharing", {"shares_plans": "1"})
    assert (answer.status_code, answer.location) == (303, "/account#sharing")
    assert shares(session, cast.alice)
    assert f'{SWITCH} value="1" checked>' in browser.get("/account").text
    # A box that is not ticked is not sent.
    assert browser.post("/account/sharing?_method=PUT", {}).status_code == 303
    session.expire_all()
    assert not shares(session, cast.alice)
    entries = session.scalars(sa.select(HistoryEntry).order_by(HistoryEntry.id)).all()
    assert [(entry.action, entry.data["shares"]) for entry in entries] == [
        ("account.plans_shared", True),
        ("account.plans_shared", False),
    ]


def test_it_takes_nothing_but_the_tick_for_a_yes(session, cast, browser_of):
    for value in ("0", "", "true", "\x00"):
        assert browser_of(cast.alice).put("/account/sharing", {"shares_plans": value}).status_code
        assert not shares(session, cast.alice)


def test_it_is_ones_own(session, cast, browser_of):
    browser_of(cast.bob).put("/account/sharing", {"shares_plans": "1", "user_id": str(cast.alice)})
    assert not shares(session, cast.alice)
    assert shares(session, cast.bob)


def test_it_needs_sign_in(browser_of):
    assert browser_of().put("/account/sharing", {"shares_plans": "1"}).status_code == 401
