"""Mail is not sent to recipients who have lost access to its subject."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy.orm import Session

from roadmap.account.actions import set_preference
from roadmap.core.database import db
from roadmap.evidence import actions as evidence
from roadmap.evidence import review_actions
from roadmap.evidence.models import Evidence
from roadmap.mail import outbox
from roadmap.mail.models import OutgoingMail
from roadmap.people import actions as people
from roadmap.people.models import Membership, Team
from tests.notifications.scenario import TITLE, Scenario, queued_mails
from tests.support.smtp import FreePortController, Mailbox


@pytest.fixture
def sent(app: Flask, scenario: Scenario, with_mail: None) -> Any:
    """`sent()`: to whom the mails went that were due, by a server on loopback."""
    box = Mailbox()
    controller: Controller = FreePortController(box, hostname="127.0.0.1", port=0)
    controller.start()
    app.config["SMTP_URL"] = f"smtp://127.0.0.1:{controller.port}"

    def deliver() -> list[str]:
        scenario.session.commit()
        outbox.deliver_due(lambda: scenario.now)
        return [letter["To"] for letter in box.mails]

    yield deliver
    controller.stop()


def remove_manager_silently(scenario: Scenario) -> None:
    """As a removal that did not see the notification, because both ran at the same moment."""
    scenario.session.execute(sa.delete(Membership).where(Membership.user_id == scenario.cast.bob))


def make_private_silently(scenario: Scenario) -> None:
    scenario.session.execute(sa.update(Evidence).values(visibility="private"))


@pytest.mark.parametrize("change", [remove_manager_silently, make_private_silently])
@pytest.mark.parametrize("read", [False, True])
def test_a_mail_about_a_piece_leaves_only_to_who_may_see_it_then(
    scenario: Scenario, sent: Any, change: Any, read: bool
) -> None:
    piece = scenario.piece()
    scenario.comment(piece, "bob")
    if read:
        scenario.session.execute(sa.text("UPDATE notification SET read_at = created_at"))
    change(scenario)
    assert sent() == ["alice@example.org"], "what concerns herself she may know"
    assert scenario.told("bob", unread=False) == []
    assert scenario.told("alice", unread=False) == ["comment"]
    assert [to for to, _subject in queued_mails(scenario.session)] == ["alice@example.org"]


def test_who_may_see_it_gets_it(scenario: Scenario, sent: Any) -> None:
    scenario.piece()
    assert sent() == ["bob@example.org"]
    assert scenario.told("bob") == ["submitted"]


def test_a_verification_that_was_taken_back_is_told_as_taken_back(
    scenario: Scenario, sent: Any
) -> None:
    piece = scenario.piece()
    cast, session, now = scenario.cast, scenario.session, scenario.now
    bob = cast.actor(session, cast.bob)
    review = review_actions.decide(
        session, piece, "verified", version_id=piece.current_id, by=bob, now=now
    )
    assert scenario.told("alice") == ["verified"]
    review_actions.withdraw_review(session, piece, review.id, "Read again.", by=bob, now=now)
    assert scenario.told("alice", unread=False) == ["taken_back"]
    (body,) = session.scalars(
        sa.select(OutgoingMail.body).where(OutgoingMail.subject.contains("took"))
    )
    assert "They wrote: “Read again.”" in body
    taken_back = ("alice@example.org", f"Bob took back a verification of “{TITLE}”")
    assert [mail for mail in queued_mails(session) if mail[0] == taken_back[0]] == [taken_back]
    assert "alice@example.org" in sent()


def test_a_manager_of_managers_gets_it(scenario: Scenario, sent: Any) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    team.parent_id = scenario.cast.other_team
    scenario.session.flush()
    scenario.piece()
    assert sorted(sent()) == ["bob@example.org", "dave@example.org"]


def test_a_mail_that_waits_does_not_leave_once_it_is_not_wanted(
    scenario: Scenario, sent: Any
) -> None:
    piece = scenario.piece()
    scenario.comment(piece, "bob")
    for name in ("alice", "bob"):
        person = getattr(scenario.cast, name)
        set_preference(scenario.session, person, "wants_mail", False, by=person, now=scenario.now)
    assert sent() == []
    assert queued_mails(scenario.session) == []
    assert scenario.told("alice") == ["comment"], "it stays on the page"
    assert scenario.told("bob") == ["submitted"]


@pytest.mark.postgres
def test_submitted_and_removed_at_once(
    app: Flask, scenario: Scenario, session: Session, sent: Any
) -> None:
    """Each transaction locks the row of its person, and neither sees the other."""
    if session.get_bind().dialect.name != "postgresql":
        pytest.skip("on SQLite writers come one after the other")
    piece = scenario.piece(submitted=False)
    session.commit()
    evidence.submit(session, piece, **scenario.by("alice"))
    session.flush()
    with db.own_transaction() as other:
        team = other.get_one(Team, scenario.cast.team)
        people.remove_member(
            other, team, scenario.cast.bob, by=scenario.cast.erin, now=scenario.step()
        )
    # Bob hears that he was removed, and nothing of the piece.
    assert sent() == ["bob@example.org"]
    assert scenario.told("bob", unread=False) == ["removed"]
    assert queued_mails(session) == [("bob@example.org", "You are no longer in the team Ranking")]
