"""Load a backup into a temporary database, to verify that it can be restored."""

from __future__ import annotations

import contextlib
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app

from roadmap.backup.archive import (
    InvalidBackup,
    Manifest,
    decode_value,
    open_backup,
    read_manifest,
    read_table,
)
from roadmap.backup.table_replacement import TRANSIENT_TABLES, backed_up_tables, chunks
from roadmap.core.database import db, init_database
from roadmap.core.migrations import alembic, init_migrations, upgrade
from roadmap.core.types import Base, UtcDateTime


class SchemaMismatch(RuntimeError):
    """The database is not at the newest migration, or the backup has an unknown one."""


@contextlib.contextmanager
def restore_to_scratch(path: Path) -> Iterator[tuple[Manifest, sa.Engine]]:
    """Load the backup into a temporary database, upgraded to the newest schema and checked."""
    with open_backup(path) as packed, tempfile.TemporaryDirectory(prefix="cairn-") as folder:
        manifest = read_manifest(packed)
        if manifest.revision not in _known_revisions():
            raise SchemaMismatch(
                f"it is of schema {manifest.revision}, made by Cairn {manifest.release}, "
                "which this release does not know: upgrade first"
            )
        scratch = create_scratch_app(Path(folder) / "restore.sqlite3")
        # Leave the temporary application's context before the caller works with the rows.
        with scratch.app_context():
            engine = db.engine
            try:
                alembic.upgrade(manifest.revision)
                _load_tables(engine, packed, manifest)
                _check_integrity(engine)
                upgrade()
                _check_integrity(engine)
            except BaseException:
                engine.dispose()
                raise
        try:
            yield _recount_rows(engine, manifest), engine
        finally:
            engine.dispose()


def create_scratch_app(path: Path) -> Flask:
    """Return an application with no more than migrations need."""
    app = Flask("restore")
    app.config.update(DATABASE_URL=f"sqlite:///{path}", ROOT=current_app.config["ROOT"])
    init_database(app)
    init_migrations(app)
    return app


def _load_tables(engine: sa.Engine, packed: zipfile.ZipFile, manifest: Manifest) -> None:
    with engine.connect() as connection:
        # Foreign keys are checked when all rows are loaded.
        raw: Any = connection.connection.driver_connection
        raw.execute("PRAGMA foreign_keys=OFF")
        raw.execute("PRAGMA synchronous=OFF")
        with connection.begin():
            there = set(sa.inspect(connection).get_table_names())
            if (
                missing_tables := there
                - TRANSIENT_TABLES
                - {"alembic_version"}
                - manifest.tables.keys()
            ):
                raise InvalidBackup(f"the table {min(missing_tables)} is missing")
            for name, contents in manifest.tables.items():
                lines = read_table(packed, name, contents)
                columns = next(lines, None)
                if name not in there or columns is None:
                    raise InvalidBackup(f"it holds a table {name}, which its schema does not have")
                _load_table(connection, name, columns, lines)
        raw.execute("PRAGMA foreign_keys=ON")


def _column_types(connection: sa.Connection, name: str) -> dict[str, sa.types.TypeEngine[Any]]:
    """Return the types of a table's columns; of those with other names today, by reflection."""
    known = Base.metadata.tables.get(name)
    types: dict[str, sa.types.TypeEngine[Any]] = {}
    for column in sa.inspect(connection).get_columns(name):
        reflected = column["type"]
        if known is not None and column["name"] in known.columns:
            types[column["name"]] = known.columns[column["name"]].type
        elif isinstance(reflected, sa.CHAR) and reflected.length == 32:
            types[column["name"]] = sa.Uuid()
        elif isinstance(reflected, sa.DateTime):
            types[column["name"]] = UtcDateTime()
        else:
            types[column["name"]] = reflected
    return types


def _load_table(
    connection: sa.Connection, name: str, columns: Sequence[str], lines: Iterator[list[Any]]
) -> None:
    types = _column_types(connection, name)
    if unknown := [column for column in columns if column not in types]:
        raise InvalidBackup(f"its table {name} has an unknown column {unknown[0]}")
    table = sa.table(name, *(sa.column(column, types[column]) for column in columns))
    insert = sa.insert(table)
    for chunk in chunks(lines):
        if any(len(row) != len(columns) for row in chunk):
            raise InvalidBackup(f"a row of the table {name} is too short or too long")
        try:
            connection.execute(
                insert,
                [
                    {
                        column: decode_value(value, types[column])
                        for column, value in zip(columns, row, strict=True)
                    }
                    for row in chunk
                ],
            )
        except (sa.exc.DBAPIError, sa.exc.StatementError) as error:
            raise InvalidBackup(f"the table {name} does not fit: {error.orig}") from None


def _check_integrity(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise InvalidBackup(
                f"the table {broken[0]} refers to rows of {broken[2]} that are missing"
            )
        if connection.exec_driver_sql("PRAGMA integrity_check").scalar() != "ok":
            raise InvalidBackup("the loaded database is damaged")


def _recount_rows(engine: sa.Engine, manifest: Manifest) -> Manifest:
    """Return the manifest with the number of rows after the migrations."""
    with engine.connect() as connection:
        found = {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in backed_up_tables()
        }
    known = manifest.tables
    return replace(
        manifest,
        tables={
            name: replace(known[name], rows=rows) for name, rows in found.items() if name in known
        },
    )


def _known_revisions() -> set[str]:
    return {script.revision for script in alembic.script_directory.walk_revisions()}
