"""Add career plans and reflections on the challenges of a role.

Revision: 1796030000
Revises: 1796020000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796030000"
down_revision = "1796020000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    op.create_table(
        "career_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("subject", sa.String(60), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('challenge', 'direction', 'education')", name=op.f("ck_career_plan_kind")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_career_plan_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_career_plan")),
        sa.UniqueConstraint(
            "user_id", "kind", "subject", name=op.f("uq_career_plan_user_id_kind_subject")
        ),
    )
    op.create_index("ix_career_plan_user_id", "career_plan", ["user_id"])
    op.create_table(
        "career_reflection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("challenge", sa.String(60), nullable=False),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
            name=op.f("fk_career_reflection_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_career_reflection")),
    )
    op.create_index("ix_career_reflection_user_id", "career_reflection", ["user_id"])


def downgrade() -> None:
    op.drop_table("career_reflection")
    op.drop_table("career_plan")
