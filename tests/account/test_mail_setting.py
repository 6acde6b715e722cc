"""The account setting that turns off notifications by mail."""

from __future__ import annotations

import sqlalchemy as sa

from roadmap.people.models import HistoryEntry, User

CHECKBOX = 'name="wants_mail"'


def wants_mail(session, person) -> bool:
    session.expire_all()
    return session.scalar(sa.select(User.wants_mail).where(User.id == person))


def test_setting_is_hidden_without_mail(cast, browser_of):
    assert CHECKBOX not in browser_of(cast.alice).get("/account").text


def test_mail_is_on_by_default_and_can_be_switched(session, cast, browser_of, with_mail):
    browser = browser_of(cast.alice)
    page = browser.get("/account").text
    assert f'{CHECKBOX} value="1" checked>' in page
    assert "can be sent to alice@example.org as well" in page
    # Browsers do not send unchecked boxes.
    response = browser.put("/account/mail", {})
    assert (response.status_code, response.location) == (303, "/account#mail")
    assert not wants_mail(session, cast.alice)
    page = browser.get("/account").text
    assert f'{CHECKBOX} value="1">' in page
    assert "no longer sent by mail" in page
    browser.put("/account/mail", {"wants_mail": "1"})
    assert wants_mail(session, cast.alice)
    entries = session.scalars(sa.select(HistoryEntry).order_by(HistoryEntry.id)).all()
    assert [(entry.action, entry.data["wants"]) for entry in entries] == [
        ("account.mail_wanted", False),
        ("account.mail_wanted", True),
    ]


def test_setting_applies_to_own_account_only(session, cast, browser_of):
    browser_of(cast.bob).put("/account/mail", {"user_id": str(cast.alice)})
    assert wants_mail(session, cast.alice)
    assert not wants_mail(session, cast.bob)
