"""Add an index for each person's last entry in the audit log.

Revision: 1796100000
Revises: 1796090000
"""

from __future__ import annotations

from alembic import op

revision = "1796100000"
down_revision = "1796090000"
branch_labels = ()
depends_on = None

INDEX = "ix_audit_entry_actor_id_at"


def upgrade() -> None:
    op.create_index(INDEX, "audit_entry", ["actor_id", "at"])


def downgrade() -> None:
    op.drop_index(INDEX, "audit_entry")
