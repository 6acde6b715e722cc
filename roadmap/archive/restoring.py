"""Restore an archive into an account that has no records yet.

Every row gets a new id and belongs to this person. Judgements by others are restored as history
without effect, see `_Planner._convert_judgements`.
"""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
import zoneinfo
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from roadmap.archive.format import FILES, row_model
from roadmap.archive.models import ArchiveImport
from roadmap.archive.reading import Archive, ArchiveRefused, Rows
from roadmap.archive.tables import (
    HISTORY_ONLY,
    NATURAL_KEYS,
    NOT_RESTORED,
    UNCONSTRAINED_IDS,
    archived_columns,
    exported_tables,
    target_table,
)
from roadmap.catalog.models import Milestone, Roadmap, Skill
from roadmap.core.batches import batched
from roadmap.core.file_store import file_store
from roadmap.core.i18n import _
from roadmap.core.types import Base, new_id
from roadmap.evidence.file_rules import clean_name, find_type
from roadmap.people.audit import record_audit
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user
from roadmap.people.models import User

# Account columns that are not restored. This installation knows the person's identity, and they
# decide again what to share, because other people manage them here.
ACCOUNT_NOT_RESTORED = frozenset({"email", "name", "created_at", "shares_plans", "shares_tools"})
# Prefix of the actions of imported history entries, so that no rule mistakes them for local ones.
IMPORTED = "imported."
# Tables in which a new account can have rows.
IGNORED_TABLES = frozenset(
    {"archive_import", "history_entry", "api_token", "membership", "notification"}
)
# Columns that record a verification, with the values that they get in an imported row.
UNVERIFIED: Mapping[str, Mapping[str, Any]] = {
    "evidence": {
        "state": "draft", "current_id": None, "verified_version_id": None, "reviewer_id": None,
        "review_started_at": None, "submitted_at": None,
    },
    "evidence_milestone": {
        "left_out_review_id": None, "taken_back_by": "", "taken_back_by_id": None,
    },
    # Imported snapshots keep the claimed and evidenced hours.
    "progress_snapshot": {"verified_hours": None, "score": None, "person_version": None},
}  # fmt: skip
TOKEN_BYTES = 32


class HasRecords(ValueError):
    """The account already has records, with which an archive cannot be merged."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows that an import will write, and those that cannot be imported.

    `unknown` are titles of roadmaps, milestones and skills that this installation lacks, and names
    of files that the archive lacks.
    """

    account: Mapping[str, Any]
    rows: Mapping[str, list[dict[str, Any]]]
    left_out: Mapping[str, list[dict[str, Any]]]
    history: Mapping[str, list[dict[str, Any]]]
    unknown: tuple[str, ...]
    judgements: int

    @property
    def count(self) -> int:
        return sum(map(len, self.rows.values()))

    @property
    def left_out_count(self) -> int:
        return sum(map(len, self.left_out.values()))


def has_records(session: Session, user_id: uuid.UUID) -> bool:
    """Return whether a person has recorded anything. One statement."""
    tables = [table for name, table in exported_tables().items() if name not in IGNORED_TABLES]
    each = [sa.exists().where(table.c.user_id == user_id) for table in tables]
    return bool(session.scalar(sa.select(sa.or_(*each))))


def store_files(archive: Archive) -> None:
    """Store the files of an archive, before any write locks the database.

    If the import is not committed, the files stay unreferenced and are deleted later.
    """
    for sha256 in archive.files:
        if file_store().put(archive.file(sha256)) != sha256:
            raise ArchiveRefused(_("The archive changed while it was read."))


def restore(
    session: Session,
    user_id: uuid.UUID,
    archive: Archive,
    *,
    by: uuid.UUID | None,
    address: str = "",
    now: dt.datetime,
) -> Plan:
    """Write an archive, whose files have been stored, into an account.

    Raises HasRecords, and ArchiveRefused if its rows contradict each other.
    """
    lock_user(session, user_id)
    if has_records(session, user_id):
        raise HasRecords(
            _("This account already has records, and Cairn does not merge two sets of records.")
        )
    plan = make_plan(session, archive, user_id, now=now)
    user = session.scalars(sa.select(User).where(User.id == user_id)).one()
    for name, value in plan.account.items():
        setattr(user, name, value)
    try:
        with session.begin_nested():
            session.flush()
            _insert(session, plan, user_id)
    except (IntegrityError, DataError):
        raise ArchiveRefused(
            _("The records of this archive contradict each other, so none was imported.")
        ) from None
    manifest = archive.manifest
    session.add(
        ArchiveImport(
            user_id=user_id, instance=archive.origin, person=manifest.person,
            made_at=manifest.made_at, imported_at=now, rows=plan.count,
            left_out={**plan.left_out, **plan.history},
        )
    )  # fmt: skip
    details: dict[str, Any] = {
        "name": archive.origin, "rows": plan.count, "left_out": plan.left_out_count,
    }  # fmt: skip
    record_history(session, user_id, "archive.imported", by=by, now=now, **details)
    record_audit(session, "archive.imported", user_id, by=by, now=now, address=address, **details)
    return plan


