"""Load a backup into a temporary database to verify it, then replace all rows with its rows."""

from __future__ import annotations

import contextlib
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from flask import Flask, current_app

from roadmap.backup.archive import (
    FILES,
    InvalidBackup,
    Manifest,
    check_contents,
    decode_value,
    open_backup,
    read_manifest,
    read_table,
)
from roadmap.backup.progress import Progress, Report, ignore, require_space
from roadmap.core.batches import batched
from roadmap.core.database import db, init_database, newest_migrations
from roadmap.core.file_store import file_store
from roadmap.core.migrations import alembic, init_migrations, upgrade
from roadmap.core.types import Base, UtcDateTime
from roadmap.evidence.models import EvidenceFile

# Tables that are not backed up, and are emptied by a restore.
TRANSIENT_TABLES = frozenset(
    {"login_session", "attempt", "password_link", "outgoing_mail", "uploaded_file"}
)
CHUNK = 500
# Measured with 250 people: size of the SQLite database relative to the uncompressed backup, and of
# the compressed backup relative to the database.
DATABASE_BYTES_PER_TEXT = 1.7
COMPRESSED_SIZE_RATIO = 0.2
DATABASE_SIZE = {
    "postgresql": "SELECT pg_database_size(current_database())",
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
}
# Time for requests of a running server to finish.
LOCK_TIMEOUT_SECONDS = 30


class SchemaMismatch(click.ClickException):
    """The database is not fully migrated, or the backup has an unknown migration."""


def backed_up_tables() -> list[sa.Table]:
    """Return the tables in a backup, referenced tables first."""
    return [table for table in Base.metadata.sorted_tables if table.name not in TRANSIENT_TABLES]


def read_contents(path: Path, *, trust: bool) -> Manifest:
    """Read only a backup's manifest. Raises InvalidBackup, SchemaMismatch."""
    with open_backup(path) as zip_file:
        return _read_supported_manifest(zip_file, trust=trust)


def _read_supported_manifest(zip_file: zipfile.ZipFile, *, trust: bool) -> Manifest:
    manifest = read_manifest(zip_file, None if trust else current_app.config["SECRET_KEY"])
    known = {script.revision for script in alembic.script_directory.walk_revisions()}
    if manifest.revision not in known:
        raise SchemaMismatch(
            f"it is of schema {manifest.revision}, made by Cairn {manifest.release}, "
            "which this release does not know: upgrade first"
        )
    return manifest


@contextlib.contextmanager
def restore_to_scratch(
    path: Path, *, trust: bool, report: Report = ignore, replaces: bool = False
) -> Iterator[tuple[Manifest, sa.Engine]]:
    """Load the backup into a temporary database, migrate it to the newest schema and check it.

    Without `trust`, it must be signed with this instance's key. Checks the disk space first, with
    `replaces` also for replacing the database.
    """
    with (
        open_backup(path) as zip_file,
        tempfile.TemporaryDirectory(prefix="cairn-") as folder,
        contextlib.ExitStack() as stack,
    ):
        manifest = _read_supported_manifest(zip_file, trust=trust)
        require_space(_estimate_space(zip_file, replaces=replaces), report)
        check_contents(zip_file, manifest)
        for name in manifest.missing_files:
            report(f"The file {name} was missing already when the backup was made")
        scratch = create_scratch_app(Path(folder) / "restore.sqlite3")
        # Leave the temporary application's context before yielding.
        with scratch.app_context():
            engine = db.engine
            stack.callback(engine.dispose)
            db.create_file()
            if manifest.revision in newest_migrations():
                Base.metadata.create_all(engine)
                alembic.stamp()
            else:
                alembic.upgrade(manifest.revision)
            _load_tables(engine, zip_file, manifest, report)
            _check_integrity(engine)
            upgrade()
            _check_integrity(engine)
            _check_referenced_files(engine, manifest)
        yield _recount_rows(engine, manifest), engine


def create_scratch_app(path: Path) -> Flask:
    """Return a minimal application for migrations."""
    app = Flask("restore")
    app.config.update(DATABASE_URL=f"sqlite:///{path}", ROOT=current_app.config["ROOT"])
    init_database(app)
    init_migrations(app)
    return app


