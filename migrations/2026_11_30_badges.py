"""Add badges, their status list entries, and signing keys.

Revision: 1796350000
Revises: 1796360000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796350000"
down_revision = "1796360000"
branch_labels = ()
depends_on = None


def upgrade() -> None:
    op.create_table(
        "signing_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("algorithm", sa.String(8), nullable=False),
        sa.Column("public_jwk", sa.JSON(), nullable=False),
        sa.Column("private", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "algorithm IN ('Ed25519', 'RS256')", name=op.f("ck_signing_key_algorithm")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
    )
    op.create_index(
        "ix_signing_key_in_use",
        "signing_key",
        ["algorithm"],
        unique=True,
        sqlite_where=sa.text("retired_at IS NULL"),
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "badge_status",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_badge_status")),
    )
    op.create_table(
        "badge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(130), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("claims", sa.JSON(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("jwt", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_for", sa.String(8), nullable=False),
        sa.CheckConstraint(
            "revoked_for IN ('', 'owner', 'evidence')", name=op.f("ck_badge_revoked_for")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_badge_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_badge")),
        sa.UniqueConstraint("position", name=op.f("uq_badge_position")),
    )  # fmt: skip
    op.create_index("ix_badge_user_id", "badge", ["user_id"])


def downgrade() -> None:
    for table in ("badge", "badge_status", "signing_key"):
        op.drop_table(table)
