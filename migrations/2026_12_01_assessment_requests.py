"""Add requests for an assessment.

Revision: 1796450000
Revises: 1796400000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796450000"
down_revision = "1796400000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assessment_request",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("skill_key", sa.String(60), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_assessment_request_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["skill_key"], ["skill.key"], name=op.f("fk_assessment_request_skill_key_skill"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("user_id", "skill_key", name=op.f("pk_assessment_request")),
    )  # fmt: skip
    op.create_index("ix_assessment_request_skill_key", "assessment_request", ["skill_key"])


def downgrade() -> None:
    op.drop_table("assessment_request")
