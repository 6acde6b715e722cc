"""Add people's records about tools of the inventory.

Revision: 1796070000
Revises: 1796065000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796070000"
down_revision = "1796065000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tool_record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("tool", sa.String(60), nullable=False),
        sa.Column("level", sa.String(12), nullable=False),
        sa.Column("interest", sa.String(12), nullable=False),
        sa.Column("last_used", sa.String(10), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "level IN ('', 'tried', 'used', 'production', 'asked')",
            name=op.f("ck_tool_record_level"),
        ),
        sa.CheckConstraint(
            "interest IN ('', 'learn', 'deepen', 'leave')", name=op.f("ck_tool_record_interest")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_tool_record_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tool_record")),
        sa.UniqueConstraint("user_id", "tool", name=op.f("uq_tool_record_user_id_tool")),
    )
    op.create_index("ix_tool_record_user_id", "tool_record", ["user_id"])


def downgrade() -> None:
    op.drop_table("tool_record")
