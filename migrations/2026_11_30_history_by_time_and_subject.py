"""Add indexes on the history by time and by subject.

Revision: 1796310000
Revises: 1796320000
"""

from __future__ import annotations

from alembic import op

revision = "1796310000"
down_revision = "1796320000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    op.create_index("ix_history_entry_user_id_at", "history_entry", ["user_id", "at", "id"])
    op.create_index(
        "ix_history_entry_user_id_subject", "history_entry", ["user_id", "subject", "id"]
    )
    op.drop_index("ix_history_entry_user_id_id", "history_entry")


def downgrade() -> None:
    op.create_index("ix_history_entry_user_id_id", "history_entry", ["user_id", "id"])
    op.drop_index("ix_history_entry_user_id_subject", "history_entry")
    op.drop_index("ix_history_entry_user_id_at", "history_entry")
