"""Replace the rows of all tables within one transaction of the caller."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from roadmap.backup.archive import InvalidBackup, Manifest
from roadmap.core.types import Base

# A backup leaves these out, and a restore empties them.
TRANSIENT_TABLES = frozenset({"login_session", "attempt", "password_link", "outgoing_mail"})
CHUNK = 500
# How long requests of a running server may take to finish.
LOCK_TIMEOUT_SECONDS = 30


def backed_up_tables() -> list[sa.Table]:
    """Return the tables in a backup, referenced ones first."""
    return [table for table in Base.metadata.sorted_tables if table.name not in TRANSIENT_TABLES]


def lock_all_tables(connection: sa.Connection) -> None:
    """Lock out everybody else until the transaction ends.

    On SQLite a writer has done so already; readers continue with their snapshot.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'")
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        names = _quoted_names(Base.metadata.sorted_tables)
        connection.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")


def replace_all(connection: sa.Connection, scratch: sa.Engine, manifest: Manifest) -> None:
    """Replace all rows with those in `scratch`. Raises InvalidBackup if any is missing."""
    everything = Base.metadata.sorted_tables
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"TRUNCATE {_quoted_names(everything)}")
    else:
        # Clear circular references before deleting the rows.
        for table, columns in _deferred_columns(everything).items():
            connection.execute(sa.update(table).values(dict.fromkeys(columns)))
        for table in reversed(everything):
            connection.execute(sa.delete(table))
    with scratch.connect() as source:
        later = _deferred_columns(backed_up_tables())
        for table in backed_up_tables():
            _copy_rows(source, connection, table, later.get(table, ()))
        for table, columns in later.items():
            _copy_deferred_columns(source, connection, table, columns)
    if connection.dialect.name == "postgresql":
        _set_sequences(connection)
    for name, contents in manifest.tables.items():
        table = Base.metadata.tables[name]
        count = connection.scalar(sa.select(sa.func.count()).select_from(table))
        if count != contents.rows:
            raise InvalidBackup(f"{count} of {contents.rows} rows of {name} arrived")


def _quoted_names(tables_to_name: Sequence[sa.Table]) -> str:
    return ", ".join(f'"{table.name}"' for table in tables_to_name)


def _deferred_columns(ordered: Sequence[sa.Table]) -> dict[sa.Table, tuple[str, ...]]:
    """Return columns that refer to their own or a later table; they are filled in at the end."""
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


def _copy_rows(
    source: sa.Connection, target: sa.Connection, table: sa.Table, later: Sequence[str]
) -> None:
    rows = source.execution_options(yield_per=CHUNK).execute(sa.select(table)).mappings()
    empty = dict.fromkeys(later)
    for chunk in chunks(rows):
        target.execute(sa.insert(table), [{**row, **empty} for row in chunk])


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
    for chunk in chunks(rows):
        target.execute(update, [dict(zip(names, row, strict=True)) for row in chunk])


def _set_sequences(connection: sa.Connection) -> None:
    """Continue integer keys after those that were restored."""
    for table in backed_up_tables():
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


def chunks(rows: Any) -> Iterator[list[Any]]:
    """Yield the rows in lists of at most CHUNK."""
    rows = iter(rows)
    while chunk := list(itertools.islice(rows, CHUNK)):
        yield chunk