def _estimate_space(zip_file: zipfile.ZipFile, *, replaces: bool) -> Counter[Path]:
    """Estimate the bytes needed per folder."""
    entries = zip_file.infolist()
    files = sum(each.file_size for each in entries if each.filename.startswith(FILES))
    rows = (sum(each.file_size for each in entries) - files) * DATABASE_BYTES_PER_TEXT
    # Twice, for the write-ahead log of its single transaction.
    needs = Counter({Path(tempfile.gettempdir()): round(2 * rows)})
    if replaces:
        is_postgres = db.engine.dialect.name == "postgresql"
        with db.engine.connect().execution_options(writes=False) as connection:
            size = DATABASE_SIZE["postgresql" if is_postgres else "sqlite"]
            present = connection.exec_driver_sql(size).scalar() or 0
        if not is_postgres:
            # The write-ahead log of the transaction that deletes and inserts.
            needs[Path(db.engine.url.database or "").parent] += round(rows) + present
        # The restored files, and about as many in the backup of the previous contents.
        needs[Path(current_app.config["DATA_DIR"])] += 2 * files
        # The rows in the backup of the previous contents.
        needs[Path(current_app.config["DATA_DIR"])] += round(present * COMPRESSED_SIZE_RATIO)
    return needs


def _load_tables(
    engine: sa.Engine, zip_file: zipfile.ZipFile, manifest: Manifest, report: Report
) -> None:
    progress = Progress(report, "Loaded and checked", manifest.rows)
    with engine.connect() as connection:
        # Foreign keys are checked after all rows are loaded.
        raw: Any = connection.connection.driver_connection
        raw.execute("PRAGMA foreign_keys=OFF")
        raw.execute("PRAGMA synchronous=OFF")
        with connection.begin():
            there = set(sa.inspect(connection).get_table_names())
            expected = there - TRANSIENT_TABLES - {"alembic_version"}
            if missing := expected - manifest.tables.keys():
                raise InvalidBackup(f"the table {min(missing)} is missing")
            for name, contents in manifest.tables.items():
                lines = read_table(zip_file, name, contents)
                columns = next(lines, None)
                if name not in there or columns is None:
                    raise InvalidBackup(f"it holds a table {name}, which its schema does not have")
                _load_table(connection, name, columns, lines, progress)
        raw.execute("PRAGMA foreign_keys=ON")


def _column_types(connection: sa.Connection, name: str) -> dict[str, sa.types.TypeEngine[Any]]:
    """Return a table's column types in the backup's schema."""
    types: dict[str, sa.types.TypeEngine[Any]] = {}
    for column in sa.inspect(connection).get_columns(name):
        found = column["type"]
        if isinstance(found, sa.CHAR) and found.length == 32:
            found = sa.Uuid()
        elif isinstance(found, sa.DateTime):
            found = UtcDateTime()
        types[column["name"]] = found
    return types


def _load_table(
    connection: sa.Connection,
    name: str,
    columns: Sequence[str],
    lines: Iterator[list[Any]],
    progress: Progress,
) -> None:
    types = _column_types(connection, name)
    if unknown := [column for column in columns if column not in types]:
        raise InvalidBackup(f"its table {name} has an unknown column {unknown[0]}")
    table = sa.table(name, *(sa.column(column, types[column]) for column in columns))
    insert, kinds = sa.insert(table), [types[column] for column in columns]
    for chunk in batched(lines, CHUNK):
        if any(len(row) != len(columns) for row in chunk):
            raise InvalidBackup(f"a row of the table {name} is too short or too long")
        values = (map(decode_value, row, kinds) for row in chunk)
        rows = [dict(zip(columns, row, strict=True)) for row in values]
        try:
            connection.execute(insert, rows)
        except (sa.exc.DBAPIError, sa.exc.StatementError) as error:
            raise InvalidBackup(f"the table {name} does not fit: {error.orig}") from None
        progress.add(len(rows))


