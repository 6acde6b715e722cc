"""Add which reviews and assessments a script made with a personal token.

Existing ones count as made on a page, because this was not recorded.

Revision: 1796220000
Revises: 1796210000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796220000"
down_revision = "1796210000"
branch_labels = ()
depends_on = None

FLAG = "by_token"


def upgrade() -> None:
    for table in ("review", "assessment"):
        op.add_column(
            table, sa.Column(FLAG, sa.Boolean(), server_default=sa.false(), nullable=False)
        )


def downgrade() -> None:
    for table in ("assessment", "review"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(FLAG)
