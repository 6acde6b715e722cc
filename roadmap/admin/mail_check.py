"""The test message, which shows an administrator whether mail works."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.i18n import _
from roadmap.core.proxy import public_base_url
from roadmap.mail import outbox
from roadmap.mail.models import OutgoingMail
from roadmap.people.models import User

MAIL_SOURCE = "test"


def send_test_mail(session: Session, user: User, *, now: dt.datetime) -> None:
    """Send a test message to a person through the outbox, instead of one that still waits."""
    outbox.withdraw(session, MAIL_SOURCE, [user.id])
    mail = OutgoingMail(
        user_id=user.id,
        recipient=user.email,
        subject=_("Test message from Cairn"),
        body=_(
            "Hello %(name)s,\n\nMail from Cairn at %(address)s works.\n",
            name=user.name,
            address=public_base_url(),
        ),
        source_kind=MAIL_SOURCE,
        source_id=user.id,
    )
    outbox.enqueue(session, mail, now=now)


def find_test_mail(session: Session, user_id: uuid.UUID) -> OutgoingMail | None:
    """Return the last test message to a person, as long as the outbox keeps it."""
    theirs = sa.select(OutgoingMail).where(
        OutgoingMail.source_kind == MAIL_SOURCE, OutgoingMail.source_id == user_id
    )
    return session.scalars(theirs.order_by(OutgoingMail.created_at.desc()).limit(1)).first()
