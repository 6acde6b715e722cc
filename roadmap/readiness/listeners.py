"""Where readiness listens to the rooms below it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from roadmap.core.signals import person_changed, revision_published
from roadmap.people.locks import lock_users
from roadmap.progress.models import Enrollment
from roadmap.readiness.actions import invalidate, mark_stale, refresh_stale_summaries

# What people write that no figure depends on. Of the account the time zone does matter: days are
# kept by it, and a row left as it was would change only with the next write, however private.
IGNORED_CHANGES = frozenset({"portfolio", "account", "membership", "comment"})
TIMEZONE_FIELD = "timezone"


def _person_changed(
    session: Session,
    *,
    user_id: uuid.UUID,
    what: str,
    action: str,
    subject: str,
    data: dict[str, Any],
    now: dt.datetime,
    **_more: Any,
) -> None:
    if what in IGNORED_CHANGES and not (
        action == "account.changed" and TIMEZONE_FIELD in data.get("fields", ())
    ):
        return
    if action == "status.set":
        mark_stale(session, user_id, now, (subject, data["status"], now))
    else:
        mark_stale(session, user_id, now)


def _revision_published(
    session: Session, *, roadmap_id: uuid.UUID, now: dt.datetime, **_more: Any
) -> None:
    people = sa.select(Enrollment.user_id).where(Enrollment.roadmap_id == roadmap_id)
    lock_users(session, people)
    for user_id in session.scalars(people).all():
        mark_stale(session, user_id, now)


def listen() -> None:
    """Connects the listeners; more than once is no harm."""
    person_changed.connect(_person_changed)
    revision_published.connect(_revision_published)
    if not event.contains(Session, "before_commit", refresh_stale_summaries):
        event.listen(Session, "before_commit", refresh_stale_summaries)
        event.listen(Session, "after_soft_rollback", _rolled_back)


def _rolled_back(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        invalidate(session)
    else:
        session.info.clear()
