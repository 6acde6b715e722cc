"""Add the next page to fetch and the last error of imports from code hosts.

Revision: 1796210001
Revises: 1796260000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796210001"
down_revision = "1796260000"
branch_labels = ()
depends_on = None

INDEX = "ix_pending_import_resume_at"


def upgrade() -> None:
    for column in (
        sa.Column("state", sa.String(8), nullable=False, server_default="ready"),
        sa.Column("todo", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("pages", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("totals", sa.JSON(), nullable=True),
        sa.Column("fault", sa.JSON(), nullable=True),
        sa.Column("resume_at", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("pending_import", column)
    op.create_index(INDEX, "pending_import", ["resume_at"])


def downgrade() -> None:
    op.drop_index(INDEX, "pending_import")
    with op.batch_alter_table("pending_import") as table:
        for name in ("state", "todo", "pages", "totals", "fault", "resume_at"):
            table.drop_column(name)
