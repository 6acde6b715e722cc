"""The tables and columns that an archive contains.

A table with a `user_id` is exported and restored, unless a list below excludes it, so a new table
needs no change here. Columns that hold a secret or are derived from others are excluded.
`tests/archive/test_tables.py` checks every table.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import sqlalchemy as sa

from roadmap.core.types import Base

# Tables that are not exported, with the reason.
NOT_EXPORTED = {
    "account_deletion": "a request to this installation",
    "calendar_feed": "a secret address of this installation",
    "login_session": "a sign-in of this installation",
    "outgoing_mail": "queued mail, which contains secret links",
    "password_link": "a secret link of this installation",
    "pending_email": "an address that is not confirmed yet",
    "pending_import": "data of an unfinished import, kept for a day",
    "readiness_summary": "computed from other tables",
    "uploaded_file": "a file not yet attached to evidence, kept for a day",
}
# Tables that are exported for the person to read but not restored, with the reason.
NOT_RESTORED = {
    "badge": "signed by the installation that issued it, in both forms",
    "api_token": "valid for its installation only; its secret is not stored",
    "confirmation": "not confirmed in this installation; the imported review lists it",
    "membership": "this installation decides who is in which team",
    "notification": "links to pages of the installation that sent it",
    "portfolio_link": "its URL belongs to the installation that created it",
    "review": "not judged in this installation; restored as an imported review",
}
# Of these, the tables kept unchanged with the import: the issuer can still verify a badge.
HISTORY_ONLY = frozenset({"badge"})
# Account columns that are not exported in `account.json`, with the reason.
ACCOUNT_NOT_EXPORTED = {
    "id": "local to this installation",
    "email_key": "derived from the address",
    "password_hash": "a secret",
    "is_admin": "a right granted by this installation",
    "version": "counts writes in this installation",
    "deactivated_at": "a decision of this installation",
}
# Shared tables, with the column by which an archive refers to a row.
NATURAL_KEYS = {"roadmap": "slug", "roadmap_revision": "number", "team": "slug"}
# Columns that may hold a secret of another service, with the reason.
SECRET_COLUMNS = {"time_budget.calendar_url": "anyone who has this address reads the calendar"}
# Columns with ids of rows that may have been deleted, and therefore without a foreign key.
UNCONSTRAINED_IDS = frozenset({"imported_record.record_id"})


@cache
def owned_tables() -> Mapping[str, sa.Table]:
    """Return the tables whose rows belong to a person, by name, referenced ones first."""
    return {
        table.name: table
        for table in Base.metadata.sorted_tables
        if "user_id" in table.columns and _target(table.columns["user_id"]) == "user.id"
    }


@cache
def exported_tables() -> Mapping[str, sa.Table]:
    """Return the tables of an archive by name, referenced ones first."""
    owned = owned_tables()
    return {name: table for name, table in owned.items() if name not in NOT_EXPORTED}


@cache
def archived_columns(name: str) -> tuple[sa.Column[object], ...]:
    """Return the archived columns of a table; "user" is the account."""
    return tuple(each for each in Base.metadata.tables[name].columns if _is_archived(each))


def _is_archived(column: sa.Column[object]) -> bool:
    if column.name == "user_id" or _is_derived(column) or str(column) in SECRET_COLUMNS:
        return False
    if column.table.name == "user":
        return column.name not in ACCOUNT_NOT_EXPORTED
    # Autoincrement keys are omitted, because they only express the order of the rows. An integer
    # in a composite key is data.
    is_alone = column.primary_key and len(column.table.primary_key.columns) == 1
    is_given = is_alone and isinstance(column.type, sa.Integer)
    return not is_given and not isinstance(column.type, sa.LargeBinary)


def _is_derived(column: sa.Column[object]) -> bool:
    """Return whether a column is derived from others of its row, such as a folded text."""
    return "sources" in column.info


def target_table(column: sa.Column[object]) -> str:
    """Return the table that a column references, or ""."""
    return _target(column).partition(".")[0]


def _target(column: sa.Column[object]) -> str:
    return next((key.target_fullname for key in column.foreign_keys), "")
