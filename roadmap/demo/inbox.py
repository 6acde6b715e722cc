"""Simulate that demo people read their notifications, and keep mail from being sent to them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.demo.cast import DOMAIN, morning_of
from roadmap.mail.models import OutgoingMail
from roadmap.notifications.actions import prune
from roadmap.notifications.models import Notification

# Everybody reads their notifications once a week, the last time six days ago.
WEEK, LAST_VISIT = 7, 6

_NOTIFICATIONS: Any = Notification.__table__
_MAILS: Any = OutgoingMail.__table__


class InboxSimulation:
    """Marks notifications as read, week by week."""

    def __init__(self, session: Session, today: dt.date, longest_ago: int) -> None:
        """Start `longest_ago` days before today."""
        self.session = session
        weeks = range(LAST_VISIT, longest_ago + WEEK, WEEK)
        self.looks = [morning_of(today, ago) for ago in weeks]

    def mark_read_until(self, at: dt.datetime) -> None:
        """Simulate the weekly visits up to this moment; call it before what happens then."""
        while self.looks and self.looks[-1] <= at:
            look = self.looks.pop()
            # One statement a week, however many people there are.
            self.session.execute(
                sa.update(_NOTIFICATIONS)
                .where(_NOTIFICATIONS.c.read_at.is_(None))
                .values(read_at=look)
            )

    def settle(self, now: dt.datetime) -> None:
        """Delete what the nightly job would have deleted, and all mail to the demo's domain.

        The people are invented: no mail to them may leave an instance with a mail server.
        """
        self.mark_read_until(now)
        prune(self.session, now=now)
        self.session.execute(
            sa.delete(_MAILS).where(_MAILS.c.recipient.like(f"%@{DOMAIN}", escape="\\"))
        )
