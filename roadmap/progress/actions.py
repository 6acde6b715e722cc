"""Write a person's enrollments, and their status and plan of a milestone. Nothing here commits."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.dates import local_date
from roadmap.core.stale_forms import StaleForm
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user, lock_user_without_version
from roadmap.people.models import HistoryEntry, User
from roadmap.progress.models import Enrollment, MilestonePlan, MilestoneStatus

_STATUSES: Any = MilestoneStatus.__table__
_KEYS = (
    _STATUSES.c.user_id == sa.bindparam("of_user"),
    _STATUSES.c.milestone_key == sa.bindparam("of_milestone"),
)
_FIND_STATUS = sa.select(_STATUSES.c.status, _STATUSES.c.reason).where(*_KEYS)
_INSERT_STATUS = sa.insert(_STATUSES)
_UPDATE_STATUS = sa.update(_STATUSES).where(*_KEYS)
_DELETE_STATUS = sa.delete(_STATUSES).where(*_KEYS)


def enroll(
    session: Session,
    user_id: uuid.UUID,
    roadmap_id: uuid.UUID,
    *,
    target_on: dt.date | None = None,
    hours_per_week: Decimal | None = None,
    primary: bool | None = None,
    now: dt.datetime,
    token: str = "",
) -> Enrollment:
    """Enroll a person in a roadmap, or change their target date and pace.

    A person's first roadmap is the primary one until another is made primary. A new enrollment
    starts today, in the person's time zone.
    """
    mine = _lock_enrollments(session, user_id)
    enrollment = next((each for each in mine if each.roadmap_id == roadmap_id), None)
    is_new = enrollment is None
    if enrollment is None:
        enrollment = Enrollment(
            user_id=user_id,
            roadmap_id=roadmap_id,
            started_on=_local_date(session, user_id, now),
            is_primary=not mine,
            created_at=now,
        )
        session.add(enrollment)
    enrollment.target_on = target_on
    enrollment.hours_per_week = hours_per_week
    if primary:
        for each in mine:
            each.is_primary = False
        enrollment.is_primary = True
    action = "enrollment.begun" if is_new else "enrollment.changed"
    data = {
        "target_on": target_on.isoformat() if target_on else None,
        "hours_per_week": str(hours_per_week) if hours_per_week is not None else None,
    }
    _record(session, user_id, action, roadmap_id, now, token, **data)
    return enrollment


def make_primary(
    session: Session, user_id: uuid.UUID, roadmap_id: uuid.UUID, *, now: dt.datetime
) -> bool:
    """Make one of a person's roadmaps their primary one; return False if they are not enrolled."""
    mine = _lock_enrollments(session, user_id)
    if not any(each.roadmap_id == roadmap_id for each in mine):
        return False
    for each in mine:
        each.is_primary = each.roadmap_id == roadmap_id
    _record(session, user_id, "enrollment.made_primary", roadmap_id, now)
    return True


def leave(
    session: Session,
    user_id: uuid.UUID,
    roadmap_id: uuid.UUID,
    *,
    now: dt.datetime,
    token: str = "",
) -> bool:
    """End a person's enrollment in a roadmap; return False if they are not enrolled.

    Statuses, plans and evidence belong to milestones and are kept; they count again after a new
    enrollment. If the primary roadmap was left, the oldest remaining one becomes primary.
    """
    mine = _lock_enrollments(session, user_id)
    left = next((each for each in mine if each.roadmap_id == roadmap_id), None)
    if left is None:
        return False
    others = [each for each in mine if each is not left]
    if left.is_primary and others:
        others[0].is_primary = True
    session.delete(left)
    _record(session, user_id, "enrollment.left", roadmap_id, now, token)
    return True


def _lock_enrollments(session: Session, user_id: uuid.UUID) -> Sequence[Enrollment]:
    """Lock a person and load their enrollments, oldest first."""
    lock_user(session, user_id)
    mine = sa.select(Enrollment).where(Enrollment.user_id == user_id)
    return session.scalars(mine.order_by(Enrollment.created_at, Enrollment.id)).all()


def set_status(
    session: Session,
    user_id: uuid.UUID,
    milestone_key: str,
    status: str,
    *,
    reason: str = "",
    now: dt.datetime,
    token: str = "",
    was_calibrated: bool = False,
) -> bool:
    """Set the status of a milestone; return whether status or reason changed.

    `status` is not_started, in_progress, done or not_applicable, which needs a reason. Setting the
    same status again records no history, so that one undo reverts a request that was sent twice. A
    change of the reason alone keeps the date and author of the status: managers see the date, and
    may not see the reason.
    """
    reason = reason.strip() if status == "not_applicable" else ""
    lock_user(session, user_id)
    keys = {"of_user": user_id, "of_milestone": milestone_key}
    connection = session.connection()
    before = connection.execute(_FIND_STATUS, keys).first()
    if (status, reason) == (tuple(before) if before else ("not_started", "")):
        return False
    data: dict[str, Any] = {"status": status, "reason": reason}
    values = {**data, "changed_at": now, "changed_by_id": user_id, "was_calibrated": was_calibrated}
    if status == "not_started":
        connection.execute(_DELETE_STATUS, keys)
    elif before is None:
        row = {"user_id": user_id, "milestone_key": milestone_key, **values}
        connection.execute(_INSERT_STATUS, row)
    elif status == before.status:
        connection.execute(_UPDATE_STATUS, {**keys, "reason": reason})
    else:
        connection.execute(_UPDATE_STATUS, {**keys, **values})
    _record(session, user_id, "status.set", milestone_key, now, token, **data)
    return True


