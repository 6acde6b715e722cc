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
from roadmap.skills import actions as skills
from tests.notifications.scenario import TITLE, Scenario, queued_mails
from tests.support.smtp import FreePortController, Mailbox


@pytest.fixture
def deliver(app: Flask, scenario: Scenario, with_mail: None) -> Any:
    """`deliver()` sends the due mails to a local server and returns all recipients so far."""
    box = Mailbox()
    controller: Controller = FreePortController(box, hostname="127.0.0.1", port=0)
    controller.start()
    app.config["SMTP_URL"] = f"smtp://127.0.0.1:{controller.port}"

    def run() -> list[str]:
        scenario.session.commit()
        outbox.deliver_due(lambda: scenario.now)
        return [letter["To"] for letter in box.mails]

    yield run
    controller.stop()


def remove_manager_silently(scenario: Scenario) -> None:
    """Like a removal at the same moment, which did not see the notification."""
    scenario.session.execute(sa.delete(Membership).where(Membership.user_id == scenario.cast.bob))


def make_private_silently(scenario: Scenario) -> None:
    scenario.session.execute(sa.update(Evidence).values(visibility="private"))


@pytest.mark.parametrize(
    "change",
    [remove_manager_silently, make_private_silently],
    ids=["manager removed", "evidence private"],
)
@pytest.mark.parametrize("read", [False, True], ids=["unread", "read"])
def test_mail_is_sent_only_if_the_recipient_still_has_access(
    scenario: Scenario, deliver: Any, change: Any, read: bool
) -> None:
    piece = scenario.add_evidence()
    scenario.comment(piece, "bob")
    if read:
        scenario.session.execute(sa.text("UPDATE notification SET read_at = created_at"))
    change(scenario)
    assert deliver() == ["alice@example.org"], "mail about her own evidence is sent"
    assert scenario.notifications("bob", unread=False) == []
    assert scenario.notifications("alice", unread=False) == ["comment"]
    assert [to for to, _subject in queued_mails(scenario.session)] == ["alice@example.org"]


def test_mail_is_sent_to_a_recipient_with_access(scenario: Scenario, deliver: Any) -> None:
    scenario.add_evidence()
    assert deliver() == ["bob@example.org"]
    assert scenario.notifications("bob") == ["submitted"]


@pytest.mark.parametrize("is_manager", [True, False])
def test_request_for_an_assessment_is_mailed_to_managers_only(
    scenario: Scenario, deliver: Any, is_manager: bool
) -> None:
    skills.request_assessment(scenario.session, "mlops", **scenario.by("alice"))
    if not is_manager:
        remove_manager_silently(scenario)
    assert deliver() == ["bob@example.org"] * is_manager
    assert scenario.notifications("bob") == ["assessment_requested"] * is_manager


def test_withdrawn_verification_is_replaced_by_its_withdrawal(
    scenario: Scenario, deliver: Any
) -> None:
    piece = scenario.add_evidence()
    cast, session, now = scenario.cast, scenario.session, scenario.now
    bob = cast.actor(session, cast.bob)
    review = review_actions.decide(
        session, piece, "verified", version_id=piece.current_id, by=bob, now=now
    )
    assert scenario.notifications("alice") == ["verified"]
    review_actions.withdraw_review(session, piece, review.id, "Read again.", by=bob, now=now)
    assert scenario.notifications("alice", unread=False) == ["taken_back"]
    (body,) = session.scalars(
        sa.select(OutgoingMail.body).where(OutgoingMail.subject.contains("undid"))
    )
    assert "They wrote: “Read again.”" in body
    undone = ("alice@example.org", f"Bob undid a verification of “{TITLE}”")
    assert [mail for mail in queued_mails(session) if mail[0] == undone[0]] == [undone]
    assert "alice@example.org" in deliver()


def test_manager_of_the_parent_team_gets_the_mail(scenario: Scenario, deliver: Any) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    team.parent_id = scenario.cast.other_team
    scenario.session.flush()
    scenario.add_evidence()
    assert sorted(deliver()) == ["bob@example.org", "dave@example.org"]


def test_pending_mail_is_dropped_when_mail_is_turned_off(scenario: Scenario, deliver: Any) -> None:
    piece = scenario.add_evidence()
    scenario.comment(piece, "bob")
    for name in ("alice", "bob"):
        person = getattr(scenario.cast, name)
        set_preference(scenario.session, person, "wants_mail", False, now=scenario.now)
    assert deliver() == []
    assert queued_mails(scenario.session) == []
    assert scenario.notifications("alice") == ["comment"], "the notification stays on the page"
    assert scenario.notifications("bob") == ["submitted"]


@pytest.mark.postgres
def test_removal_during_submission_prevents_the_mail(
    app: Flask, scenario: Scenario, session: Session, deliver: Any
) -> None:
    """Each transaction locks another user's row, so neither sees the other's changes."""
    if session.get_bind().dialect.name != "postgresql":
        pytest.skip("on SQLite, writers run one after another")
    piece = scenario.add_evidence(submitted=False)
    session.commit()
    evidence.submit(session, piece, **scenario.by("alice"))
    session.flush()
    with db.own_transaction() as other:
        team = other.get_one(Team, scenario.cast.team)
        people.remove_member(
            other, team, scenario.cast.bob, by=scenario.cast.erin, now=scenario.step()
        )
    # Bob is told of his removal, but not of the evidence.
    assert deliver() == ["bob@example.org"]
    assert scenario.notifications("bob", unread=False) == ["removed"]
    assert queued_mails(session) == [("bob@example.org", "You are no longer in the team Ranking")]
