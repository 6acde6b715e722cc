"""Write a person's archive."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from roadmap.archive.format import ACCOUNT, FILES, FORMAT, MANIFEST, RECORDS, VERSION
from roadmap.archive.tables import (
    NATURAL_KEYS,
    archived_columns,
    exported_tables,
    target_table,
)
from roadmap.catalog.models import Milestone, Roadmap, RoadmapRevision, Skill
from roadmap.core.batches import batched
from roadmap.core.config import VERSION as RELEASE
from roadmap.core.database import db
from roadmap.core.file_store import atomic_file, file_store
from roadmap.core.types import Base, json_text
from roadmap.people.models import User
from roadmap.progress.models import Enrollment

Row = Mapping[str, Any]


def write_archive(target: IO[bytes], user_id: uuid.UUID, *, instance: str, now: dt.datetime) -> int:
    """Write all data of a person to an open file, and return the number of rows.

    `instance` is the base URL of this installation. The rows are read in one transaction, which
    ends before the files are packed.
    """
    # Blocked before the rows are read, so that the files they reference still exist when packed.
    with (
        file_store().block_deletion(),
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as zip_file,
    ):
        writer = _Writer(zip_file, now)
        with db.snapshot() as connection:
            account, tables, manifest = _read(connection, user_id)
        writer.add(ACCOUNT, [_dump(account), "\n"])
        for name, rows in tables.items():
            writer.add(f"{RECORDS}{name}.json", _json_lines(rows))
        names = dict.fromkeys(row["sha256"] for row in tables.get("evidence_file", ()))
        missing = [name for name in names if not writer.add_stored(name)]
        head = {"format": FORMAT, "version": VERSION, "release": RELEASE, "instance": instance}
        more = {"made_at": now, "missing_files": missing, "files": writer.files}
        writer.add(
            MANIFEST, [json.dumps(head | manifest | more, default=json_text, indent=2), "\n"]
        )
    return sum(map(len, tables.values()))


def write_archive_file(path: Path, user_id: uuid.UUID, *, instance: str, now: dt.datetime) -> int:
    """Write an archive atomically to a new private file, and return the number of rows.

    Raises OSError.
    """
    with atomic_file(path) as file:
        return write_archive(file, user_id, instance=instance, now=now)


def _read(
    connection: sa.Connection, user_id: uuid.UUID
) -> tuple[Row, dict[str, list[dict[str, Any]]], dict[str, Any]]:
    users: Any = User.__table__
    account = connection.execute(
        sa.select(*archived_columns("user")).where(users.c.id == user_id)
    ).one()
    raw = {
        # Oldest first, if the ids are ordered by time.
        name: connection.execute(
            sa.select(table).where(table.c.user_id == user_id).order_by(*table.primary_key.columns)
        ).all()
        for name, table in exported_tables().items()
    }
    names = _load_names(connection, raw)
    # References to other people's records, such as the evidence of a notification, are left out.
    names |= {
        name: {row.id: row.id for row in raw[name]}
        for name, table in exported_tables().items()
        if "id" in table.c
    }
    tables = {name: _encode(name, rows, names, user_id) for name, rows in raw.items()}
    _name_shared_rows(connection, tables["history_entry"])
    manifest = {
        "person": account.name,
        "email": account.email,
        "roadmaps": _roadmaps(connection, user_id),
        "titles": _titles(connection, tables),
    }
    return {**account._mapping}, tables, manifest


def _load_names(
    connection: sa.Connection, raw: Mapping[str, Sequence[Any]]
) -> dict[str, dict[Any, Any]]:
    """Load the natural keys of shared rows and the names of people, by table and local id."""
    wanted: dict[str, set[Any]] = {}
    for name, rows in raw.items():
        for column in archived_columns(name):
            target = target_table(column)
            if target == "user" or target in NATURAL_KEYS:
                found = {getattr(row, column.name) for row in rows}
                wanted.setdefault(target, set()).update(found - {None})
    names: dict[str, dict[Any, Any]] = {target: {} for target in wanted}
    for target, ids in wanted.items():
        table = Base.metadata.tables[target]
        named = sa.select(table.c.id, table.c[NATURAL_KEYS.get(target, "name")])
        for batch in batched(sorted(ids)):
            names[target] |= dict(connection.execute(named.where(table.c.id.in_(batch))).all())
    return names


def _encode(
    name: str,
    rows: Sequence[Any],
    names: Mapping[str, Mapping[Any, Any]],
    user_id: uuid.UUID,
) -> list[dict[str, Any]]:
    """Return the rows of a table with references to people and shared rows replaced by names."""
    columns = [(each.name, target_table(each)) for each in archived_columns(name)]

    def encode(target: str, value: Any) -> Any:
        if value is None or target not in names:
            return value
        named = names[target].get(value)
        return {"name": named, "is_self": value == user_id} if target == "user" else named

    return [{key: encode(target, getattr(row, key)) for key, target in columns} for row in rows]


def _name_shared_rows(connection: sa.Connection, entries: Iterable[dict[str, Any]]) -> None:
    """Replace a roadmap's id in history entries by its slug, and remove a team's id.

    The slug of the team is the subject of the entry.
    """
    roadmaps = connection.execute(sa.select(Roadmap.id, Roadmap.slug))
    slugs = {str(key): slug for key, slug in roadmaps}
    for entry in entries:
        entry["subject"] = slugs.get(entry["subject"], entry["subject"])
        entry["data"] = {key: value for key, value in entry["data"].items() if key != "team"}


def _roadmaps(connection: sa.Connection, user_id: uuid.UUID) -> list[dict[str, Any]]:
    rows = connection.execute(
        sa.select(Roadmap.slug, Roadmap.title, RoadmapRevision.number)
        .join(Enrollment, Enrollment.roadmap_id == Roadmap.id)
        .join(RoadmapRevision, RoadmapRevision.id == Roadmap.revision_id)
        .where(Enrollment.user_id == user_id)
        .order_by(Roadmap.slug)
    )
    return [{"slug": slug, "title": title, "revision": number} for slug, title, number in rows]


def _titles(connection: sa.Connection, tables: Mapping[str, Sequence[Row]]) -> dict[str, str]:
    """Load the titles of the milestones and skills that rows refer to."""
    found: dict[str, str] = {}
    for model, column in ((Milestone, "milestone_key"), (Skill, "skill_key")):
        keys = {row[column] for rows in tables.values() for row in rows if column in row}
        for batch in batched(sorted(keys)):
            query = sa.select(model.key, model.title).where(model.key.in_(batch))
            found |= {row.key: row.title for row in connection.execute(query)}
    return dict(sorted(found.items()))


class _Writer:
    """Adds files to a ZIP, and collects their manifest entries."""

    def __init__(self, zip_file: zipfile.ZipFile, now: dt.datetime) -> None:
        self._packed = zip_file
        self._date = now.astimezone(dt.UTC).timetuple()[:6]
        self.files: list[dict[str, Any]] = []

    def add(self, path: str, texts: Iterable[str]) -> None:
        self._write(path, (text.encode() for text in texts), zipfile.ZIP_DEFLATED)

    def add_stored(self, name: str) -> bool:
        """Add a stored file without compression, as most have their own; False if missing."""
        try:
            source = file_store().open(name)
        except FileNotFoundError:
            return False
        with source:
            chunks = iter(lambda: source.read(256 * 1024), b"")
            self._write(f"{FILES}{name}", chunks, zipfile.ZIP_STORED)
        return True

    def _write(self, path: str, chunks: Iterable[bytes], method: int) -> None:
        info = zipfile.ZipInfo(path, self._date)
        info.compress_type = method
        info.external_attr = 0o600 << 16
        digest, size = hashlib.sha256(), 0
        with self._packed.open(info, "w") as file:
            for chunk in chunks:
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        self.files.append({"path": path, "size": size, "sha256": digest.hexdigest()})


def _json_lines(rows: Iterable[Row]) -> Iterator[str]:
    before = "[\n"
    for row in rows:
        yield f"{before}{_dump(row)}"
        before = ",\n"
    yield "\n]\n" if before != "[\n" else "[]\n"


def _dump(row: Row) -> str:
    return json.dumps(dict(row), default=json_text, ensure_ascii=False)
