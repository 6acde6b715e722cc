"""Add when the reviewer started a review.

Unknown for existing reviews, as for reviews decided immediately.

Revision: 1796020000
Revises: 1796011000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796020000"
down_revision = "1796011000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    op.add_column("review", sa.Column("started_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    with op.batch_alter_table("review") as batch:
        batch.drop_column("started_at")
