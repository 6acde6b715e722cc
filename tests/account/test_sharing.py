"""The section of the account page on what managers see, and the setting to share plans."""

from __future__ import annotations

import sqlalchemy as sa

from roadmap.people.models import HistoryEntry, User

CHECKBOX = 'name="shares_plans"'


def shares_plans(session, person) -> bool:
    return session.scalar(sa.select(User.shares_plans).where(User.id == person))


def test_account_page_lists_who_sees_what(cast, browser_of):
    page = browser_of(cast.alice).get("/account").text
    assert "Bob sees what you share." in page
    assert f'href="/teams/ranking/people/{cast.alice}"' in page
    assert "drafts, private evidence" in page
    assert f'{CHECKBOX} value="1">' in page


def test_account_page_without_manager_says_so(cast, browser_of):
    page = browser_of(cast.mallory).get("/account").text
    assert "You are not in a team with a manager" in page
    assert "See yourself as they do" not in page


def test_sharing_of_plans_is_switched_on_and_off(session, cast, browser_of):
    browser = browser_of(cast.alice)
    assert not shares_plans(session, cast.alice)
    response = browser.put("/account/sharing", {"shares_plans": "1"})
    assert (response.status_code, response.location) == (303, "/account#sharing")
    assert shares_plans(session, cast.alice)
    assert f'{CHECKBOX} value="1" checked>' in browser.get("/account").text
    # Browsers do not send unchecked boxes.
    assert browser.post("/account/sharing?_method=PUT", {}).status_code == 303
    session.expire_all()
    assert not shares_plans(session, cast.alice)
    entries = session.scalars(sa.select(HistoryEntry).order_by(HistoryEntry.id)).all()
    assert [(entry.action, entry.data["shares"]) for entry in entries] == [
        ("account.plans_shared", True),
        ("account.plans_shared", False),
    ]


def test_only_a_checked_box_shares_plans(session, cast, browser_of):
    for value in ("0", "", "true", "\x00"):
        response = browser_of(cast.alice).put("/account/sharing", {"shares_plans": value})
        assert response.status_code == 303
        assert not shares_plans(session, cast.alice)


def test_setting_applies_to_own_account_only(session, cast, browser_of):
    browser_of(cast.bob).put("/account/sharing", {"shares_plans": "1", "user_id": str(cast.alice)})
    assert not shares_plans(session, cast.alice)
    assert shares_plans(session, cast.bob)
