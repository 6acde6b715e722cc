"""Write notifications. The request commits."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.types import new_id
from roadmap.evidence.models import Evidence
from roadmap.mail import outbox, transport
from roadmap.notifications.emails import render_email
from roadmap.notifications.kind import Content, Kind
from roadmap.notifications.models import MAIL_SOURCE, Notification
from roadmap.people.models import User

# How long a read notification is kept.
RETENTION = dt.timedelta(days=90)

_ROWS: Any = Notification.__table__


def create_notifications(
    session: Session,
    kind: Kind,
    readers: Sequence[User],
    *,
    about: User,
    evidence: Evidence | None = None,
    review_id: uuid.UUID | None = None,
    quote: str = "",
    comment_id: uuid.UUID | None = None,
    team_id: uuid.UUID | None = None,
    actor_id: uuid.UUID | None = None,
    actor_name: str,
    now: dt.datetime,
    **data: Any,
) -> None:
    """Write a notification for each reader, and a mail to those who want it, in two statements.

    The caller knows that each reader may see the title of the evidence now, and `quote`, the text
    of a review or comment; only the mail holds them. `data` holds JSON values.
    """
    evidence_id = evidence.id if evidence else None
    keyed = [(new_id(), reader) for reader in readers]
    if not keyed:
        return
    if transport.is_configured():
        mails = []
        for key, reader in keyed:
            content = Content(
                actor_name=actor_name, subject_name=about.name, own=about.id == reader.id,
                evidence_id=evidence_id, title=evidence.title if evidence else "", quote=quote,
                team=data.get("team", ""), role=data.get("role", ""),
            )  # fmt: skip
            if reader.wants_mail and (email := render_email(kind, reader, content)) is not None:
                source = outbox.Source(MAIL_SOURCE, key)
                mails.append(
                    outbox.Mail(reader.email, email.subject, email.body, reader.id, source)
                )
        outbox.enqueue_each(session, mails, now=now)
    session.execute(
        sa.insert(_ROWS),
        [
            {
                "id": key,
                "user_id": reader.id,
                "kind": kind.key,
                "subject_user_id": about.id,
                "evidence_id": evidence_id,
                "review_id": review_id,
                "comment_id": comment_id,
                "team_id": team_id,
                "actor_id": actor_id,
                "actor_name": actor_name,
                "data": data,
                "created_at": now,
            }
            for key, reader in keyed
        ],
    )


def mark_read(session: Session, notification: Notification, *, now: dt.datetime) -> None:
    """Mark one as read; reading it again changes nothing."""
    if notification.read_at is None:
        notification.read_at = now
        session.flush()


def mark_all_read(
    session: Session, user_id: uuid.UUID, *, until: dt.datetime, now: dt.datetime
) -> None:
    """Mark as read what came no later than `until`: what the person could see on the page."""
    unread = sa.update(_ROWS).where(_ROWS.c.user_id == user_id, _ROWS.c.read_at.is_(None))
    session.execute(unread.where(_ROWS.c.created_at <= until).values(read_at=now))


def prune(session: Session, *, now: dt.datetime) -> int:
    """Delete what was read three months ago; return how many rows."""
    old = sa.delete(_ROWS).where(_ROWS.c.read_at < now - RETENTION)
    return int(session.execute(old).rowcount)  # type: ignore[attr-defined]
