"""Store dates of positions, degrees and evidence as text, to allow a month or a year.

Revision: 1795970000
Revises: 1795960000
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "1795970000"
down_revision = "1795960000"
branch_labels = ()
depends_on = None

# table, column, nullable, whether the date is an end date
COLUMNS = {
    "position": {"started_on": (False, False), "ended_on": (True, True)},
    "degree": {"awarded_on": (True, False)},
    "evidence_version": {
        "occurred_on": (False, False), "issued_on": (True, False), "expires_on": (True, True)
    },
}  # fmt: skip
IN_ORDER = "ck_position_dates_in_order"


def upgrade() -> None:
    change_type(
        sa.String(10),
        using="to_char({0}, 'YYYY-MM-DD')",
        in_order="ended_on >= substr(started_on, 1, length(ended_on))",
    )


def downgrade() -> None:
    for table, columns in COLUMNS.items():
        for column, (_, is_end) in columns.items():
            store_days(table, column, is_end=is_end)
    change_type(sa.Date(), using="{0}::date", in_order="ended_on >= started_on")


def change_type(type_: sa.String | sa.Date, *, using: str, in_order: str) -> None:
    with op.batch_alter_table("position") as batch:
        batch.drop_constraint(op.f(IN_ORDER), type_="check")

    # SQLite stores the same text for both types, and a cast would turn it into a number.
    def as_new_type(_inspector: Any, table: sa.Table, column: dict[str, Any]) -> None:
        if column["name"] in COLUMNS.get(table.name, ()):
            column["type"] = type_

    reflected = {"listeners": [("column_reflect", as_new_type)]}
    for table, columns in COLUMNS.items():
        with op.batch_alter_table(table, reflect_kwargs=reflected) as batch:
            for column, (nullable, _) in columns.items():
                batch.alter_column(
                    column,
                    type_=type_,
                    existing_nullable=nullable,
                    postgresql_using=using.format(column),
                )
    with op.batch_alter_table("position") as batch:
        batch.create_check_constraint(op.f(IN_ORDER), sa.text(in_order))


def store_days(table: str, column: str, *, is_end: bool) -> None:
    """Store the first or last day of dates that are a month or a year."""
    date = sa.column(column, sa.String)
    rows = sa.table(table, date)
    partial = sa.select(date).where(sa.func.length(date) < 10).distinct()
    for text in op.get_bind().scalars(partial.select_from(rows)).all():
        day = dt.date.fromisoformat(f"{text}-01-01"[:10])
        if is_end:
            month = 12 if len(text) == 4 else day.month
            day = day.replace(month=month, day=monthrange(day.year, month)[1])
        op.execute(sa.update(rows).where(date == text).values({column: day.isoformat()}))
