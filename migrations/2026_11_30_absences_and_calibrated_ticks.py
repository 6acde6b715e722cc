"""Add absences, and which milestones were completed before the person used Cairn.

Revision: 1796320000
Revises: 1796200000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796320000"
down_revision = "1796200000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    op.create_table(
        "absence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_absence_order")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_absence_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index("ix_absence_user_id", "absence", ["user_id"])
    op.add_column(
        "milestone_status",
        sa.Column("was_calibrated", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade() -> None:
    with op.batch_alter_table("milestone_status") as batch:
        batch.drop_column("was_calibrated")
    op.drop_table("absence")
