"""Each column that may tell of a person has a decision about what becomes of it."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from roadmap.core.types import Base
from roadmap.erasure.decisions import (
    DELETED_ROWS,
    KEPT,
    LOGS,
    NAME_COPIES,
    TYPED_NAMES,
    UNTIED,
)

# Names of columns that may hold a name or address of a person.
TELLING = re.compile(
    r"(^|_)(name|names|email|recipient|witness|rater|asked|author|reviewer|verifier|verified|"
    r"assessor|actor|target|address|by|agent|bucket|affiliation|issuer|body)($|_)"
)


def tells(column: sa.Column) -> bool:
    if column.foreign_keys:
        return False
    if isinstance(column.type, sa.JSON):
        return True
    if isinstance(column.type, sa.Uuid):
        return not column.primary_key
    is_text = isinstance(column.type, sa.String)
    return is_text and bool(TELLING.search(column.name))


def decided() -> set[str]:
    logs = {f"{table}.{name}" for table, (_key, names) in LOGS.items() for name in names}
    copies = {f"{copy.table}.{copy.column}" for copy in NAME_COPIES}
    places = {f"{table}.{column}" for table, column in (*TYPED_NAMES, *UNTIED)}
    return logs | copies | places | {each.column for each in KEPT}


@pytest.fixture
def tables(app):
    """Every table: an application has loaded the models of all rooms."""
    return Base.metadata.sorted_tables


def test_each_column_that_may_tell_of_a_person_has_a_decision(tables):
    questions = {
        f"{table.name}.{column.name}"
        for table in tables
        if table.name not in DELETED_ROWS
        for column in table.c
        if tells(column)
    }
    missing = sorted(questions - decided())
    assert not missing, f"say in erasure/decisions.py what becomes of {missing}"


def test_each_reference_to_a_person_goes_with_them_or_becomes_null(tables):
    for table in tables:
        for key in table.foreign_keys:
            if key.target_fullname != "user.id":
                continue
            wanted = "CASCADE" if key.parent.name == "user_id" else "SET NULL"
            if key.parent.name == "subject_user_id":
                wanted = "CASCADE"
            assert key.ondelete == wanted, f"{table.name}.{key.parent.name}"


def test_whoever_is_named_by_a_reference_has_their_name_replaced(tables):
    """A column that becomes NULL beside one with the name: both are in the list."""
    for table in tables:
        if table.name in DELETED_ROWS:
            continue
        for column in table.c:
            stem = re.fullmatch(r"(\w+)_name", column.name)
            beside = table.c.get(f"{stem[1]}_id") if stem else None
            if beside is not None and beside.foreign_keys:
                copies = {(copy.table, copy.column, copy.by) for copy in NAME_COPIES}
                assert (table.name, column.name, beside.name) in copies


def test_the_decisions_name_columns_that_there_are(tables):
    columns = {f"{table.name}.{column.name}" for table in tables for column in table.c}
    assert decided() <= columns
