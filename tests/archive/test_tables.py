"""Each table with personal data is in the archive, or listed with a reason for its exclusion."""

from __future__ import annotations

import sqlalchemy as sa

from roadmap.archive import tables
from roadmap.archive.format import json_schema, row_model
from roadmap.core.types import Base


def test_every_table_of_a_user_is_archived_or_excluded_with_a_reason(app):
    owned = tables.owned_tables()
    assert tables.NOT_EXPORTED.keys() | tables.NOT_RESTORED.keys() <= owned.keys()
    assert not tables.NOT_EXPORTED.keys() & tables.NOT_RESTORED.keys()
    # Child rows need a `user_id`, or no archive contains them.
    below = {
        table.name
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if tables.target_table(column) in owned
    }
    assert below <= owned.keys()
    reasons = [
        tables.NOT_EXPORTED, tables.NOT_RESTORED, tables.ACCOUNT_NOT_EXPORTED, tables.SECRET_COLUMNS
    ]  # fmt: skip
    assert all(reason for each in reasons for reason in each.values())


def test_every_column_is_archived_except_secrets_and_derived_ones(app):
    missing = {
        str(column)
        for name, table in tables.exported_tables().items()
        for column in table.columns
        if column.name != "user_id" and column.name not in row_model(name).model_fields
    }
    derived = {name for name in missing if name.endswith(("search_text", "history_entry.id"))}
    secrets = {name for name in missing if name.endswith("token_hash")}
    assert missing - derived - secrets == tables.SECRET_COLUMNS.keys()
    users = Base.metadata.tables["user"].columns
    assert {
        each.name for each in tables.archived_columns("user")
    } | tables.ACCOUNT_NOT_EXPORTED.keys() == {
        column.name for column in users if column.name != "search_text"
    }


def test_json_schema_describes_every_file(app):
    schema = json_schema()
    assert {"manifest.json", "account.json", "records/evidence.json"} <= schema.keys()
    text = repr(schema)
    assert "token_hash" not in text
    assert "password_hash" not in text
    evidence = schema["records/evidence.json"]["$defs"]["evidence"]["properties"]
    assert evidence["visibility"]["enum"] == ["private", "team", "portfolio"]


def test_archived_columns_refer_to_shared_rows_by_natural_keys(app):
    """Ids of shared rows differ between installations."""
    named = {"user", "milestone", "skill", *tables.NATURAL_KEYS, *tables.exported_tables()}
    for name in tables.exported_tables():
        for column in tables.archived_columns(name):
            assert tables.target_table(column) in {"", *named}, column
            if isinstance(column.type, sa.Uuid) and not column.foreign_keys:
                assert column.name == "id" or str(column) in tables.UNCONSTRAINED_IDS, column
