"""Add a setting to switch off single-key shortcuts.

Revision: 1795960000
Revises: 1795945000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1795960000"
down_revision = "1795945000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("user") as batch:
        batch.add_column(
            sa.Column("uses_single_keys", sa.Boolean(), server_default=sa.true(), nullable=False)
        )


def downgrade() -> None:
    with op.batch_alter_table("user") as batch:
        batch.drop_column("uses_single_keys")
