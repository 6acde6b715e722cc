"""Cache in the summary row the results of facts that a completed milestone does not change.

The column is empty until the next write about the person, which computes it.

Revision: 1796000000
Revises: 1795995000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796000000"
down_revision = "1795995000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("readiness_summary") as batch:
        batch.add_column(sa.Column("person_version", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("counted", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("readiness_summary") as batch:
        batch.drop_column("counted")
        batch.drop_column("person_version")
