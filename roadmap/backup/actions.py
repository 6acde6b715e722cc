"""Back up the database and its files while the server writes, and restore them.

The rows are replaced in one transaction; files are put beside those that are there, before it.

Transient rows are left out: sessions, counted attempts, open password links, unsent mail. After a
restore everybody has to sign in again, and no mail is sent twice.
"""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import current_app

from roadmap.backup.archive import Manifest, write_file, write_manifest, write_table
from roadmap.backup.progress import Say, quiet
from roadmap.backup.restore import (
    CHUNK,
    backed_up_tables,
    lock_all_tables,
    put_files,
    replace_all,
    restore_to_scratch,
)
from roadmap.core.config import VERSION
from roadmap.core.database import db, newest_migrations
from roadmap.core.file_store import atomic_file, file_store
from roadmap.core.maintenance import announce_restore
from roadmap.core.text import count_of
from roadmap.erasure.actions import erase_due, mark_restored
from roadmap.evidence.models import EvidenceFile
from roadmap.people.audit import record_audit


def create(path: Path, *, now: dt.datetime) -> Manifest:
    """Write everything in the database at this moment into a file.

    The file appears complete or not at all, readable by its owner alone. The database must be of
    this release. Raises OSError.
    """
    # Before the snapshot: what its rows name must still be there when it is copied.
    with file_store().block_deletion(), db.snapshot() as connection:
        manifest = _write_file(path, connection, now)
    _record("backup.created", path, now, rows=manifest.rows)
    return manifest


def verify(path: Path, *, trust: bool = False, say: Say = quiet) -> Manifest:
    """Load a backup into a temporary database. Raises InvalidBackup or SchemaMismatch.

    One that this instance did not sign is refused as ForeignBackup, unless `trust` is set. `say`
    gets lines about room and progress. Raises TooLittleRoom before anything is written.
    """
    with restore_to_scratch(path, trust=trust, say=say) as (manifest, _scratch):
        return manifest


def restore(
    path: Path, *, keep: Path | None, now: dt.datetime, trust: bool = False, say: Say = quiet
) -> tuple[Manifest, int]:
    """Replace everything in the database with a verified backup, or nothing.

    The previous contents are written to `keep` first, if given. Raises InvalidBackup,
    SchemaMismatch and TooLittleRoom before anything is changed, as `verify` does. While it
    replaces, servers answer that a restore is under way. People whom the backup brings
    back although they were erased are closed in the same transaction, and erased again after it;
    how many they are is returned with the manifest.
    """
    with (
        restore_to_scratch(path, trust=trust, say=say, replaces=True) as (manifest, scratch),
        file_store().block_deletion(),
        announce_restore(Path(current_app.config["DATA_DIR"])),
        db.engine.connect().execution_options(writes=True) as connection,
        connection.begin(),
    ):
        put_files(path, manifest)
        # Nobody else writes from here on, so `keep` is exactly what is replaced.
        lock_all_tables(connection)
        if keep is not None:
            _write_file(keep, connection, now)
        replace_all(connection, scratch, manifest, say)
        erased = mark_restored(connection, now=now)
    if erased:
        who = count_of(erased, "person was", "people were")
        say(f"{who} erased after this backup was made, and will be erased again now")
        erase_due(now=now, cause="restore")
    # A backup cannot hold the line that it was made.
    _record("backup.created", path, manifest.made_at)
    made_at = manifest.made_at.isoformat()
    _record("backup.restored", path, now, made_at=made_at, rows=manifest.rows)
    return manifest, erased


def _record(action: str, path: Path, now: dt.datetime, **values: Any) -> None:
    with db.own_transaction() as own:
        record_audit(own, by=None, action=action, target=path.name[:200], now=now, **values)


def _write_file(path: Path, connection: sa.Connection, now: dt.datetime) -> Manifest:
    """Write what `connection` sees into a file, which appears complete or not at all."""
    [revision] = newest_migrations()
    manifest = Manifest(VERSION, revision, now, connection.dialect.name)
    with (
        atomic_file(path) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed,
    ):
        for table in backed_up_tables():
            select = sa.select(table).order_by(*table.primary_key.columns)
            rows = connection.execute(select, execution_options={"yield_per": CHUNK})
            names = table.columns.keys()
            manifest.tables[table.name] = write_table(packed, table.name, names, rows)
        _write_files(packed, connection, manifest)
        write_manifest(packed, manifest, current_app.config["SECRET_KEY"])
    return manifest


def _write_files(packed: zipfile.ZipFile, connection: sa.Connection, manifest: Manifest) -> None:
    """Add the files that rows name. One that is gone or damaged does not spoil the backup."""
    names = sa.select(EvidenceFile.sha256).distinct().order_by(EvidenceFile.sha256)
    for name in connection.scalars(names):
        try:
            with file_store().open(name) as file:
                write_file(packed, name, file)
        except FileNotFoundError:
            manifest.missing_files.append(name)
        else:
            manifest.files.append(name)
