"""The notifications that ask for a review of a piece of evidence, and their mails.

The rows are changed before the mails are withdrawn, always in this order, so that no two
transactions wait for each other.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.mail import outbox
from roadmap.notifications.models import MAIL_SOURCE, Notification

KINDS = ("submitted", "resubmitted")

_ROWS: Any = Notification.__table__
_UNREAD = _ROWS.c.read_at.is_(None)


def delete_unread(session: Session, evidence_id: uuid.UUID) -> None:
    """Delete the unread requests, and withdraw the mails of all."""
    ids = _find_ids(session, evidence_id)
    session.execute(sa.delete(_ROWS).where(*_is_request(evidence_id), _UNREAD))
    outbox.withdraw(session, MAIL_SOURCE, ids)


def mark_read(session: Session, evidence_id: uuid.UUID, *, now: dt.datetime) -> None:
    """Mark all requests as read, and withdraw their mails: the review is done."""
    ids = _find_ids(session, evidence_id)
    session.execute(sa.update(_ROWS).where(*_is_request(evidence_id), _UNREAD).values(read_at=now))
    outbox.withdraw(session, MAIL_SOURCE, ids)


def _find_ids(session: Session, evidence_id: uuid.UUID) -> Sequence[uuid.UUID]:
    return session.scalars(sa.select(_ROWS.c.id).where(*_is_request(evidence_id))).all()


def _is_request(evidence_id: uuid.UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return _ROWS.c.evidence_id == evidence_id, _ROWS.c.kind.in_(KINDS)
