"""Add costs of certifications by year.

Revision: 1796160000
Revises: 1796150000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796160000"
down_revision = "1796150000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    op.create_table(
        "credential_cost",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
            name=op.f("fk_credential_cost_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id"],
            ["evidence.id"],
            name=op.f("fk_credential_cost_evidence_id_evidence"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credential_cost")),
        sa.UniqueConstraint(
            "evidence_id", "year", name=op.f("uq_credential_cost_evidence_id_year")
        ),
    )
    op.create_index(op.f("ix_credential_cost_user_id"), "credential_cost", ["user_id"])


def downgrade() -> None:
    op.drop_table("credential_cost")