def _check_integrity(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            table, _row, missing, _key = broken
            raise InvalidBackup(f"the table {table} refers to rows of {missing} that are missing")
        if connection.exec_driver_sql("PRAGMA integrity_check").scalar() != "ok":
            raise InvalidBackup("the loaded database is damaged")


def _check_referenced_files(engine: sa.Engine, manifest: Manifest) -> None:
    there = {*manifest.files, *manifest.missing_files}
    with engine.connect() as connection:
        for name in connection.scalars(sa.select(EvidenceFile.sha256).distinct()):
            if name not in there:
                raise InvalidBackup(f"the file {name} is missing")


def store_files(path: Path, manifest: Manifest) -> None:
    """Copy the files of a verified backup into the file store."""
    with open_backup(path) as zip_file:
        for name in manifest.files:
            with zip_file.open(f"{FILES}{name}") as file:
                file_store().put(file)


def _recount_rows(engine: sa.Engine, manifest: Manifest) -> Manifest:
    """Return the manifest with row counts after the migrations."""
    with engine.connect() as connection:
        tables = {
            table.name: replace(manifest.tables[table.name], rows=_count_rows(connection, table))
            for table in backed_up_tables()
            if table.name in manifest.tables
        }
    return replace(manifest, tables=tables)


def _count_rows(connection: sa.Connection, table: sa.Table) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def lock_all_tables(connection: sa.Connection) -> None:
    """Lock all tables until the transaction ends.

    On SQLite the write transaction is sufficient, and readers continue with their snapshot.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'")
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        names = _quoted_names(Base.metadata.sorted_tables)
        connection.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")


def replace_all(
    connection: sa.Connection, scratch: sa.Engine, manifest: Manifest, report: Report = ignore
) -> None:
    """Replace all rows with those in `scratch`. Raises InvalidBackup if a count differs."""
    progress = Progress(report, "Replaced", manifest.rows)
    everything = Base.metadata.sorted_tables
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"TRUNCATE {_quoted_names(everything)}")
    else:
        # Rows may have circular references.
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for table in reversed(everything):
            connection.execute(sa.delete(table))
    with scratch.connect() as source:
        later = _deferred_columns(backed_up_tables())
        for table in backed_up_tables():
            _copy_rows(source, connection, table, later.get(table, ()), progress)
        for table, columns in later.items():
            _copy_deferred_columns(source, connection, table, columns)
    if connection.dialect.name == "postgresql":
        _set_sequences(connection)
    for name, contents in manifest.tables.items():
        count = _count_rows(connection, Base.metadata.tables[name])
        if count != contents.rows:
            raise InvalidBackup(f"{count} of {contents.rows} rows of {name} arrived")


def _quoted_names(tables: Sequence[sa.Table]) -> str:
    return ", ".join(f'"{table.name}"' for table in tables)


def _deferred_columns(sorted_tables: Sequence[sa.Table]) -> dict[sa.Table, tuple[str, ...]]:
    """Return foreign key columns to the same or a later table, which are filled in at the end."""
    place = {table: number for number, table in enumerate(sorted_tables)}
    found = {
        table: tuple(
            key.parent.name
            for key in table.foreign_keys
            if key.column.table in place and place[key.column.table] >= place[table]
        )
        for table in sorted_tables
    }
    return {table: columns for table, columns in found.items() if columns}


def _copy_rows(
    source: sa.Connection,
    target: sa.Connection,
    table: sa.Table,
    later: Sequence[str],
    progress: Progress,
) -> None:
    rows = source.execution_options(yield_per=CHUNK).execute(sa.select(table)).mappings()
    empty = dict.fromkeys(later)
    for chunk in batched(rows, CHUNK):
        target.execute(sa.insert(table), [{**row, **empty} for row in chunk])
        progress.add(len(chunk))


def _copy_deferred_columns(
    source: sa.Connection, target: sa.Connection, table: sa.Table, columns: Sequence[str]
) -> None:
    keys = list(table.primary_key.columns)
    wanted = [table.columns[name] for name in columns]
    rows = source.execute(
        sa.select(*keys, *wanted).where(sa.or_(*(column.is_not(None) for column in wanted)))
    )
    update = (
        sa.update(table)
        .where(*(key == sa.bindparam(f"key_{key.name}", type_=key.type) for key in keys))
        .values({name: sa.bindparam(f"new_{name}") for name in columns})
    )
    names = [*(f"key_{key.name}" for key in keys), *(f"new_{name}" for name in columns)]
    for chunk in batched(rows, CHUNK):
        target.execute(update, [dict(zip(names, row, strict=True)) for row in chunk])


def _set_sequences(connection: sa.Connection) -> None:
    """Set the sequences of integer keys past the restored keys."""
    for table in backed_up_tables():
        for column in table.primary_key.columns:
            if isinstance(column.type, sa.Integer) and not column.foreign_keys:
                sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
                following = sa.select(sa.func.coalesce(sa.func.max(column), 0) + 1)
                setval = sa.func.setval(sequence, following.scalar_subquery(), sa.false())
                connection.execute(sa.select(setval))