def set_plan(
    session: Session,
    user_id: uuid.UUID,
    milestone_key: str,
    *,
    note: str,
    target_on: dt.date | None,
    revision: int | None = None,
    now: dt.datetime,
    token: str = "",
) -> MilestonePlan:
    """Save a private note and a target date for a milestone.

    `revision` is the one that the form was filled from (0 if there was no plan), None to save
    unconditionally. Raises StaleForm if a newer one has been saved since.
    """
    lock_user(session, user_id)
    plan = session.get(MilestonePlan, (user_id, milestone_key))
    if plan is not None and revision is not None and plan.revision != revision:
        raise StaleForm(plan)
    if plan is None:
        plan = MilestonePlan(
            user_id=user_id, milestone_key=milestone_key, revision=0, updated_at=now
        )
        session.add(plan)
    plan.note = note
    plan.target_on = target_on
    plan.revision += 1
    plan.updated_at = now
    data = {"target_on": target_on.isoformat() if target_on else None}
    _record(session, user_id, "plan.set", milestone_key, now, token, **data)
    return plan


def undo_last_status(
    session: Session, user_id: uuid.UUID, milestone_key: str, *, undone: str = "", now: dt.datetime
) -> str:
    """Restore the status that a milestone had before its last change, and return it.

    `undone` is the status that the change had set. If the milestone has another one now, nothing
    changes, because a second undo would restore the first change.
    """
    lock_user_without_version(session, user_id)
    entries = session.execute(
        sa.select(HistoryEntry.data)
        .where(
            HistoryEntry.user_id == user_id,
            HistoryEntry.action == "status.set",
            HistoryEntry.subject == milestone_key,
        )
        .order_by(HistoryEntry.id.desc())
        .limit(2)
    ).scalars()
    last, before = [*entries, {}, {}][:2]
    if undone and last and last["status"] != undone:
        return str(last["status"])
    status = before.get("status", "not_started")
    set_status(session, user_id, milestone_key, status, reason=before.get("reason", ""), now=now)
    return str(status)


def set_done(
    session: Session, user_id: uuid.UUID, answers: Mapping[str, bool], *, now: dt.datetime
) -> int:
    """Mark milestones as done or not started, by key; return the number of changes."""
    lock_user(session, user_id)
    done = _keys_with_status(session, user_id, list(answers), "done")
    changed = [key for key, is_done in answers.items() if is_done != (key in done)]
    for key in changed:
        status = "done" if answers[key] else "not_started"
        set_status(session, user_id, key, status, now=now, was_calibrated=True)
    return len(changed)


def mark_not_applicable(
    session: Session, user_id: uuid.UUID, keys: Sequence[str], *, reason: str, now: dt.datetime
) -> list[str]:
    """Mark the open ones among the milestones as not applicable, and return their keys."""
    lock_user(session, user_id)
    settled = _keys_with_status(session, user_id, keys, "done", "not_applicable")
    changed = [key for key in keys if key not in settled]
    for key in changed:
        set_status(session, user_id, key, "not_applicable", reason=reason, now=now)
    return changed


def undo_not_applicable(
    session: Session, user_id: uuid.UUID, keys: Sequence[str], *, now: dt.datetime
) -> list[str]:
    """Restore the previous status of the milestones that are not applicable; return their keys."""
    lock_user(session, user_id)
    marked = _keys_with_status(session, user_id, keys, "not_applicable")
    changed = [key for key in keys if key in marked]
    for key in changed:
        # The last change may have been one of the reason only.
        if undo_last_status(session, user_id, key, now=now) == "not_applicable":
            set_status(session, user_id, key, "not_started", now=now)
    return changed


def _keys_with_status(
    session: Session, user_id: uuid.UUID, keys: Sequence[str], *statuses: str
) -> set[str]:
    return set(
        session.scalars(
            sa.select(MilestoneStatus.milestone_key).where(
                MilestoneStatus.user_id == user_id,
                MilestoneStatus.milestone_key.in_(keys),
                MilestoneStatus.status.in_(statuses),
            )
        )
    )


def _record(
    session: Session,
    user_id: uuid.UUID,
    action: str,
    subject: str | uuid.UUID,
    now: dt.datetime,
    token: str = "",
    **data: Any,
) -> None:
    """Record a change, with the name of the personal token if one was used."""
    if token:
        data["token"] = token
    record_history(session, user_id, action, subject, by=user_id, now=now, **data)


def _local_date(session: Session, user_id: uuid.UUID, now: dt.datetime) -> dt.date:
    zone = session.scalars(sa.select(User.timezone).where(User.id == user_id)).one()
    return local_date(now, zone)
