"""What is mailed to somebody who may not know it any more, or rather is not."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy.orm import Session

from roadmap.accounts import outbox
from roadmap.accounts.profile import want_mail
from roadmap.core.database import db
from roadmap.evidence import actions as evidence
from roadmap.evidence.models import Evidence
from roadmap.people import actions as people
from roadmap.people.models import Membership, Team
from tests.accounts.test_mail import AnyPort, Box
from tests.notify.house import House, waiting


@pytest.fixture
def sent(app: Flask, house: House, with_mail: None) -> Any:
    """`sent()`: to whom the mails went that were due, by a server on loopback."""
    box = Box()
    controller: Controller = AnyPort(box, hostname="127.0.0.1", port=0)
    controller.start()
    app.config["SMTP_URL"] = f"smtp://127.0.0.1:{controller.port}"

    def deliver() -> list[str]:
        house.session.commit()
        outbox.deliver_due(lambda: house.now)
        return [letter["To"] for letter in box.mails]

    yield deliver
    controller.stop()


def unheard_removal(house: House) -> None:
    """As a removal that did not see what was told: it was under way at the same moment."""
    house.session.execute(sa.delete(Membership).where(Membership.user_id == house.cast.bob))


def unheard_privacy(house: House) -> None:
    house.session.execute(sa.update(Evidence).values(visibility="private"))


@pytest.mark.parametrize("change", [unheard_removal, unheard_privacy])
@pytest.mark.parametrize("read", [False, True])
def test_a_mail_about_a_piece_leaves_only_to_who_may_see_it_then(
    house: House, sent: Any, change: Any, read: bool
) -> None:
    piece = house.piece()
    house.comment(piece, "bob")
    if read:
        house.session.execute(sa.text("UPDATE notification SET read_at = created_at"))
    change(house)
    assert sent() == ["alice@example.org"], "what concerns herself she may know"
    assert house.told("bob", unread=False) == []
    assert house.told("alice", unread=False) == ["comment"]
    assert [to for to, _subject in waiting(house.session)] == ["alice@example.org"]


def test_who_may_see_it_gets_it(house: House, sent: Any) -> None:
    house.piece()
    assert sent() == ["bob@example.org"]
    assert house.told("bob") == ["submitted"]


def test_a_manager_of_managers_gets_it(house: House, sent: Any) -> None:
    team = house.session.get_one(Team, house.cast.team)
    team.parent_id = house.cast.other_team
    house.session.flush()
    house.piece()
    assert sorted(sent()) == ["bob@example.org", "dave@example.org"]


def test_a_mail_that_waits_does_not_leave_once_it_is_not_wanted(house: House, sent: Any) -> None:
    piece = house.piece()
    house.comment(piece, "bob")
    for name in ("alice", "bob"):
        person = getattr(house.cast, name)
        want_mail(house.session, person, False, by=person, now=house.now)
    assert sent() == []
    assert waiting(house.session) == []
    assert house.told("alice") == ["comment"], "it stays on the page"
    assert house.told("bob") == ["submitted"]


@pytest.mark.postgres
def test_submitted_and_removed_at_once(
    app: Flask, house: House, session: Session, sent: Any
) -> None:
    """Each transaction locks the row of whom it is about, and neither sees the other."""
    if session.get_bind().dialect.name != "postgresql":
        pytest.skip("on SQLite writers come one after the other")
    piece = house.piece(submitted=False)
    session.commit()
    evidence.submit(session, piece, **house.by("alice"))
    session.flush()
    with db.own_transaction() as other:
        team = other.get_one(Team, house.cast.team)
        people.remove_member(other, team, house.cast.bob, by=house.cast.erin, now=house.step())
    assert sent() == []
    assert house.told("bob", unread=False) == []
    assert waiting(session) == []
