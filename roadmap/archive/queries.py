"""Load imported archives, uploaded archives, and the counts of a preview."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Sequence
from typing import IO

import sqlalchemy as sa
from flask_babel import LazyString
from sqlalchemy.orm import Session

from roadmap.archive.models import ArchiveImport
from roadmap.archive.restoring import Plan
from roadmap.core.file_store import file_store
from roadmap.core.i18n import _l
from roadmap.evidence.models import UploadedFile

# Tables that a preview counts separately, in this order.
COUNTED: dict[str, LazyString] = {
    "enrollment": _l("Roadmaps"),
    "milestone_status": _l("Milestones with a status"),
    "milestone_plan": _l("Notes and target dates"),
    "evidence": _l("Pieces of evidence"),
    "evidence_file": _l("Evidence files"),
    "assessment": _l("Self-assessments"),
    "imported_review": _l("Reviews, as history"),
    "imported_assessment": _l("Assessments by others, as history"),
    "position": _l("Positions"),
    "degree": _l("Degrees"),
    "practice_attempt": _l("Practice attempts"),
    "time_entry": _l("Time budget entries"),
    "work_log_entry": _l("Work log lines"),
    "history_entry": _l("History entries"),
}


def count_records(plan: Plan) -> list[tuple[LazyString, int]]:
    """Return the number of records that an import would create, by label."""
    counts = [(label, len(plan.rows.get(name, ()))) for name, label in COUNTED.items()]
    others = plan.count - sum(count for _label, count in counts)
    return [(label, count) for label, count in (*counts, (_l("Other records"), others)) if count]


def list_imports(session: Session, user_id: uuid.UUID) -> Sequence[ArchiveImport]:
    """Load the archives that a person imported, newest first."""
    return session.scalars(
        sa.select(ArchiveImport)
        .where(ArchiveImport.user_id == user_id)
        .order_by(ArchiveImport.imported_at.desc(), ArchiveImport.id)
    ).all()


@contextlib.contextmanager
def open_upload(
    connection: sa.Connection, user_id: uuid.UUID, sha256: str
) -> Iterator[IO[bytes] | None]:
    """Open a file that a person uploaded for an import, or yield None if there is none."""
    sent = sa.select(UploadedFile.sha256).where(
        UploadedFile.user_id == user_id, UploadedFile.sha256 == sha256
    )
    try:
        found = file_store().open(sha256) if connection.scalar(sent) else None
    except FileNotFoundError:
        found = None
    with found or contextlib.nullcontext() as content:
        yield content
