"""Keeping the summary rows current, in the transaction that changes the facts."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.queries import load_revision
from roadmap.people.models import User
from roadmap.progress.actions import upsert
from roadmap.progress.models import Enrollment
from roadmap.readiness import memory
from roadmap.readiness.models import ReadinessSummary
from roadmap.readiness.queries import PersonRecord, StatusChange, build_course, person_record
from roadmap.readiness.rules import next_change_on
from roadmap.readiness.summary import summarize_tally
from roadmap.readiness.summary_store import made_of

STALE = "readiness_stale"


@dataclass(frozen=True)
class RefreshResult:
    """What was computed anew: the record it came from and, by roadmap, the row's values."""

    record: PersonRecord
    rows: dict[uuid.UUID, dict[str, Any]]


@dataclass(frozen=True)
class PendingRefresh:
    """Whose facts changed at `now`; `changes` where only statuses did, else None."""

    now: dt.datetime
    changes: tuple[StatusChange, ...] | None


def mark_stale(
    session: Session, user_id: uuid.UUID, now: dt.datetime, change: StatusChange | None = None
) -> None:
    """Notes that a person's facts changed; the row is made anew before the commit at the latest.

    `change` says that nothing but a status did.
    """
    stale = session.info.setdefault(STALE, {})
    before = stale[user_id].changes if user_id in stale else ()
    changes = None if change is None or before is None else (*before, change)
    stale[user_id] = PendingRefresh(now, changes)


def invalidate(session: Session) -> None:
    """After a savepoint was taken back: which of the changes still stand is not known."""
    stale = session.info.get(STALE, {})
    for user_id, each in stale.items():
        stale[user_id] = PendingRefresh(each.now, None)


def refresh_summaries(session: Session, user_id: uuid.UUID, *, now: dt.datetime) -> RefreshResult:
    """Makes the summary rows of a person anew, one for each of their roadmaps.

    Whoever shows what a write changed calls this first; nobody needs to otherwise. The person is
    locked meanwhile.
    """
    session.flush()
    stale = session.info.get(STALE, {}).pop(user_id, None)
    found = _remembered(session, user_id, stale) or person_record(session, user_id)
    name = secrets.token_urlsafe(12)
    rows = {}
    for roadmap_id, revision_id in found.enrolled:
        values = compute_summary(session, found, revision_id, now)
        values["own"] = {**values["own"], "made_of": name}
        upsert(
            session,
            ReadinessSummary,
            keys={"user_id": user_id, "roadmap_id": roadmap_id},
            values=values,
        )
        rows[roadmap_id] = values
    memory.remember_record(user_id, name, found)
    return RefreshResult(found, rows)


def _remembered(
    session: Session, user_id: uuid.UUID, stale: PendingRefresh | None
) -> PersonRecord | None:
    """The record as it was at the last refresh, with what changed since; None where that is not
    known: more than statuses changed, or the last refresh was another process's."""
    known = memory.remembered_record(user_id)
    if known is None or stale is None or stale.changes is None:
        return None
    name, before = known
    if made_of(session, user_id) != {(name, before.zone)}:
        return None
    return before.with_statuses(stale.changes)


def refresh_stale_summaries(session: Session) -> None:
    """Makes every row anew whose person changed in this transaction."""
    while stale := dict(session.info.get(STALE, {})):
        for user_id, each in stale.items():
            refresh_summaries(session, user_id, now=each.now)


def compute_summary(
    session: Session, found: PersonRecord, revision_id: uuid.UUID, now: dt.datetime
) -> dict[str, Any]:
    """The values of a summary row, from a person's record."""
    today = found.today(now)
    course = build_course(load_revision(session, revision_id))
    own = shared = memory.tally(course, found.own(), today)
    own_data = shared_data = summarize_tally(own)
    ends = [next_change_on(own)]
    if found.has_hidden_facts():
        shared = memory.tally(course, found.shared(), today)
        shared_data = summarize_tally(shared)
        ends.append(next_change_on(shared))
    return {
        "revision_id": revision_id,
        "own_score": Decimal(str(own_data["score"])),
        "shared_score": Decimal(str(shared_data["score"])),
        "own": own_data,
        "shared": shared_data,
        "own_last_activity_on": found.last_activity_on(shared_only=False),
        "shared_last_activity_on": found.last_activity_on(shared_only=True),
        "computed_on": today,
        "valid_until": min((end for end in ends if end is not None), default=None),
    }


def recompute_all(session: Session, *, now: dt.datetime, only_expired: bool = False) -> int:
    """Makes the rows of everyone anew (or of those whose row has run out); returns how many people.

    Commits nothing.
    """
    if only_expired:
        ids = find_expired(session, now=now)
    else:
        ids = list(session.scalars(sa.select(Enrollment.user_id).distinct()))
        session.execute(sa.delete(ReadinessSummary))
    for user_id in ids:
        recompute(session, user_id, now=now)
    return len(ids)


def find_expired(session: Session, *, now: dt.datetime) -> list[uuid.UUID]:
    """Whose kept row has run out by their own date."""
    # A person's own date can be a day ahead of UTC's, never more.
    latest = now.date() + dt.timedelta(days=1)
    rows = session.execute(
        sa.select(ReadinessSummary.user_id, ReadinessSummary.valid_until, User.timezone)
        .join(User, User.id == ReadinessSummary.user_id)
        .where(ReadinessSummary.valid_until <= latest)
    ).all()
    dates = {zone: _date_in(zone, now) or latest for zone in {row.timezone for row in rows}}
    ended = (row.user_id for row in rows if row.valid_until <= dates[row.timezone])
    return list(dict.fromkeys(ended))


def _date_in(zone: str, now: dt.datetime) -> dt.date | None:
    try:
        return now.astimezone(ZoneInfo(zone)).date()
    except (KeyError, ValueError):
        # A zone that this machine does not know is told of where the row is made.
        return None


def recompute(session: Session, user_id: uuid.UUID, *, now: dt.datetime) -> None:
    """Makes the rows of one person anew, from facts that nobody else is changing meanwhile."""
    session.execute(sa.select(User.id).where(User.id == user_id).with_for_update())
    refresh_summaries(session, user_id, now=now)
