"""Add the basis of a verification, unknown for existing ones.

Revision: 1796060000
Revises: 1796050000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796060000"
down_revision = "1796050000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    op.add_column("review", sa.Column("basis", sa.String(12), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("review") as batch:
        batch.drop_column("basis")
