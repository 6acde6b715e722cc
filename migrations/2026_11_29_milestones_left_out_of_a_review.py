"""Add which review left out a linked milestone.

Revision: 1795942000
Revises: 1795931000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1795942000"
down_revision = "1795931000"
branch_labels = ()
depends_on = None

COLUMN, INDEX = "left_out_review_id", "ix_evidence_milestone_left_out_review_id"
KEY = "fk_evidence_milestone_left_out_review_id_review"


def upgrade() -> None:
    with op.batch_alter_table("evidence_milestone") as batch:
        batch.add_column(sa.Column(COLUMN, sa.Uuid()))
        batch.create_foreign_key(KEY, "review", [COLUMN], ["id"], ondelete="SET NULL")
    op.create_index(INDEX, "evidence_milestone", [COLUMN])
    store_left_out_milestones()


def downgrade() -> None:
    op.drop_index(INDEX, "evidence_milestone")
    with op.batch_alter_table("evidence_milestone") as batch:
        batch.drop_constraint(KEY, type_="foreignkey")
        batch.drop_column(COLUMN)


# --- Milestones left out so far: linked at verification, provable by the kind, not confirmed ---

EVIDENCE = sa.table("evidence", sa.column("id", sa.Uuid), sa.column("verified_version_id", sa.Uuid))
VERSION = sa.table("evidence_version", sa.column("id", sa.Uuid), sa.column("kind"))
MILESTONE = sa.table("milestone", sa.column("key"), sa.column("definition", sa.JSON))
CONFIRMATION = sa.table(
    "confirmation", sa.column("version_id", sa.Uuid), sa.column("milestone_key")
)
REVIEW = sa.table(
    "review",
    *(sa.column("id", sa.Uuid), sa.column("version_id", sa.Uuid), sa.column("decision")),
    sa.column("decided_at", sa.DateTime(timezone=True)),
)
LINK = sa.table(
    "evidence_milestone",
    *(sa.column("evidence_id", sa.Uuid), sa.column("milestone_key"), sa.column(COLUMN, sa.Uuid)),
    sa.column("created_at", sa.DateTime(timezone=True)),
)


def store_left_out_milestones() -> None:
    version, key = EVIDENCE.c.verified_version_id, LINK.c.milestone_key
    is_confirmed = sa.exists().where(
        CONFIRMATION.c.version_id == version, CONFIRMATION.c.milestone_key == key
    )
    found = op.get_bind().execute(
        sa.select(LINK.c.evidence_id, key, REVIEW.c.id, VERSION.c.kind, MILESTONE.c.definition)
        .join(EVIDENCE, EVIDENCE.c.id == LINK.c.evidence_id)
        .join(VERSION, VERSION.c.id == version)
        .join(MILESTONE, MILESTONE.c.key == key)
        .join(REVIEW, REVIEW.c.version_id == version)
        .where(
            REVIEW.c.decision == "verified",
            REVIEW.c.decided_at >= LINK.c.created_at,
            ~is_confirmed,
        )
        # Descending, so that the earliest review, which left it out, is stored last.
        .order_by(REVIEW.c.decided_at.desc(), REVIEW.c.id.desc())
    )
    for evidence_id, milestone_key, review_id, kind, definition in found.all():
        if kind in definition.get("evidence", ()):
            of_link = (LINK.c.evidence_id == evidence_id, LINK.c.milestone_key == milestone_key)
            op.execute(sa.update(LINK).where(*of_link).values({COLUMN: review_id}))
