"""Add job offers.

Revision: 1796065000
Revises: 1796060000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796065000"
down_revision = "1796060000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    op.create_table(
        "offer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("bonus", sa.Integer(), nullable=False),
        sa.Column("equity", sa.Integer(), nullable=False),
        sa.Column("vesting_years", sa.Integer(), nullable=False),
        sa.Column("cliff_months", sa.Integer(), nullable=False),
        sa.Column("sign_on", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_offer_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
    )
    op.create_index(op.f("ix_offer_user_id"), "offer", ["user_id"])


def downgrade() -> None:
    op.drop_table("offer")
