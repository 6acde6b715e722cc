"""Add the weekly work log.

Revision: 1796250000
Revises: 1796170000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796250000"
down_revision = "1796170000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    op.create_table(
        "work_log_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_work_log_entry_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence.id"], name=op.f("fk_work_log_entry_evidence_id_evidence"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_log_entry")),
    )  # fmt: skip
    op.create_index("ix_work_log_entry_user_id", "work_log_entry", ["user_id"])
    op.create_index("ix_work_log_entry_evidence_id", "work_log_entry", ["evidence_id"])


def downgrade() -> None:
    op.drop_table("work_log_entry")
