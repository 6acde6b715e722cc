"""Add daily progress snapshots.

Revision: 1796300000
Revises: 1796370000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796300000"
down_revision = "1796370000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    op.create_table(
        "progress_snapshot",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("roadmap_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("claimed_hours", sa.Integer(), nullable=False),
        sa.Column("evidenced_hours", sa.Integer(), nullable=True),
        sa.Column("verified_hours", sa.Integer(), nullable=True),
        sa.Column("score", sa.Numeric(7, 4), nullable=True),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("person_version", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_progress_snapshot_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["roadmap_id"], ["roadmap.id"], name=op.f("fk_progress_snapshot_roadmap_id_roadmap"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "roadmap_id", "day", name=op.f("pk_progress_snapshot")),
    )  # fmt: skip
    op.create_index("ix_progress_snapshot_roadmap_id", "progress_snapshot", ["roadmap_id"])


def downgrade() -> None:
    op.drop_table("progress_snapshot")
