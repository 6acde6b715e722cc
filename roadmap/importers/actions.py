"""Store pending imports and save the selected rows, all or none."""

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
# Key in `Session.info`: the commit wakes up the job process, because there are pages to fetch.
PAGES_ENQUEUED = "pages_put"


def store_pending(
    session: Session,
    user_id: uuid.UUID,
    importer: str,
    source: str,
    records: list[Any],
    options: Mapping[str, str] | None,
    *,
    now: dt.datetime,
) -> PendingImport:
    """Store a pending import for a day, replacing the previous one of this importer.

    With `options=None`, the user answers questions before the preview.
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


def start_fetching(
    session: Session,
    user_id: uuid.UUID,
    importer: str,
    source: str,
    todo: Sequence[tuple[str, str]],
    options: Mapping[str, str],
    *,
    now: dt.datetime,
) -> PendingImport:
    """Queue pages for the job process, replacing the previous import of this importer."""
    pending = store_pending(session, user_id, importer, source, [], options, now=now)
    pending.todo = [list(page) for page in todo]
    retry(session, pending, now=now)
    return pending


def retry(session: Session, pending: PendingImport, *, now: dt.datetime) -> None:
    """Requeue the remaining pages for the job process, if any."""
    lock_user(session, pending.user_id)
    if pending.todo:
        pending.state, pending.resume_at, pending.fault = "fetching", now, None
        session.info[PAGES_ENQUEUED] = True
    session.flush()


def discard(session: Session, user_id: uuid.UUID, importer: str) -> None:
    """Delete the pending import of an importer, if any."""
    lock_user(session, user_id)
    session.execute(sa.delete(PendingImport).filter_by(user_id=user_id, importer=importer))


def answer(session: Session, pending: PendingImport, options: Mapping[str, str]) -> None:
    """Store the answers given before the preview."""
    lock_user(session, pending.user_id)
    # A concurrent request may have discarded the import.
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
    """Save the rows, each with additional values, and return counts by record kind.

    Evidence is saved as drafts, and no milestone is completed. Rows that were imported since the
    preview are skipped. Raises InvalidInput and LimitReached.
    """
    lock_user(session, pending.user_id)
    # After a double click, the second request finds the import already saved.
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
    """Delete expired pending imports and return how many."""
    return count_changed(
        session, sa.delete(PendingImport).where(PendingImport.created_at < now - LIFETIME)
    )