def make_plan(session: Session, archive: Archive, user_id: uuid.UUID, *, now: dt.datetime) -> Plan:
    """Return what an import would write, without changes. Raises ArchiveRefused."""
    return _Planner(session, archive, user_id, now).make()


class _Planner:
    def __init__(
        self, session: Session, archive: Archive, user_id: uuid.UUID, now: dt.datetime
    ) -> None:
        self._archive, self._user_id, self._now = archive, user_id, now
        self._known = _load_shared_rows(session, archive.tables)
        self._ids = _new_ids(archive.tables)
        self._sizes = {
            name: archive.zip.members[f"{FILES}{name}"].file_size for name in archive.files
        }
        self._left_out: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._left_out_ids: set[uuid.UUID] = set()
        self._unknown: set[str] = set()

    def make(self) -> Plan:
        rows: dict[str, list[dict[str, Any]]] = {}
        for name, found in self._archive.tables.items():
            if name not in NOT_RESTORED:
                rows[name] = [row for each in found if (row := self._row(name, each)) is not None]
        judgements = self._convert_judgements(rows)
        history = {
            name: [each.model_dump(mode="json") for each in found]
            for name, found in self._archive.tables.items()
            if name in HISTORY_ONLY and found
        }
        _set_flag_once(rows.get("enrollment", []), "is_primary")
        _set_flag_once(rows.get("portfolio", []), "is_default")
        account = {
            column.name: getattr(self._archive.account, column.name)
            for column in archived_columns("user")
            if column.name not in ACCOUNT_NOT_RESTORED
        }
        if account["timezone"] not in zoneinfo.available_timezones():
            # Every page would fail with an unknown time zone.
            del account["timezone"]
        unknown = tuple(sorted(self._unknown))
        return Plan(account, rows, dict(self._left_out), history, unknown, judgements)

    def _row(self, name: str, record: Any) -> dict[str, Any] | None:
        """Return the row to write, or None if it cannot be imported."""
        row: dict[str, Any] = {"user_id": self._user_id, **UNVERIFIED.get(name, {})}
        for column in archived_columns(name):
            key = column.name
            if key in row:
                continue
            value = getattr(record, key)
            target = target_table(column)
            if target == "user":
                row[key] = self._user_id if value is not None and value.is_self else None
            elif target in self._known or target in NATURAL_KEYS:
                row[key] = self._known.get(target, {}).get(value)
                if row[key] is None and value is not None and not column.nullable:
                    return self._leave_out(name, record, str(value))
            elif isinstance(value, uuid.UUID):
                if value in self._left_out_ids:
                    return self._leave_out(name, record)
                row[key] = self._new_id(f"{name}.{key}", value)
            else:
                row[key] = value
        return self._adjust(name, row, record)

    def _adjust(self, name: str, row: dict[str, Any], record: Any) -> dict[str, Any] | None:
        """Apply the rules of specific tables to a row; return None to omit it."""
        columns = Base.metadata.tables[name].columns
        if "token_hash" in columns:
            # Links of the other installation must not work here.
            row["token_hash"] = secrets.token_bytes(TOKEN_BYTES)
            row["expires_at"] = min(record.expires_at, self._now)
        if "imported_from" in columns and not row.get("imported_from", "").strip():
            author = getattr(record, "author_id", None)
            is_own = name == "evidence_comment" and author is not None and author.is_self
            row["imported_from"] = "" if is_own else self._archive.origin
        match name:
            case "evidence_file":
                # Without the content, the digest could refer to somebody else's file.
                row["name"] = clean_name(record.name)
                row["size"] = self._sizes.get(record.sha256)
                if row["size"]:
                    content = self._archive.file(record.sha256)
                    row["media_type"] = find_type(row["name"], content)
                if not row["size"] or not row["media_type"]:
                    return self._leave_out(name, record, record.name)
            case "history_entry":
                row["action"] = f"{IMPORTED}{record.action.removeprefix(IMPORTED)}"
                row["subject"] = self._replace(record.subject)
                row["data"] = self._replace(record.data)
            case "assessment":
                if record.side != "self":
                    return None  # see `_convert_judgements`
        return row

    def _leave_out(self, name: str, record: Any, unknown: str = "") -> dict[str, Any] | None:
        """Record a row as left out, with its id and what was unknown; return None."""
        self._left_out[name].append(record.model_dump(mode="json"))
        if (key := getattr(record, "id", None)) is not None:
            self._left_out_ids.add(key)
        if unknown:
            self._unknown.add(self._archive.manifest.titles.get(unknown, unknown))
        return None

    def _new_id(self, column: str, archived_id: uuid.UUID) -> uuid.UUID:
        if archived_id not in self._ids and column in UNCONSTRAINED_IDS:
            self._ids[archived_id] = new_id()
        return self._ids[archived_id]

    def _replace(self, value: Any) -> Any:
        """Replace archived ids by new ones in a JSON value."""
        match value:
            case str():
                try:
                    return str(self._ids.get(uuid.UUID(value), value))
                except ValueError:
                    return value
            case dict():
                return {key: self._replace(each) for key, each in value.items()}
            case list():
                return [self._replace(each) for each in value]
        return value

    def _convert_judgements(self, rows: dict[str, list[dict[str, Any]]]) -> int:
        """Add reviews and assessments by others as imported history; return their number."""
        tables = self._archive.tables
        numbers = {row.id: row.number for row in tables.get("evidence_version", ())}
        confirmed: dict[uuid.UUID, list[str]] = defaultdict(list)
        for each in tables.get("confirmation", ()):
            confirmed[each.review_id].append(each.milestone_key)
        reviews = rows.setdefault("imported_review", [])
        for each in tables.get("review", ()):
            more = {
                "evidence_id": self._ids[each.evidence_id],
                "version_number": numbers[each.version_id],
                "milestones": sorted(confirmed[each.id]),
            }
            reviews.append(self._imported_row("imported_review", each) | more)
        levels = rows.setdefault("imported_assessment", [])
        for each in tables.get("assessment", ()):
            if each.side != "self" and each.skill_key not in self._known["skill"]:
                self._leave_out("assessment", each, each.skill_key)
            elif each.side != "self":
                levels.append(self._imported_row("imported_assessment", each))
        return len(reviews) + len(levels)

    def _imported_row(self, table: str, record: Any) -> dict[str, Any]:
        names = [column.name for column in archived_columns(table)]
        return {name: getattr(record, name) for name in names if hasattr(record, name)} | {
            "id": self._ids[record.id], "user_id": self._user_id,
            "imported_from": self._archive.origin, "imported_at": self._now,
        }  # fmt: skip


