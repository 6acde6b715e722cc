"""Write daily snapshots from the summary row, and missing days from the history."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.momentum.models import Snapshot
from roadmap.momentum.queries import load_contents, load_past_facts
from roadmap.momentum.reconstruction import reconstruct_days
from roadmap.momentum.rules import Figures, figures_of_summary
from roadmap.people.locks import lock_user_without_version
from roadmap.people.models import User
from roadmap.progress.models import Enrollment
from roadmap.readiness.models import ReadinessSummary

# The number of people to find at once.
BATCH_SIZE = 500
# The number of days of one person to reconstruct in one transaction.
MAX_DAYS = 200

_SUMMARY: Any = ReadinessSummary.__table__.c
_SNAPSHOT: Any = Snapshot.__table__.c


def find_due(session: Session, *, after: uuid.UUID | None = None) -> list[uuid.UUID]:
    """Return a batch of people whose summary changed since their last snapshot, by id."""
    is_taken = sa.exists().where(
        _SNAPSHOT.user_id == _SUMMARY.user_id,
        _SNAPSHOT.roadmap_id == _SUMMARY.roadmap_id,
        _SNAPSHOT.checked_on == _SUMMARY.computed_on,
        _SNAPSHOT.person_version.is_not_distinct_from(_SUMMARY.person_version),
    )
    query = (
        sa.select(_SUMMARY.user_id)
        .distinct()
        .where(~is_taken)
        .order_by(_SUMMARY.user_id)
        .limit(BATCH_SIZE)
    )
    if after is not None:
        query = query.where(_SUMMARY.user_id > after)
    return list(session.scalars(query))


def take_snapshots(session: Session, user_id: uuid.UUID) -> bool:
    """Update a person's snapshots from their summary rows; return whether more days are missing.

    Idempotent. Days before the first snapshot and days without one since the last are reconstructed
    from the history, up to `MAX_DAYS` per call: call it until it returns False. An import that
    brings a history may call it too, otherwise the next job does.
    """
    lock_user_without_version(session, user_id)
    zone = ZoneInfo(session.scalars(sa.select(User.timezone).where(User.id == user_id)).one())
    summaries = session.execute(
        sa.select(
            _SUMMARY.roadmap_id,
            _SUMMARY.own,
            _SUMMARY.computed_on,
            _SUMMARY.person_version,
            Enrollment.started_on,
            Enrollment.created_at,
        )
        .join(
            Enrollment,
            sa.and_(
                Enrollment.user_id == _SUMMARY.user_id,
                Enrollment.roadmap_id == _SUMMARY.roadmap_id,
            ),
        )
        .where(_SUMMARY.user_id == user_id)
        .order_by(_SUMMARY.roadmap_id)
    ).all()
    past, tried = None, 0
    for roadmap_id, own, computed_on, version, started_on, created_at in summaries:
        latest = _latest(session, user_id, roadmap_id)
        if latest is None:
            first = min(started_on, created_at.astimezone(zone).date())
            latest = Snapshot(user_id=user_id, roadmap_id=roadmap_id, day=first)
        elif latest.person_version == version:
            first = computed_on
        else:
            first = latest.checked_on
        if first < computed_on:
            past = past or load_past_facts(session, user_id, zone)
            contents = load_contents(session, roadmap_id, zone)
            until = computed_on - dt.timedelta(days=1)
            for day, figures in reconstruct_days(past, contents, first, until):
                if tried == MAX_DAYS:
                    session.flush()
                    return True
                latest, tried = _write(session, latest, day, figures), tried + 1
        latest = _write(session, latest, computed_on, figures_of_summary(own))
        latest.person_version = version
        session.flush()
    return False


def _latest(session: Session, user_id: uuid.UUID, roadmap_id: uuid.UUID) -> Snapshot | None:
    return session.scalars(
        sa.select(Snapshot)
        .where(Snapshot.user_id == user_id, Snapshot.roadmap_id == roadmap_id)
        .order_by(Snapshot.day.desc())
        .limit(1)
    ).first()


def _write(session: Session, latest: Snapshot, day: dt.date, figures: Figures) -> Snapshot:
    """Write the figures of a day, given the latest snapshot; return the snapshot with them."""
    found = Figures(*(getattr(latest, name) for name in Figures._fields))
    is_new = latest.checked_on is None
    if day > latest.day and not is_new and not figures.displays_equal(found):
        latest = Snapshot(user_id=latest.user_id, roadmap_id=latest.roadmap_id, day=day)
        is_new = True
    # Never replace a value stored on the day by an unknown one.
    if is_new or (day <= latest.day and (figures.score is not None or found.score is None)):
        for name in Figures._fields:
            setattr(latest, name, getattr(figures, name))
    latest.checked_on = max(day, latest.checked_on or day)
    session.add(latest)
    return latest
