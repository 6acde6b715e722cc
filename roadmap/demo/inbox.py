"""What the demo people were told and have read; and that none of them gets mail."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.demo.cast import DOMAIN, morning_of
from roadmap.mail.models import OutgoingMail
from roadmap.notifications.actions import prune
from roadmap.notifications.models import Notification

# Everybody looks through what is new once a week, the last time so many days ago.
WEEK, LAST_VISIT = 7, 6

_NOTIFICATIONS: Any = Notification.__table__
_MAILS: Any = OutgoingMail.__table__


class InboxSimulation:
    """Reads what is new, week by week, as the stories go on."""

    def __init__(self, session: Session, today: dt.date, longest_ago: int) -> None:
        """`longest_ago` counts the days back to the first of all steps."""
        self.session = session
        weeks = range(LAST_VISIT, longest_ago + WEEK, WEEK)
        self.looks = [morning_of(today, ago) for ago in weeks]

    def mark_read_until(self, at: dt.datetime) -> None:
        """Everybody's looks up to this moment; call it before what happens at it."""
        while self.looks and self.looks[-1] <= at:
            look = self.looks.pop()
            # All at once: one statement a week, however many people there are.
            self.session.execute(
                sa.update(_NOTIFICATIONS)
                .where(_NOTIFICATIONS.c.read_at.is_(None))
                .values(read_at=look)
            )

    def settle(self, now: dt.datetime) -> None:
        """Removes what the nightly job would have removed, and every mail to the demo's domain.

        The people of the demo are invented: where the instance has a mail server, nothing of
        their year may reach it.
        """
        self.mark_read_until(now)
        prune(self.session, now=now)
        self.session.execute(
            sa.delete(_MAILS).where(_MAILS.c.recipient.like(f"%@{DOMAIN}", escape="\\"))
        )
