"""The account setting that turns off single-letter shortcuts."""

from __future__ import annotations

import sqlalchemy as sa

from roadmap.people.models import HistoryEntry, User
from tests.evidence.builders import add_evidence, submit_evidence

CHECKBOX = 'name="uses_single_keys"'


def uses_single_keys(session, person) -> bool:
    session.expire_all()
    return session.scalar(sa.select(User.uses_single_keys).where(User.id == person))


def test_shortcuts_are_on_by_default_and_can_be_switched(session, cast, browser_of):
    browser = browser_of(cast.bob)
    assert f'{CHECKBOX} value="1" checked>' in browser.get("/account").text
    # Browsers do not send unchecked boxes.
    response = browser.put("/account/keyboard", {})
    assert (response.status_code, response.location) == (303, "/account#keyboard")
    assert not uses_single_keys(session, cast.bob)
    page = browser.get("/account").text
    assert f'{CHECKBOX} value="1">' in page
    assert "Single-key shortcuts are off." in page
    browser.put("/account/keyboard", {"uses_single_keys": "1"})
    assert uses_single_keys(session, cast.bob)
    entries = session.scalars(sa.select(HistoryEntry).order_by(HistoryEntry.id)).all()
    assert [(entry.action, entry.data["uses"]) for entry in entries] == [
        ("account.single_keys", False),
        ("account.single_keys", True),
    ]


def test_setting_applies_to_own_account_only(session, cast, browser_of):
    browser_of(cast.bob).put("/account/keyboard", {"user_id": str(cast.alice)})
    assert uses_single_keys(session, cast.alice)
    assert not uses_single_keys(session, cast.bob)


def test_review_pages_list_shortcuts_only_if_enabled(session, cast, browser_of, now):
    pieces = [add_evidence(session, cast, cast.alice, now) for _piece in range(2)]
    for piece in pieces:
        submit_evidence(session, cast, piece, now)
    browser = browser_of(cast.bob)
    queue, review = browser.get("/reviews").text, browser.get(f"/reviews/{pieces[0].id}").text
    assert "<kbd>j</kbd>" in queue
    assert 'href="/account#keyboard"' in queue
    assert 'aria-keyshortcuts="n"' in review
    browser.put("/account/keyboard", {})
    queue, review = browser.get("/reviews").text, browser.get(f"/reviews/{pieces[0].id}").text
    assert "<kbd>j</kbd>" not in queue
    assert "<kbd>↓</kbd>" in queue
    assert 'aria-keyshortcuts="n"' not in review
    assert '<kbd aria-hidden="true">n' not in review
