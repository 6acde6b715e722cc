"""Back up the database and its files while the server runs, and restore them.

A restore adds the files and then replaces all rows in one transaction. Transient rows are not
backed up: sessions, counted attempts, open password links, unsent mail. After a restore everybody
has to sign in again, and no mail is sent twice.
"""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import current_app

from roadmap.backup.archive import Manifest, write_file, write_manifest, write_table
from roadmap.backup.progress import Report, ignore
from roadmap.backup.restore import (
    CHUNK,
    backed_up_tables,
    lock_all_tables,
    replace_all,
    restore_to_scratch,
    store_files,
)
from roadmap.core.config import VERSION
from roadmap.core.database import db, newest_migrations
from roadmap.core.file_store import atomic_file, file_store
from roadmap.core.maintenance import announce_restore
from roadmap.core.text import format_count
from roadmap.erasure.actions import deactivate_restored, erase_due
from roadmap.evidence.models import EvidenceFile
from roadmap.people.audit import record_audit


def create(path: Path, *, now: dt.datetime, report: Report = ignore) -> Manifest:
    """Write a backup of the current database and files.

    The file is created atomically, readable only by its owner. The schema must be current. Raises
    OSError. `report` receives a line if only the entry in the audit log could not be written.
    """
    # Block deletion before the snapshot, so that the files its rows reference still exist.
    with file_store().block_deletion(), db.snapshot() as connection:
        manifest = _write_file(path, connection, now)
    try:
        _record("backup.created", path, now, rows=manifest.rows)
    except sa.exc.DBAPIError as error:
        # Such as a full disk, which is when a backup on another disk matters most.
        report(f"The backup is complete, but not in the audit log: {error.orig}")
    return manifest


def verify(path: Path, *, trust: bool = False, report: Report = ignore) -> Manifest:
    """Load a backup into a temporary database. Raises InvalidBackup or SchemaMismatch.

    Raises ForeignBackup for a backup that this instance did not sign, unless `trust` is set.
    `report` receives lines about disk space and progress. Raises InsufficientSpace before writing
    anything.
    """
    with restore_to_scratch(path, trust=trust, report=report) as (manifest, _scratch):
        return manifest


def restore(
    path: Path,
    *,
    safety_backup: Path | None,
    now: dt.datetime,
    trust: bool = False,
    report: Report = ignore,
) -> tuple[Manifest, int]:
    """Verify a backup and replace the whole database with it, in one transaction.

    First backs up the previous contents to `safety_backup`, if given. Raises InvalidBackup,
    SchemaMismatch and InsufficientSpace before any change, like `verify`. Servers are in
    maintenance mode while rows are replaced. People in the backup who have been erased since
    are deactivated in the same transaction and then erased again. Returns the manifest and the
    number of these people.
    """
    with (
        restore_to_scratch(path, trust=trust, report=report, replaces=True) as (manifest, scratch),
        file_store().block_deletion(),
        announce_restore(Path(current_app.config["DATA_DIR"])),
        db.engine.connect().execution_options(writes=True) as connection,
        connection.begin(),
    ):
        store_files(path, manifest)
        # No other writes happen from here on, so `safety_backup` is exactly what is replaced.
        lock_all_tables(connection)
        if safety_backup is not None:
            _write_file(safety_backup, connection, now)
        replace_all(connection, scratch, manifest, report)
        erased = deactivate_restored(connection, now=now)
    if erased:
        who = format_count(erased, "person was", "people were")
        report(f"{who} erased after this backup was made, and will be erased again now")
        erase_due(now=now, cause="restore")
    # A backup cannot contain the audit entry of its own creation.
    _record("backup.created", path, manifest.made_at)
    made_at = manifest.made_at.isoformat()
    _record("backup.restored", path, now, made_at=made_at, rows=manifest.rows)
    return manifest, erased


def _record(action: str, path: Path, now: dt.datetime, **values: Any) -> None:
    with db.own_transaction() as own:
        record_audit(own, action, path.name[:200], by=None, now=now, **values)


def _write_file(path: Path, connection: sa.Connection, now: dt.datetime) -> Manifest:
    """Write a backup of the snapshot in `connection` atomically."""
    [revision] = newest_migrations()
    manifest = Manifest(VERSION, revision, now, connection.dialect.name)
    with (
        atomic_file(path) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as zip_file,
    ):
        for table in backed_up_tables():
            select = sa.select(table).order_by(*table.primary_key.columns)
            rows = connection.execute(select, execution_options={"yield_per": CHUNK})
            names = table.columns.keys()
            manifest.tables[table.name] = write_table(zip_file, table.name, names, rows)
        _write_files(zip_file, connection, manifest)
        write_manifest(zip_file, manifest, current_app.config["SECRET_KEY"])
    return manifest


def _write_files(zip_file: zipfile.ZipFile, connection: sa.Connection, manifest: Manifest) -> None:
    """Add the files that rows reference. Missing or damaged files are listed in the manifest."""
    names = sa.select(EvidenceFile.sha256).distinct().order_by(EvidenceFile.sha256)
    for name in connection.scalars(names):
        try:
            with file_store().open(name) as file:
                write_file(zip_file, name, file)
        except FileNotFoundError:
            manifest.missing_files.append(name)
        else:
            manifest.files.append(name)
