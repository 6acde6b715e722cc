"""Add imported history, and archived records whose roadmap items are missing here.

Revision: 1796360000
Revises: 1796300000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796360000"
down_revision = "1796300000"
branch_labels = ()
depends_on = None

MARKED = ("evidence_comment", "endorsement")


def upgrade() -> None:
    for table in MARKED:
        op.add_column(
            table, sa.Column("imported_from", sa.String(200), nullable=False, server_default="")
        )
    _create(
        "archive_import",
        sa.Column("instance", sa.String(200), nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
    )
    _create(
        "imported_review",
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("reviewer_name", sa.String(200), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("decision", sa.String(12), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("basis", sa.String(12), nullable=False),
        sa.Column("added_by_author", sa.Boolean(), nullable=False),
        sa.Column("by_token", sa.Boolean(), nullable=False),
        sa.Column("milestones", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_from", sa.String(200), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence.id"],
            name=op.f("fk_imported_review_evidence_id_evidence"), ondelete="CASCADE",
        ),
        sa.CheckConstraint(
            "decision IN ('verified', 'returned')", name=op.f("ck_imported_review_decision")
        ),
    )  # fmt: skip
    op.create_index("ix_imported_review_evidence_id", "imported_review", ["evidence_id"])
    _create(
        "imported_assessment",
        sa.Column("skill_key", sa.String(60), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("assessor_name", sa.String(200), nullable=False),
        sa.Column("added_by_author", sa.Boolean(), nullable=False),
        sa.Column("by_token", sa.Boolean(), nullable=False),
        sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_from", sa.String(200), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["skill_key"], ["skill.key"],
            name=op.f("fk_imported_assessment_skill_key_skill"), ondelete="RESTRICT",
        ),
        sa.CheckConstraint("level BETWEEN 0 AND 4", name=op.f("ck_imported_assessment_level")),
    )  # fmt: skip
    op.create_index("ix_imported_assessment_skill_key", "imported_assessment", ["skill_key"])


def _create(name: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f(f"fk_{name}_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(f"ix_{name}_user_id", name, ["user_id"])


def downgrade() -> None:
    for table in ("imported_assessment", "imported_review", "archive_import"):
        op.drop_table(table)
    for table in MARKED:
        op.drop_column(table, "imported_from")
