"""Add which revision of an answer a peer rated, unknown for existing ratings.

Revision: 1796170000
Revises: 1796160000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796170000"
down_revision = "1796160000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("practice_peer_link") as batch_op:
        batch_op.add_column(sa.Column("rated_revision", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("practice_peer_link") as batch_op:
        batch_op.drop_column("rated_revision")
