"""Add pay by state, imported from the Bureau of Labor Statistics.

Revision: 1796050000
Revises: 1796030000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796050000"
down_revision = "1796030000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pay_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("soc", sa.String(length=7), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_import")),
        sa.UniqueConstraint("soc", "year", name=op.f("uq_pay_import_soc_year")),
    )
    op.create_table(
        "imported_pay",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=2), nullable=False),
        sa.Column("jobs", sa.Integer(), nullable=True),
        sa.Column("mean", sa.Integer(), nullable=True),
        sa.Column("mean_is_ceiling", sa.Boolean(), nullable=False),
        sa.Column("median", sa.Integer(), nullable=True),
        sa.Column("median_is_ceiling", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["pay_import.id"],
            name=op.f("fk_imported_pay_import_id_pay_import"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", "state", name=op.f("pk_imported_pay")),
    )


def downgrade() -> None:
    op.drop_table("imported_pay")
    op.drop_table("pay_import")
