"""Add whether a person shares their tool records.

Revision: 1796150000
Revises: 1796100000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796150000"
down_revision = "1796100000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("user") as batch_op:
        batch_op.add_column(
            sa.Column("shares_tools", sa.Boolean(), server_default=sa.false(), nullable=False)
        )


def downgrade() -> None:
    with op.batch_alter_table("user") as batch_op:
        batch_op.drop_column("shares_tools")
