"""What of the database an archive has: each table of a person, by its columns.

A table that carries `user_id` is in the archive and is restored, unless one of the lists below says
why not; so a new table needs nothing here. Columns that hold a secret, or that
follow from others, are in none. `tests/archive/test_tables.py` holds every table to this.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import sqlalchemy as sa

from roadmap.core.types import Base

# In no archive, each with the reason.
NOT_EXPORTED = {
    "account_deletion": "a request to this installation",
    "calendar_feed": "a secret address of this installation",
    "login_session": "a sign-in of this installation",
    "outgoing_mail": "mail on its way, whose links open things",
    "password_link": "a secret link of this installation",
    "pending_email": "an address that waits to be confirmed",
    "pending_import": "what another import waits with, for a day",
    "readiness_summary": "computed from the rest",
    "uploaded_file": "a file that waits for its piece, for a day",
}
# In the archive for its person to read, and not restored, each with the reason.
NOT_RESTORED = {
    "badge": "signed by the installation that issued it, in both forms",
    "api_token": "what it opens is here; its secret is stored nowhere",
    "confirmation": "nobody here confirmed it: the imported review names it",
    "membership": "who is in which team is decided here",
    "notification": "it leads to pages of the installation that sent it",
    "portfolio_link": "its address is of the installation that made it",
    "review": "nobody here judged it: it becomes an imported review",
}
# Of these, what is kept as it is beside what was imported: who issued a badge, can verify it.
HISTORY_ONLY = frozenset({"badge"})
# Of the account, which the archive has as `account.json`: what is not in it, and why.
ACCOUNT_LEFT_OUT = {
    "id": "a label of this installation",
    "email_key": "follows from the address",
    "password_hash": "a secret",
    "is_admin": "a right that this installation gives",
    "version": "counts writes here",
    "deactivated_at": "a decision of this installation",
}
# Tables of what everybody shares, by which of their columns an archive names a row.
SHARED_NAMES = {"roadmap": "slug", "roadmap_revision": "number", "team": "slug"}
# Columns that may hold a secret of another service.
SECRET_COLUMNS = {"time_budget.calendar_url": "anyone who has this address reads the calendar"}
# Ids of rows in columns without a foreign key, because the row may be gone.
LOOSE_IDS = frozenset({"imported_record.record_id"})


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
    """Return the tables that an archive has, referenced ones first."""
    owned = owned_tables()
    return {name: table for name, table in owned.items() if name not in NOT_EXPORTED}


@cache
def archived_columns(name: str) -> tuple[sa.Column[object], ...]:
    """Return the columns of a table that an archive has; those of "user" are the account's."""
    return tuple(each for each in Base.metadata.tables[name].columns if _is_archived(each))


def _is_archived(column: sa.Column[object]) -> bool:
    if column.name == "user_id" or _is_derived(column) or str(column) in SECRET_COLUMNS:
        return False
    if column.table.name == "user":
        return column.name not in ACCOUNT_LEFT_OUT
    # A number that the database gives: the order of the rows says as much. One that is a key
    # together with other columns says something by itself.
    is_alone = column.primary_key and len(column.table.primary_key.columns) == 1
    is_given = is_alone and isinstance(column.type, sa.Integer)
    return not is_given and not isinstance(column.type, sa.LargeBinary)


def _is_derived(column: sa.Column[object]) -> bool:
    """Tell whether a column follows from others of its row, as a folded text does."""
    return "sources" in column.info


def target_table(column: sa.Column[object]) -> str:
    """Return the name of the table that a column refers to, "" for none."""
    return _target(column).partition(".")[0]


def _target(column: sa.Column[object]) -> str:
    return next((key.target_fullname for key in column.foreign_keys), "")
