"""Listen for changes to a person's facts in other packages."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from roadmap.core.signals import PersonChange, person_changed, revision_published
from roadmap.people.locks import lock_users
from roadmap.progress.models import Enrollment
from roadmap.readiness.actions import mark_changed, refresh_changed
from roadmap.readiness.models import ReadinessSummary

# No figure depends on these. "portfolio" is the selection of pieces; a changed visibility is a
# change of evidence. A time zone change in "account" does count, because it can change the date:
# otherwise the row would only change with the next write, and so reveal a private one.
IGNORED_CHANGES = frozenset(
    {
        "portfolio",
        "account",
        "membership",
        "comment",
        "plan",
        "career_plan",
        "credential",
        "badge",
        "tool",
        "practice",
        "absence",
    }
)
TIMEZONE_FIELD = "timezone"


@person_changed.connect
def _person_changed(session: Session, change: PersonChange) -> None:
    user_id, action, thing = change.user_id, change.action, change.thing
    if action == "enrollment.left":
        session.execute(
            sa.delete(ReadinessSummary).where(
                ReadinessSummary.user_id == user_id,
                ReadinessSummary.roadmap_id == uuid.UUID(change.subject),
            )
        )
    is_timezone = action == "account.changed" and TIMEZONE_FIELD in change.data.get("fields", ())
    if thing not in IGNORED_CHANGES or is_timezone:
        mark_changed(session, user_id, change.now, only_statuses=thing == "status")


@revision_published.connect
def _revision_published(session: Session, *, now: dt.datetime, **_more: Any) -> None:
    # Refresh everyone: links to milestones of roadmaps a person is not enrolled in count as well.
    people = sa.select(Enrollment.user_id).distinct()
    lock_users(session, people)
    for user_id in session.scalars(people).all():
        mark_changed(session, user_id, now)


event.listen(Session, "before_commit", refresh_changed)