def _load_shared_rows(session: Session, tables: Mapping[str, Rows]) -> dict[str, dict[Any, Any]]:
    """Load the shared rows of this installation that an archive refers to, by natural key."""
    named: dict[str, set[Any]] = {"roadmap": set(), "milestone": set(), "skill": set()}
    for name, rows in tables.items():
        for column in archived_columns(name):
            if (target := target_table(column)) in named:
                named[target] |= {getattr(row, column.name) for row in rows} - {None}
    known: dict[str, dict[Any, Any]] = {}
    for target, (key, value) in {
        "roadmap": (Roadmap.slug, Roadmap.id),
        "milestone": (Milestone.key, Milestone.key),
        "skill": (Skill.key, Skill.key),
    }.items():
        known[target] = {
            name: found
            for batch in batched(sorted(named[target]))
            for name, found in session.execute(sa.select(key, value).where(key.in_(batch)))
        }
    return known


def _new_ids(tables: Mapping[str, Rows]) -> dict[uuid.UUID, uuid.UUID]:
    """Return new ids by archived id. They keep the order, which reflects age."""
    return {
        row.id: made
        for name, rows in tables.items()
        if "id" in row_model(name).model_fields
        for row, made in zip(rows, sorted(new_id() for _row in rows), strict=True)
    }


def _set_flag_once(rows: list[dict[str, Any]], flag: str) -> None:
    """Set a flag on exactly one row: the first that has it, or else the first one."""
    chosen = next((row for row in rows if row[flag]), next(iter(rows), None))
    for row in rows:
        row[flag] = row is chosen


def _insert(session: Session, plan: Plan, user_id: uuid.UUID) -> None:
    connection = session.connection()
    for name, table in exported_tables().items():
        for batch in batched(plan.rows.get(name, []), 500):
            connection.execute(sa.insert(table), batch)
    pieces, versions = (Base.metadata.tables[name] for name in ("evidence", "evidence_version"))
    newest = (
        sa.select(versions.c.id)
        .where(versions.c.evidence_id == pieces.c.id)
        .order_by(versions.c.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    mine = sa.update(pieces).where(pieces.c.user_id == user_id)
    connection.execute(mine.values(current_id=newest))
