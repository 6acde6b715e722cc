"""Making a backup while the server writes, and putting one back in one transaction.

What is only of the moment stays out: sessions, counted tries, open password links, mail on its
way. After a restore everybody signs in anew, and no mail is sent a second time.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import os
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app

from roadmap.backup.archive import (
    MANIFEST,
    Manifest,
    NotABackup,
    decode,
    open_backup,
    read_manifest,
    read_table,
    write_table,
)
from roadmap.core.config import VERSION
from roadmap.core.database import alembic, db, init_database, schema_is_current, upgrade
from roadmap.core.types import Base
from roadmap.people.records import audit

OF_THE_MOMENT = frozenset({"login_session", "attempt", "password_link", "outgoing_mail"})
CHUNK = 500
# Readers and writers of a running server finish meanwhile; they are asked to wait no longer.
LOCK_SECONDS = 30


class SchemaDiffers(RuntimeError):
    """The database has not the newest schema, or the backup has one that is not known here."""


def create(path: Path, *, now: dt.datetime, replace_existing: bool = False) -> Manifest:
    """Writes everything into a new file, as it is at one moment. The server may go on writing.

    The file appears whole or not at all, readable by its owner alone. Raises FileExistsError,
    SchemaDiffers, OSError.
    """
    _need_newest_schema()
    if path.exists() and not replace_existing:
        raise FileExistsError(path)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 600
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
                manifest = _write(packed, now)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    with db.own_transaction() as own:
        audit(own, by=None, action="backup.created", target=path.name[:200], now=now,
              rows=manifest.rows)  # fmt: skip
    return manifest


def verify(path: Path) -> Manifest:
    """Reads a backup to its end and loads it into a database of its own, which is thrown away.

    Raises NotABackup or SchemaDiffers where it could not be restored by this release.
    """
    with _loaded(path) as (manifest, _scratch):
        return manifest


def restore(path: Path, *, keep: Path | None, now: dt.datetime) -> Manifest:
    """Replaces everything by what the backup holds, after it was verified; all or nothing.

    What stood there before is written to `keep` first, where given. Raises NotABackup and
    SchemaDiffers before anything was changed.
    """
    _need_newest_schema()
    with _loaded(path) as (manifest, scratch):
        if keep is not None:
            create(keep, now=now)
        with (
            db.engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            _replace_all(connection, scratch, manifest)
        with db.own_transaction() as own:
            audit(own, by=None, action="backup.restored", target=path.name[:200], now=now,
                  made_at=manifest.made_at.isoformat(), rows=manifest.rows)  # fmt: skip
    return manifest


def tables() -> list[sa.Table]:
    """The tables that a backup holds, those that others refer to first."""
    return [table for table in Base.metadata.sorted_tables if table.name not in OF_THE_MOMENT]


# --- Writing --------------------------------------------------------------------------------------


def _write(packed: zipfile.ZipFile, now: dt.datetime) -> Manifest:
    with _snapshot() as connection:
        manifest = Manifest(VERSION, _newest(), now, connection.dialect.name)
        for table in tables():
            columns = list(table.columns)
            rows = connection.execution_options(yield_per=CHUNK).execute(
                sa.select(*columns).order_by(*table.primary_key.columns)
            )
            names = [column.name for column in columns]
            manifest.tables[table.name] = write_table(packed, table.name, names, rows)
    packed.writestr(MANIFEST, manifest.to_json())
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


# --- Reading and putting back ---------------------------------------------------------------------


@contextlib.contextmanager
def _loaded(path: Path) -> Iterator[tuple[Manifest, sa.Engine]]:
    """The backup in a database of its own, brought to the newest schema and checked."""
    with open_backup(path) as packed, tempfile.TemporaryDirectory(prefix="cairn-") as folder:
        manifest = read_manifest(packed)
        if manifest.revision not in _known():
            raise SchemaDiffers(
                f"it is of schema {manifest.revision}, made by Cairn {manifest.release}, "
                "which this release does not know: upgrade first"
            )
        scratch = _scratch_app(Path(folder) / "restore.sqlite3")
        # The application's own context is back before anything is done with what was loaded.
        with scratch.app_context():
            engine = db.engine
            try:
                alembic.upgrade(manifest.revision)
                _fill(engine, packed, manifest)
                _check(engine)
                upgrade()
                _check(engine)
            except BaseException:
                engine.dispose()
                raise
        try:
            yield _as_it_is(engine, manifest), engine
        finally:
            engine.dispose()


def _scratch_app(path: Path) -> Flask:
    """As much of an application as migrations need."""
    app = Flask("restore")
    app.config.update(DATABASE_URL=f"sqlite:///{path}", ROOT=current_app.config["ROOT"])
    init_database(app)
    return app


def _fill(engine: sa.Engine, packed: zipfile.ZipFile, manifest: Manifest) -> None:
    with engine.connect() as connection:
        # Checked as a whole when everything is there.
        raw: Any = connection.connection.driver_connection
        raw.execute("PRAGMA foreign_keys=OFF")
        raw.execute("PRAGMA synchronous=OFF")
        with connection.begin():
            there = set(sa.inspect(connection).get_table_names())
            for name, contents in manifest.tables.items():
                lines = read_table(packed, name, contents)
                columns = next(lines, None)
                if name not in there or columns is None:
                    raise NotABackup(f"it holds a table {name}, which its schema does not have")
                _fill_table(connection, name, columns, lines)
        raw.execute("PRAGMA foreign_keys=ON")


def _fill_table(
    connection: sa.Connection, name: str, columns: Sequence[str], lines: Iterator[list[Any]]
) -> None:
    known = Base.metadata.tables.get(name)
    # A column that a later release dropped has no type here any more; SQLite takes it as it is.
    types = [
        known.columns[column].type if known is not None and column in known.columns else sa.String()
        for column in columns
    ]
    table = sa.table(name, *(sa.column(*pair) for pair in zip(columns, types, strict=True)))
    insert = sa.insert(table)
    for chunk in _chunks(lines):
        if any(len(row) != len(columns) for row in chunk):
            raise NotABackup(f"a row of the table {name} is too short or too long")
        try:
            connection.execute(
                insert,
                [
                    {
                        column: decode(value, type_)
                        for column, value, type_ in zip(columns, row, types, strict=True)
                    }
                    for row in chunk
                ],
            )
        except (sa.exc.DBAPIError, sa.exc.StatementError) as error:
            raise NotABackup(f"the table {name} does not fit: {error.orig}") from None


def _check(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise NotABackup(
                f"the table {broken[0]} refers to rows of {broken[2]} that are missing"
            )
        if connection.exec_driver_sql("PRAGMA integrity_check").scalar() != "ok":
            raise NotABackup("the loaded database is damaged")


def _as_it_is(engine: sa.Engine, manifest: Manifest) -> Manifest:
    """The manifest with the rows as they are after the migrations."""
    with engine.connect() as connection:
        found = {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in tables()
        }
    known = manifest.tables
    return replace(
        manifest,
        tables={
            name: replace(known[name], rows=rows) for name, rows in found.items() if name in known
        },
    )


def _replace_all(connection: sa.Connection, scratch: sa.Engine, manifest: Manifest) -> None:
    everything = Base.metadata.sorted_tables
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        names = ", ".join(f'"{table.name}"' for table in everything)
        connection.exec_driver_sql(f"TRUNCATE {names}")
    else:
        # Rows that refer to each other in a circle are let go of before they go.
        for table, columns in _later(everything).items():
            connection.execute(sa.update(table).values(dict.fromkeys(columns)))
        for table in reversed(everything):
            connection.execute(sa.delete(table))
    with scratch.connect() as source:
        later = _later(tables())
        for table in tables():
            _copy(source, connection, table, later.get(table, ()))
        for table, columns in later.items():
            _fill_in(source, connection, table, columns)
    if connection.dialect.name == "postgresql":
        _set_sequences(connection)
    for name, contents in manifest.tables.items():
        table = Base.metadata.tables[name]
        count = connection.scalar(sa.select(sa.func.count()).select_from(table))
        if count != contents.rows:
            raise NotABackup(f"{count} of {contents.rows} rows of {name} arrived")


def _later(ordered: Sequence[sa.Table]) -> dict[sa.Table, tuple[str, ...]]:
    """Columns that refer to their own table or to one that comes later: filled in at the end."""
    place = {table: number for number, table in enumerate(ordered)}
    found = {
        table: tuple(
            key.parent.name
            for key in table.foreign_keys
            if key.column.table in place and place[key.column.table] >= place[table]
        )
        for table in ordered
    }
    return {table: columns for table, columns in found.items() if columns}


def _copy(
    source: sa.Connection, target: sa.Connection, table: sa.Table, later: Sequence[str]
) -> None:
    rows = source.execution_options(yield_per=CHUNK).execute(sa.select(table)).mappings()
    empty = dict.fromkeys(later)
    for chunk in _chunks(rows):
        target.execute(sa.insert(table), [{**row, **empty} for row in chunk])


def _fill_in(
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
    for chunk in _chunks(rows):
        target.execute(update, [dict(zip(names, row, strict=True)) for row in chunk])


def _set_sequences(connection: sa.Connection) -> None:
    """The next number of a counted key comes after those that were put back."""
    for table in tables():
        for column in table.primary_key.columns:
            if isinstance(column.type, sa.Integer) and not column.foreign_keys:
                connection.execute(
                    sa.select(
                        sa.func.setval(
                            sa.func.pg_get_serial_sequence(table.name, column.name),
                            sa.select(
                                sa.func.coalesce(sa.func.max(column), 0) + 1
                            ).scalar_subquery(),
                            sa.false(),
                        )
                    )
                )


def _chunks(rows: Any) -> Iterator[list[Any]]:
    rows = iter(rows)
    while chunk := list(itertools.islice(rows, CHUNK)):
        yield chunk


def _need_newest_schema() -> None:
    if not schema_is_current():
        raise SchemaDiffers(
            "the database has not the newest schema: run `flask --app roadmap db upgrade` first"
        )


def _newest() -> str:
    heads: Sequence[Any] = alembic.heads()
    return str(heads[0].revision)


def _known() -> set[str]:
    return {script.revision for script in alembic.script_directory.walk_revisions()}
