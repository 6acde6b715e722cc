"""Add calendar feeds, whose URLs give access to a person's target dates.

Revision: 1796190000
Revises: 1796210001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796190000"
down_revision = "1796210001"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_feed",
        sa.Column("last_read_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
            name=op.f("fk_calendar_feed_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feed_token_hash")),
        sa.UniqueConstraint("user_id", name=op.f("uq_calendar_feed_user_id")),
    )
    op.create_index(op.f("ix_calendar_feed_user_id"), "calendar_feed", ["user_id"])


def downgrade() -> None:
    op.drop_table("calendar_feed")
