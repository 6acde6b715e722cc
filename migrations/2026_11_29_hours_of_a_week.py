"""Add the weekly time budget.

Revision: 1796130000
Revises: 1796070000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796130000"
down_revision = "1796070000"
branch_labels = ()
depends_on = None


def _owner(table: str) -> tuple[sa.Column[object], sa.ForeignKeyConstraint]:
    key = sa.ForeignKeyConstraint(
        ["user_id"], ["user.id"], name=op.f(f"fk_{table}_user_id_user"), ondelete="CASCADE"
    )
    return sa.Column("user_id", sa.Uuid(), nullable=False), key


def upgrade() -> None:
    op.create_table(
        "time_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_owner("time_entry"),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("category", sa.String(60), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=True),
        sa.Column("source", sa.String(8), nullable=False),
        sa.Column("event_uid", sa.String(255), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("source IN ('hand', 'calendar')", name=op.f("ck_time_entry_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_entry")),
        sa.UniqueConstraint(
            "user_id", "event_uid", "starts_at",
            name=op.f("uq_time_entry_user_id_event_uid_starts_at"),
        ),
    )  # fmt: skip
    op.create_index("ix_time_entry_user_id", "time_entry", ["user_id"])
    op.create_table(
        "time_title_category",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_owner("time_title_category"),
        sa.Column("title_key", sa.String(200), nullable=False),
        sa.Column("category", sa.String(60), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_title_category")),
        sa.UniqueConstraint(
            "user_id", "title_key", name=op.f("uq_time_title_category_user_id_title_key")
        ),
    )
    op.create_index("ix_time_title_category_user_id", "time_title_category", ["user_id"])
    op.create_table(
        "time_budget",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_owner("time_budget"),
        sa.Column("week_minutes", sa.Integer(), nullable=True),
        sa.Column("deep_work_minutes", sa.Integer(), nullable=True),
        sa.Column("calendar_url", sa.Text(), nullable=True),
        sa.Column("keep_titles", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_budget")),
        sa.UniqueConstraint("user_id", name=op.f("uq_time_budget_user_id")),
    )
    op.create_index("ix_time_budget_user_id", "time_budget", ["user_id"])


def downgrade() -> None:
    for table in ("time_budget", "time_title_category", "time_entry"):
        op.drop_table(table)
