"""Enrolling, and changing the status and the plan of a milestone. Nothing here commits."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from roadmap.people.history import record_history
from roadmap.people.locks import lock_user
from roadmap.people.models import HistoryEntry, User
from roadmap.progress.models import STATUSES, Enrollment, MilestonePlan, MilestoneStatus


class StaleEdit(Exception):
    """Someone saved a newer version of the text meanwhile; `current` is what is stored."""

    def __init__(self, current: MilestonePlan) -> None:
        self.current = current
        super().__init__("changed in the meantime")


def enroll(
    session: Session,
    user_id: uuid.UUID,
    roadmap_id: uuid.UUID,
    *,
    target_on: dt.date | None = None,
    hours_per_week: Decimal | None = None,
    primary: bool | None = None,
    started_on: dt.date | None = None,
    by: uuid.UUID | None,
    now: dt.datetime,
) -> Enrollment:
    """Puts a person on a roadmap, or changes their target date and pace on it.

    The first roadmap of a person is their primary one; making another primary moves that over.
    Without `started_on` a new one starts on the day that it is where the person lives.
    """
    lock_user(session, user_id)
    mine = session.scalars(sa.select(Enrollment).where(Enrollment.user_id == user_id)).all()
    enrollment = next((each for each in mine if each.roadmap_id == roadmap_id), None)
    is_new = enrollment is None
    if enrollment is None:
        enrollment = Enrollment(
            user_id=user_id,
            roadmap_id=roadmap_id,
            started_on=started_on or _local_date(session, user_id, now),
            is_primary=not mine,
            created_at=now,
        )
        session.add(enrollment)
    elif started_on is not None:
        enrollment.started_on = started_on
    enrollment.target_on = target_on
    enrollment.hours_per_week = hours_per_week
    if primary:
        for each in mine:
            each.is_primary = False
        enrollment.is_primary = True
    record_history(
        session,
        user_id=user_id,
        by=by,
        action="enrollment.begun" if is_new else "enrollment.changed",
        subject=str(roadmap_id),
        now=now,
        target_on=target_on.isoformat() if target_on else None,
        hours_per_week=str(hours_per_week) if hours_per_week is not None else None,
    )
    return enrollment


def set_status(
    session: Session,
    user_id: uuid.UUID,
    milestone_key: str,
    status: str,
    *,
    reason: str = "",
    by: uuid.UUID | None,
    now: dt.datetime,
) -> bool:
    """Sets the status of a milestone; False where status and reason are what they were.

    Then nothing is remembered either: a tick that is sent twice is no second change to undo, and
    no movement. `status` is one of not_started, in_progress, done, not_applicable (which needs a
    reason). Raises ValueError otherwise.
    """
    if status != "not_started" and status not in STATUSES:
        raise ValueError(f"no such status: {status}")
    if status == "not_applicable" and not reason.strip():
        raise ValueError("not applicable needs a reason")
    stored_reason = reason.strip() if status == "not_applicable" else ""
    lock_user(session, user_id)
    if status == "not_started":
        gone = session.execute(
            sa.delete(MilestoneStatus).where(
                MilestoneStatus.user_id == user_id, MilestoneStatus.milestone_key == milestone_key
            )
        )
        changed = bool(gone.rowcount)  # type: ignore[attr-defined]
    else:
        changed = upsert(
            session,
            MilestoneStatus,
            keys={"user_id": user_id, "milestone_key": milestone_key},
            values={
                "status": status,
                "reason": stored_reason,
                "changed_at": now,
                "changed_by_id": by,
            },
            # A second tick is no news, and a new reason is no new status: since when it is so, and
            # by whom, stays as it was. The day is shared with managers, the reason may not be.
            skip_if_unchanged=("status", "reason"),
            keep_if_unchanged={"changed_at": "status", "changed_by_id": "status"},
        )
    if not changed:
        return False
    record_history(
        session,
        user_id=user_id,
        by=by,
        action="status.set",
        subject=milestone_key,
        now=now,
        status=status,
        reason=stored_reason,
    )
    return True


def set_plan(
    session: Session,
    user_id: uuid.UUID,
    milestone_key: str,
    *,
    note: str,
    target_on: dt.date | None,
    revision: int | None = None,
    by: uuid.UUID | None,
    now: dt.datetime,
) -> MilestonePlan:
    """Keeps a private note and a target date for a milestone.

    `revision` is the one that the form was filled from (0 where there was none); None does not
    ask. Raises StaleEdit where a newer one was saved meanwhile.
    """
    lock_user(session, user_id)
    plan = session.get(MilestonePlan, (user_id, milestone_key))
    if plan is not None and revision is not None and plan.revision != revision:
        raise StaleEdit(plan)
    if plan is None:
        plan = MilestonePlan(
            user_id=user_id, milestone_key=milestone_key, revision=0, updated_at=now
        )
        session.add(plan)
    plan.note = note
    plan.target_on = target_on
    plan.revision += 1
    plan.updated_at = now
    record_history(
        session,
        user_id=user_id,
        by=by,
        action="plan.set",
        subject=milestone_key,
        now=now,
        target_on=target_on.isoformat() if target_on else None,
    )
    return plan


def undo_last_status(
    session: Session, user_id: uuid.UUID, milestone_key: str, *, by: uuid.UUID, now: dt.datetime
) -> str:
    """Puts back the status before the last change of a milestone; returns it."""
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
    _last, before = [*entries, {}, {}][:2]
    status = before.get("status", "not_started")
    set_status(
        session, user_id, milestone_key, status, reason=before.get("reason", ""), by=by, now=now
    )
    return str(status)


def upsert(
    session: Session,
    model: Any,
    *,
    keys: dict[str, Any],
    values: dict[str, Any],
    skip_if_unchanged: tuple[str, ...] = (),
    keep_if_unchanged: Mapping[str, str] | None = None,
) -> bool:
    """Inserts a row or updates the one with these keys, in one statement on both databases.

    Returns whether a row was written. With `skip_if_unchanged` an existing row whose named columns
    already hold these values stays as it is. `keep_if_unchanged` names columns that stay as they
    are
    while another one, beside each, does.
    """
    dialect = session.get_bind().dialect.name
    kept = tuple((keep_if_unchanged or {}).items())
    statement = _upsert_statement(
        model.__table__, dialect, tuple(keys), tuple(values), skip_if_unchanged, kept
    )
    return bool(session.execute(statement, {**keys, **values}).rowcount)  # type: ignore[attr-defined]


@lru_cache(maxsize=64)
def _upsert_statement(
    table: sa.Table,
    dialect: str,
    keys: tuple[str, ...],
    values: tuple[str, ...],
    skip_if_unchanged: tuple[str, ...],
    keep_if_unchanged: tuple[tuple[str, str], ...],
) -> sa.Insert:
    """The statement, made once: making it takes longer than the database takes to run it."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(table).values({name: sa.bindparam(name) for name in (*keys, *values)})
    new: dict[str, Any] = {name: statement.excluded[name] for name in values}
    for name, other in keep_if_unchanged:
        stays = table.c[other] == statement.excluded[other]
        new[name] = sa.case((stays, table.c[name]), else_=statement.excluded[name])
    differs = [table.c[name] != statement.excluded[name] for name in skip_if_unchanged]
    return statement.on_conflict_do_update(
        index_elements=list(keys),
        set_=new,
        where=sa.or_(*differs) if differs else None,
    ).execution_options(preserve_rowcount=True)


def _local_date(session: Session, user_id: uuid.UUID, now: dt.datetime) -> dt.date:
    zone = session.scalars(sa.select(User.timezone).where(User.id == user_id)).one()
    return now.astimezone(ZoneInfo(zone)).date()
