"""Add whether an invitation's link was mailed, so that only its recipient has it.

Links of existing invitations were also shown to the inviter.

Revision: 1795991000
Revises: 1795990000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1795991000"
down_revision = "1795990000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    mailed = sa.Column("is_mailed", sa.Boolean(), server_default=sa.false(), nullable=False)
    op.add_column("invitation", mailed)


def downgrade() -> None:
    with op.batch_alter_table("invitation") as batch:
        batch.drop_column("is_mailed")
