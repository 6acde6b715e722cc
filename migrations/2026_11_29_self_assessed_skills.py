"""Add whether a portfolio shows self-assessed levels.

Revision: 1795920000
Revises: 1795905000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1795920000"
down_revision = "1795905000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("portfolio") as batch:
        batch.add_column(
            sa.Column(
                "shows_self_assessed", sa.Boolean(), server_default=sa.false(), nullable=False
            )
        )
    with op.batch_alter_table("portfolio") as batch:
        batch.alter_column("shows_self_assessed", existing_type=sa.Boolean(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("portfolio") as batch:
        batch.drop_column("shows_self_assessed")
