"""Add endorsements by witnesses.

Revision: 1796260000
Revises: 1796220001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796260000"
down_revision = "1796220001"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    op.create_table(
        "endorsement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("milestone_key", sa.String(60), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("done_when", sa.Text(), nullable=False),
        sa.Column("asked", sa.String(100), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(8), nullable=False),
        sa.Column("witness", sa.String(100), nullable=False),
        sa.Column("affiliation", sa.String(200), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "answer IN ('', 'seen', 'not_seen')", name=op.f("ck_endorsement_answer")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_endorsement_user_id_user"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["milestone_key"], ["milestone.key"],
            name=op.f("fk_endorsement_milestone_key_milestone"), ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endorsement")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_endorsement_token_hash")),
    )  # fmt: skip
    op.create_index("ix_endorsement_user_id", "endorsement", ["user_id"])
    op.create_index("ix_endorsement_milestone_key", "endorsement", ["milestone_key"])


def downgrade() -> None:
    # The previous release does not know this kind and would fail to show it.
    op.execute("DELETE FROM notification WHERE kind = 'witness_answered'")
    op.drop_table("endorsement")
