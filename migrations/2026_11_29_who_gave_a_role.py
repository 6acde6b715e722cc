"""Add who granted a role, and which reviews are by people whose role the reviewed person granted.

Unknown for existing roles, which count as granted by someone else.

Revision: 1795995000
Revises: 1795991000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1795995000"
down_revision = "1795991000"
branch_labels = ()
depends_on = None

KEY, INDEX = "fk_membership_granted_by_user", "ix_membership_granted_by"
FLAG = "added_by_author"


def upgrade() -> None:
    with op.batch_alter_table("membership") as batch:
        batch.add_column(sa.Column("granted_by", sa.Uuid()))
        batch.create_foreign_key(KEY, "user", ["granted_by"], ["id"], ondelete="SET NULL")
    op.create_index(INDEX, "membership", ["granted_by"])
    for table in ("review", "assessment"):
        op.add_column(
            table, sa.Column(FLAG, sa.Boolean(), server_default=sa.false(), nullable=False)
        )


def downgrade() -> None:
    for table in ("assessment", "review"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(FLAG)
    op.drop_index(INDEX, "membership")
    with op.batch_alter_table("membership") as batch:
        batch.drop_constraint(KEY, type_="foreignkey")
        batch.drop_column("granted_by")
