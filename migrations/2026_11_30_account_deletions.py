"""Add scheduled account deletions.

Revision: 1796370000
Revises: 1796330000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796370000"
down_revision = "1796330000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_deletion",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_account_deletion_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["user.id"], name=op.f("fk_account_deletion_requested_by_user"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_account_deletion")),
    )  # fmt: skip
    op.create_index("ix_account_deletion_requested_by", "account_deletion", ["requested_by"])
    op.create_index("ix_account_deletion_due_at", "account_deletion", ["due_at"])


def downgrade() -> None:
    op.drop_table("account_deletion")
