"""Sample events of the cast, and the mail pending from them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.dates import PartialDate
from roadmap.evidence import actions as evidence
from roadmap.evidence import review_actions
from roadmap.evidence.actions import evidence_input
from roadmap.evidence.models import Evidence
from roadmap.evidence.rules import EvidenceInput
from roadmap.mail.models import OutgoingMail
from roadmap.notifications.models import Notification
from roadmap.people import actions as people
from roadmap.people.models import Team
from tests.support.cast import Cast

NOW = dt.datetime(2026, 11, 2, 9, 0, tzinfo=dt.UTC)
TITLE = "Feature store design"


class Scenario:
    """Perform events of the cast, one minute apart."""

    def __init__(self, session: Session, cast: Cast) -> None:
        self.session, self.cast, self.now = session, cast, NOW

    def step(self) -> dt.datetime:
        self.now += dt.timedelta(minutes=1)
        return self.now

    def by(self, name: str) -> dict[str, Any]:
        actor = self.cast.actor(self.session, getattr(self.cast, name))
        return {"by": actor, "now": self.step()}

    def add_evidence(self, *, submitted: bool = True, author: str = "alice") -> Evidence:
        content = EvidenceInput(
            kind="design_doc", title=TITLE, occurred_on=PartialDate("2026-05-01"),
            visibility="team", description="What was decided.",
        )  # fmt: skip
        piece = evidence.create(
            self.session, getattr(self.cast, author), content,
            milestones=["design-doc-for-complex-system"], **self.by(author),
        )  # fmt: skip
        if submitted:
            evidence.submit(self.session, piece, **self.by(author))
        return piece

    def edit(self, piece: Evidence, **changes: Any) -> None:
        content = replace(evidence_input(piece), **changes)
        evidence.edit(self.session, piece, content, **self.by("alice"))

    def decide(self, piece: Evidence, decision: str, by: str = "bob") -> None:
        review_actions.decide(
            self.session, piece, decision, "The figures match.",
            version_id=piece.current.id, **self.by(by),
        )  # fmt: skip

    def comment(self, piece: Evidence, by: str) -> None:
        review_actions.add_comment(self.session, piece, "Which baseline is that?", **self.by(by))

    def add_second_manager(self) -> None:
        """Make Dave a second manager of the team, by an accepted invitation."""
        team = self.session.get_one(Team, self.cast.team)
        people.add_member(
            self.session, team, self.cast.dave, "manager", by=self.cast.dave, now=self.step()
        )
        # Other tests cover the notifications about a new manager.
        self.session.execute(sa.delete(Notification).where(Notification.kind == "leads"))

    def notifications(self, name: str, *, unread: bool = True) -> list[str]:
        """Return the kinds of a person's notifications, oldest first."""
        rows = sa.select(Notification.kind).where(Notification.user_id == getattr(self.cast, name))
        if unread:
            rows = rows.where(Notification.read_at.is_(None))
        self.session.flush()
        return list(self.session.scalars(rows.order_by(Notification.created_at)))


def queued_mails(session: Session) -> list[tuple[str, str]]:
    """Return recipients and subjects of the mail in the outbox."""
    rows = sa.select(OutgoingMail.recipient, OutgoingMail.subject).order_by(OutgoingMail.id)
    return [(recipient, subject) for recipient, subject in session.execute(rows)]


def queued_bodies(session: Session) -> list[str]:
    return list(session.scalars(sa.select(OutgoingMail.body).order_by(OutgoingMail.id)))
