"""Add when a mail last failed.

Unknown for existing mail.

Revision: 1796011000
Revises: 1796010000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796011000"
down_revision = "1796010000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    op.add_column("outgoing_mail", sa.Column("failed_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    with op.batch_alter_table("outgoing_mail") as batch:
        batch.drop_column("failed_at")
