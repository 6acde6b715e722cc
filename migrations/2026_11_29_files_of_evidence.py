"""Add evidence files, and uploads for evidence that is not saved yet.

Revision: 1796200000
Revises: 1796190000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796200000"
down_revision = "1796190000"
branch_labels = ()
depends_on = None


def _reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="CASCADE")


def _facts() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
    )


def upgrade() -> None:
    op.create_table(
        "evidence_file",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        *_facts(),
        _reference("evidence_file", "version_id", "evidence_version"),
        _reference("evidence_file", "user_id", "user"),
        sa.PrimaryKeyConstraint("version_id", "sha256", name=op.f("pk_evidence_file")),
    )
    op.create_index("ix_evidence_file_sha256", "evidence_file", ["sha256"])
    op.create_index("ix_evidence_file_user_id", "evidence_file", ["user_id"])
    op.create_table(
        "uploaded_file",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        *_facts(),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        _reference("uploaded_file", "user_id", "user"),
        sa.PrimaryKeyConstraint("user_id", "sha256", name=op.f("pk_uploaded_file")),
    )
    op.create_index("ix_uploaded_file_sha256", "uploaded_file", ["sha256"])
    op.create_index("ix_uploaded_file_uploaded_at", "uploaded_file", ["uploaded_at"])


def downgrade() -> None:
    op.drop_table("uploaded_file")
    op.drop_table("evidence_file")
