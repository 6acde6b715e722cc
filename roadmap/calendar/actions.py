"""Create, replace and revoke the URL of a user's calendar feed."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.auth.tokens import form_token, hash_token
from roadmap.calendar.models import CalendarFeed
from roadmap.calendar.queries import find_feed
from roadmap.core.types import form_id
from roadmap.people.audit import record_audit
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user


def create_feed(session: Session, user_id: uuid.UUID, *, now: dt.datetime, key: str = "") -> str:
    """Create a feed URL, replacing the previous one, and return its token.

    The token itself is not stored. The same form `key` returns the same token again.
    """
    lock_user(session, user_id)
    row_id = form_id(key, user_id, "calendar")
    before = find_feed(session, user_id)
    if before is not None and before.id == row_id:
        return form_token(key, row_id, before.created_at)
    if before is not None:
        session.delete(before)
        session.flush()
    token = form_token(key, row_id, now)
    session.add(
        CalendarFeed(id=row_id, user_id=user_id, token_hash=hash_token(token), created_at=now)
    )
    session.flush()
    _record(session, user_id, "calendar.address_made", now, is_renewed=before is not None)
    return token


def revoke_feed(session: Session, user_id: uuid.UUID, *, now: dt.datetime) -> None:
    """Revoke the user's feed URL, if any."""
    lock_user(session, user_id)
    feed = find_feed(session, user_id)
    if feed is not None:
        session.delete(feed)
        session.flush()
        _record(session, user_id, "calendar.address_revoked", now)


def record_access(session: Session, feed_id: uuid.UUID, day: dt.date) -> None:
    """Record the day on which a feed was last read. Called at most once a day."""
    session.execute(
        sa.update(CalendarFeed).where(CalendarFeed.id == feed_id).values(last_read_on=day)
    )


def _record(
    session: Session, user_id: uuid.UUID, action: str, now: dt.datetime, **data: Any
) -> None:
    record_audit(session, action, user_id, by=user_id, now=now, **data)
    record_history(session, user_id, action, by=user_id, now=now)
