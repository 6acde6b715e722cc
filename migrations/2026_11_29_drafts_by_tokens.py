"""Add the token scope draft, and the token that wrote a version of evidence.

Downgrading revokes tokens of that scope and loses which versions they wrote.

Revision: 1796220001
Revises: 1796220000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796220001"
down_revision = "1796220000"
branch_labels = ()
depends_on = None

CHECK = "ck_api_token_scope"


def upgrade() -> None:
    _allow("'read', 'draft', 'write'")
    op.add_column(
        "evidence_version",
        sa.Column("drafted_by", sa.String(100), server_default="", nullable=False),
    )


def downgrade() -> None:
    with op.batch_alter_table("evidence_version") as batch:
        batch.drop_column("drafted_by")
    op.execute("DELETE FROM api_token WHERE scope = 'draft'")
    _allow("'read', 'write'")


def _allow(scopes: str) -> None:
    with op.batch_alter_table("api_token") as batch:
        batch.drop_constraint(op.f(CHECK), type_="check")
        batch.create_check_constraint(op.f(CHECK), f"scope IN ({scopes})")
