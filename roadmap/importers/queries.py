"""Load pending imports and build their previews."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import sqlalchemy as sa
from sqlalchemy.orm import Session, defer

from roadmap.core.dates import PartialDate
from roadmap.core.stale_forms import fingerprint
from roadmap.core.text import clean_line
from roadmap.evidence.labels import kind_label
from roadmap.evidence.link_forms.registry import identifier_of
from roadmap.evidence.models import Evidence, EvidenceVersion
from roadmap.importers.importer import Candidate, Importer, ParseResult, Problem
from roadmap.importers.models import ImportedRecord, PendingImport
from roadmap.importers.records import MAX_CANDIDATES, RECORDS

# New rows of a section are preselected only up to this number.
MAX_PRESELECTED = 25


@dataclass(frozen=True)
class Row:
    """A candidate in the preview.

    `dates` corresponds to the record's `dates`. `state` is "new", "imported", "deleted" (imported
    and since deleted) or "linked" (a piece of evidence has the same link). `href` is the path of
    the existing record, or "".
    """

    candidate: Candidate
    title: str
    dates: Sequence[PartialDate | None]
    state: str
    href: str = ""

    @property
    def key(self) -> str:
        """Return the form value of this row, which stays the same while more are fetched."""
        return blake2b(self.candidate.external_id.encode(), digest_size=8).hexdigest()

    @property
    def is_new(self) -> bool:
        return self.state == "new"


@dataclass
class Section:
    """The candidates under one heading. Evidence in a section is all of one kind."""

    heading: str
    record: str
    kind: str
    rows: list[Row] = field(default_factory=list)

    @property
    def preselects_new(self) -> bool:
        """Return whether new rows are preselected."""
        return sum(row.is_new for row in self.rows) <= MAX_PRESELECTED


@dataclass
class Preview:
    """Importable rows, problems, and the numbers of duplicates and of rows over the limit."""

    sections: list[Section] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    repeated: int = 0
    left_out: int = 0

    @property
    def rows(self) -> list[Row]:
        return [row for section in self.sections for row in section.rows]

    @property
    def fingerprint(self) -> str:
        """Return a digest that detects changes between showing and submitting the form."""
        shown = [(row.key, dict(row.candidate.values)) for row in self.rows]
        return fingerprint({"rows": shown})


def find_pending(session: Session, user_id: uuid.UUID, importer: str) -> PendingImport | None:
    """Load a user's pending import for an importer."""
    return session.scalars(
        sa.select(PendingImport).filter_by(user_id=user_id, importer=importer)
    ).one_or_none()


def list_pending(session: Session, user_id: uuid.UUID) -> dict[str, PendingImport]:
    """Load a user's pending imports by importer key, without their records."""
    found = session.scalars(
        sa.select(PendingImport).filter_by(user_id=user_id).options(defer(PendingImport.records))
    )
    return {each.importer: each for each in found}


def load_preview(
    session: Session, importer: Importer, pending: PendingImport, today: dt.date
) -> Preview:
    """Build the preview of a pending import with a constant number of statements."""
    result = importer.read(pending.records, pending.options or {})
    return make_preview(
        result,
        today,
        load_imported(session, pending.user_id),
        load_linked(session, pending.user_id),
    )


def load_imported(session: Session, user_id: uuid.UUID) -> dict[str, uuid.UUID | None]:
    """Load record ids by external id of all past imports, None for deleted records."""
    rows = session.execute(
        sa.select(
            ImportedRecord.external_id, ImportedRecord.record, ImportedRecord.record_id
        ).filter_by(user_id=user_id)
    ).all()
    existing = {
        record: RECORDS[record].load_existing_ids(session, user_id)
        for record in {row.record for row in rows} & RECORDS.keys()
    }
    return {
        row.external_id: row.record_id if row.record_id in existing.get(row.record, ()) else None
        for row in rows
    }


def load_linked(session: Session, user_id: uuid.UUID) -> dict[str, uuid.UUID]:
    """Load the user's evidence ids by the identifier of the linked resource."""
    rows = session.execute(
        sa.select(EvidenceVersion.url, Evidence.id)
        .join(Evidence, Evidence.current_id == EvidenceVersion.id)
        .where(Evidence.user_id == user_id, EvidenceVersion.url != "")
    )
    found = {identifier_of(url): evidence_id for url, evidence_id in rows}
    return {identifier: evidence_id for identifier, evidence_id in found.items() if identifier}


def make_preview(
    result: ParseResult,
    today: dt.date,
    imported: Mapping[str, uuid.UUID | None],
    linked: Mapping[str, uuid.UUID],
) -> Preview:
    """Group candidates into sections, and turn invalid ones into problems."""
    preview = Preview(problems=list(result.problems), notes=list(result.notes))
    sections: dict[tuple[str, str, str], Section] = {}
    seen: set[str] = set()
    for candidate in result.candidates:
        record = RECORDS[candidate.record]
        if candidate.external_id in seen:
            preview.repeated += 1
            continue
        parse_errors = candidate.parse_errors
        errors = [f"{record.fields[name]}: {text}" for name, text in parse_errors.items()]
        if errors := [*errors, *record.errors(candidate.values, today, parse_errors)]:
            title = clean_line(record.title(candidate.values))[:80]
            where = " ".join(filter(None, (candidate.where, f"“{title}”" if title else "")))
            preview.problems.append(Problem(where, errors, candidate.line))
            continue
        if len(seen) == MAX_CANDIDATES:
            preview.left_out += 1
            continue
        seen.add(candidate.external_id)
        kind = candidate.values.get("kind", "") if candidate.record == "evidence" else ""
        heading = candidate.heading or (kind_label(kind) if kind else str(record.heading))
        section = sections.setdefault(
            (candidate.record, heading, kind), Section(heading, candidate.record, kind)
        )
        state, found = "new", None
        if candidate.external_id in imported:
            found = imported[candidate.external_id]
            state = "imported" if found else "deleted"
        elif candidate.record == "evidence":
            found = linked.get(identifier_of(candidate.values.get("url", "")))
            state = "linked" if found else "new"
        section.rows.append(
            Row(
                candidate,
                record.title(candidate.values),
                record.read_dates(candidate.values),
                state,
                f"{record.address}/{found}" if found else "",
            )
        )
    preview.sections = list(sections.values())
    preview.problems.sort(key=lambda each: each.line or 0)
    return preview
