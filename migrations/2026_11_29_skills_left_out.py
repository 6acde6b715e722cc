"""Add skills excluded from a portfolio, and whether it shows levels below the bar.

By default no skill is excluded, and levels below the bar are hidden.

Revision: 1796010000
Revises: 1796000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796010000"
down_revision = "1796000000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("portfolio") as batch:
        batch.add_column(
            sa.Column("shows_below_bar", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch.add_column(sa.Column("left_out_skills", sa.Text(), server_default="", nullable=False))
    with op.batch_alter_table("portfolio") as batch:
        batch.alter_column("shows_below_bar", existing_type=sa.Boolean(), server_default=None)
        batch.alter_column("left_out_skills", existing_type=sa.Text(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("portfolio") as batch:
        batch.drop_column("left_out_skills")
        batch.drop_column("shows_below_bar")
