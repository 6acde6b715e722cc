"""Add a setting to switch off mail for notifications.

Revision: 1795477818
Revises: 1795453329
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1795477818"
down_revision = "1795453329"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("wants_mail", sa.Boolean(), server_default=sa.true(), nullable=False)
        )


def downgrade() -> None:
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.drop_column("wants_mail")
