"""The account setting that turns off notifications by mail."""

from __future__ import annotations

import sqlalchemy as sa

from roadmap.people.models import HistoryEntry, User

SWITCH = 'name="wants_mail"'


def wants(session, person) -> bool:
    session.expire_all()
    return session.scalar(sa.select(User.wants_mail).where(User.id == person))


def test_where_no_mail_is_sent_there_is_nothing_to_switch(cast, browser_of):
    assert SWITCH not in browser_of(cast.alice).get("/account").text


def test_it_is_on_and_goes_off_and_on(session, cast, browser_of, with_mail):
    browser = browser_of(cast.alice)
    page = browser.get("/account").text
    assert f'{SWITCH} value="1" checked>' in page
    assert "can be sent to alice@example.org as well" in page
    # A box that is not ticked is not sent.
    answer = browser.put("/account/mail", {})
    assert (answer.status_code, answer.location) == (303, "/account#mail")
    assert not wants(session, cast.alice)
    page = browser.get("/account").text
    assert f'{SWITCH} value="1">' in page
    assert "no longer sent by mail" in page
    browser.put("/account/mail", {"wants_mail": "1"})
    assert wants(session, cast.alice)
    entries = session.scalars(sa.select(HistoryEntry).order_by(HistoryEntry.id)).all()
    assert [(entry.action, entry.data["wants"]) for entry in entries] == [
        ("account.mail_wanted", False),
        ("account.mail_wanted", True),
    ]


def test_it_is_ones_own(session, cast, browser_of):
    browser_of(cast.bob).put("/account/mail", {"user_id": str(cast.alice)})
    assert wants(session, cast.alice)
    assert not wants(session, cast.bob)
