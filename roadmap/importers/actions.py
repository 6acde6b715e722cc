"""Keep what a person brought until they save it, and save it: all that is ticked, or nothing."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.database import count_changed
from roadmap.importers.models import ImportedRecord, PendingImport
from roadmap.importers.queries import Row
from roadmap.importers.records import RECORDS
from roadmap.people.actor import Actor
from roadmap.people.locks import lock_user

LIFETIME = dt.timedelta(days=1)
# A session with this in its `info` has pages to fetch: the job process is woken by the commit.
PAGES_ENQUEUED = "pages_put"


def keep(
    session: Session,
    user_id: uuid.UUID,
    importer: str,
    source: str,
    records: list[Any],
    options: Mapping[str, str] | None,
    *,
    now: dt.datetime,
) -> PendingImport:
    """Keep what was brought for a day, instead of what was brought to this importer before.

    Without `options` the person answers questions before there is a preview.
    """
    discard(session, user_id, importer)
    pending = PendingImport(
        user_id=user_id,
        importer=importer,
        source=source[:200],
        records=records,
        options=None if options is None else dict(options),
        created_at=now,
    )
    session.add(pending)
    session.flush()
    return pending


def begin(
    session: Session,
    user_id: uuid.UUID,
    importer: str,
    source: str,
    todo: Sequence[tuple[str, str]],
    options: Mapping[str, str],
    *,
    now: dt.datetime,
) -> PendingImport:
    """Let the job process fetch these pages, instead of what was brought to the importer before."""
    pending = keep(session, user_id, importer, source, [], options, now=now)
    pending.todo = [list(page) for page in todo]
    retry(session, pending, now=now)
    return pending


def retry(session: Session, pending: PendingImport, *, now: dt.datetime) -> None:
    """Let the job process go on with the pages that are left, if any."""
    lock_user(session, pending.user_id)
    if pending.todo:
        pending.state, pending.resume_at, pending.fault = "fetching", now, None
        session.info[PAGES_ENQUEUED] = True
    session.flush()


def discard(session: Session, user_id: uuid.UUID, importer: str) -> None:
    """Delete what was brought to an importer, if anything."""
    lock_user(session, user_id)
    session.execute(sa.delete(PendingImport).filter_by(user_id=user_id, importer=importer))


def answer(session: Session, pending: PendingImport, options: Mapping[str, str]) -> None:
    """Store what the person chose before the preview."""
    lock_user(session, pending.user_id)
    # It may have been discarded meanwhile.
    chosen = sa.update(PendingImport).where(PendingImport.id == pending.id)
    session.execute(chosen.values(options=dict(options)))


def save(
    session: Session,
    pending: PendingImport,
    rows: Sequence[tuple[Row, Mapping[str, str]]],
    *,
    by: Actor,
    now: dt.datetime,
) -> Counter[str]:
    """Save the rows, each with what its section adds to its values; return how many by record.

    Evidence becomes drafts: nothing is submitted, verified or ticked. What was imported meanwhile
    is left out. Raises InvalidInput and LimitReached.
    """
    lock_user(session, pending.user_id)
    # A second click waited for the lock while the first one saved everything.
    waits = sa.delete(PendingImport).where(PendingImport.id == pending.id)
    if not session.execute(waits.returning(PendingImport.id)).all():
        return Counter()
    imported = {
        each.external_id: each
        for each in session.scalars(sa.select(ImportedRecord).filter_by(user_id=pending.user_id))
    }
    saved: Counter[str] = Counter()
    for row, more in rows:
        candidate = row.candidate
        trace = imported.get(candidate.external_id)
        if trace is not None and row.state == "new":
            continue
        values = {**candidate.values, **more}
        record_id = RECORDS[candidate.record].add(session, pending.user_id, values, by=by, now=now)
        if trace is None:
            trace = ImportedRecord(user_id=pending.user_id, external_id=candidate.external_id)
            session.add(trace)
        trace.importer, trace.record = pending.importer, candidate.record
        trace.record_id, trace.imported_at = record_id, now
        saved[candidate.record] += 1
    session.flush()
    return saved


def prune(session: Session, *, now: dt.datetime) -> int:
    """Delete what was not saved within a day; return how many imports."""
    return count_changed(
        session, sa.delete(PendingImport).where(PendingImport.created_at < now - LIFETIME)
    )
