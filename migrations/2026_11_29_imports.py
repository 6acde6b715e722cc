"""Add pending imports and the keys of imported items.

Revision: 1796210000
Revises: 1796250000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796210000"
down_revision = "1796250000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pending_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("importer", sa.String(30), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("records", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
            name=op.f("fk_pending_import_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_import")),
        sa.UniqueConstraint("user_id", "importer", name=op.f("uq_pending_import_user_id_importer")),
    )
    op.create_index("ix_pending_import_user_id", "pending_import", ["user_id"])
    op.create_table(
        "imported_record",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(300), nullable=False),
        sa.Column("importer", sa.String(30), nullable=False),
        sa.Column("record", sa.String(12), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
            name=op.f("fk_imported_record_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "external_id", name=op.f("pk_imported_record")),
    )


def downgrade() -> None:
    op.drop_table("imported_record")
    op.drop_table("pending_import")
