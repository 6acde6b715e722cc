"""Where readiness listens to the rooms below it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from roadmap.core.signals import person_changed, revision_published
from roadmap.progress.models import Enrollment
from roadmap.readiness.actions import mark_stale, refresh_stale

# What people write that no figure depends on.
SILENT = frozenset({"portfolio", "account", "membership", "comment"})


def _person_changed(
    session: Session, *, user_id: uuid.UUID, what: str, now: dt.datetime, **_more: Any
) -> None:
    if what not in SILENT:
        mark_stale(session, user_id, now)


def _revision_published(
    session: Session, *, roadmap_id: uuid.UUID, now: dt.datetime, **_more: Any
) -> None:
    people = sa.select(Enrollment.user_id).where(Enrollment.roadmap_id == roadmap_id)
    for user_id in session.scalars(people):
        mark_stale(session, user_id, now)


def listen() -> None:
    """Connects the listeners; more than once is no harm."""
    person_changed.connect(_person_changed)
    revision_published.connect(_revision_published)
    if not event.contains(Session, "before_commit", refresh_stale):
        event.listen(Session, "before_commit", refresh_stale)
        event.listen(Session, "after_rollback", _forget)


def _forget(session: Session) -> None:
    session.info.clear()
