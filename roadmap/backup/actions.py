"""Making a backup while the server writes, and putting one back in one transaction.

What is only of the moment stays out: sessions, counted tries, open password links, mail on its
way. After a restore everybody signs in anew, and no mail is sent a second time.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from roadmap.backup.archive import MANIFEST_NAME, Manifest, write_table
from roadmap.backup.table_replacement import CHUNK, backed_up_tables, lock_all_tables, replace_all
from roadmap.backup.trial_restore import SchemaMismatch, restore_to_scratch
from roadmap.core.config import VERSION
from roadmap.core.database import alembic, db, schema_is_current
from roadmap.people.audit import record_audit


def create(path: Path, *, now: dt.datetime, replace_existing: bool = False) -> Manifest:
    """Writes everything into a new file, as it is at one moment. The server may go on writing.

    The file appears whole or not at all, readable by its owner alone. Raises FileExistsError,
    SchemaDiffers, OSError.
    """
    _require_current_schema()
    if path.exists() and not replace_existing:
        raise FileExistsError(path)
    with _snapshot() as connection:
        manifest = _write_file(path, connection, now)
    with db.own_transaction() as own:
        record_audit(own, by=None, action="backup.created", target=path.name[:200], now=now,
              rows=manifest.rows)  # fmt: skip
    return manifest


def verify(path: Path) -> Manifest:
    """Reads a backup to its end and loads it into a database of its own, which is thrown away.

    Raises NotABackup or SchemaDiffers where it could not be restored by this release.
    """
    with restore_to_scratch(path) as (manifest, _scratch):
        return manifest


def restore(path: Path, *, keep: Path | None, now: dt.datetime) -> Manifest:
    """Replaces everything by what the backup holds, after it was verified; all or nothing.

    What stood there before is written to `keep` first, where given. Raises NotABackup and
    SchemaDiffers before anything was changed.
    """
    _require_current_schema()
    with restore_to_scratch(path) as (manifest, scratch):
        with (
            db.engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            # From here on nobody else writes: what is kept is what is replaced.
            lock_all_tables(connection)
            if keep is not None:
                _write_file(keep, connection, now)
            replace_all(connection, scratch, manifest)
        with db.own_transaction() as own:
            record_audit(own, by=None, action="backup.restored", target=path.name[:200], now=now,
                  made_at=manifest.made_at.isoformat(), rows=manifest.rows)  # fmt: skip
    return manifest


# --- Writing --------------------------------------------------------------------------------------


def _write_file(path: Path, connection: sa.Connection, now: dt.datetime) -> Manifest:
    """Writes what `connection` sees into a file, which appears whole or not at all."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 600
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
                manifest = _write_archive(packed, connection, now)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def _write_archive(
    packed: zipfile.ZipFile, connection: sa.Connection, now: dt.datetime
) -> Manifest:
    manifest = Manifest(VERSION, _head_revision(), now, connection.dialect.name)
    for table in backed_up_tables():
        columns = list(table.columns)
        rows = connection.execute(
            sa.select(*columns).order_by(*table.primary_key.columns),
            execution_options={"yield_per": CHUNK},
        )
        names = [column.name for column in columns]
        manifest.tables[table.name] = write_table(packed, table.name, names, rows)
    packed.writestr(MANIFEST_NAME, manifest.to_json())
    return manifest


@contextlib.contextmanager
def _snapshot() -> Iterator[sa.Connection]:
    """A connection that sees the database as it is now, whatever is written meanwhile."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        else:
            connection = connection.execution_options(writes=False)
        yield connection
        connection.rollback()


def _require_current_schema() -> None:
    if not schema_is_current():
        raise SchemaMismatch(
            "the database has not the newest schema: run `flask --app roadmap db upgrade` first"
        )


def _head_revision() -> str:
    heads: Sequence[Any] = alembic.heads()
    return str(heads[0].revision)
