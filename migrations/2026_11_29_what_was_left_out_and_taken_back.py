"""Add who left out a linked milestone in a review that was withdrawn.

Until now this was read from the history.

Revision: 1796080000
Revises: 1796130000
"""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "1796080000"
down_revision = "1796130000"
branch_labels = ()
depends_on = None

COLUMN, INDEX = "taken_back_by_id", "ix_evidence_milestone_taken_back_by_id"
KEY = "fk_evidence_milestone_taken_back_by_id_user"


def upgrade() -> None:
    with op.batch_alter_table("evidence_milestone") as batch:
        batch.add_column(
            sa.Column("taken_back_by", sa.String(200), server_default="", nullable=False)
        )
        batch.add_column(sa.Column(COLUMN, sa.Uuid()))
        batch.create_foreign_key(KEY, "user", [COLUMN], ["id"], ondelete="SET NULL")
    op.create_index(INDEX, "evidence_milestone", [COLUMN])
    store_what_was_taken_back()


def downgrade() -> None:
    op.drop_index(INDEX, "evidence_milestone")
    with op.batch_alter_table("evidence_milestone") as batch:
        batch.drop_constraint(KEY, type_="foreignkey")
        batch.drop_column(COLUMN)
        batch.drop_column("taken_back_by")


# --- Data from the history of evidence whose last review was withdrawn ---

WITHDRAWN = "evidence.verification_withdrawn"
ENTRY = sa.table(
    "history_entry",
    *(sa.column("id"), sa.column("subject"), sa.column("action")),
    *(sa.column("actor_id", sa.Uuid), sa.column("data", sa.JSON)),
)
USER = sa.table("user", sa.column("id", sa.Uuid), sa.column("name"))
LINK = sa.table(
    "evidence_milestone",
    *(sa.column("evidence_id", sa.Uuid), sa.column("milestone_key")),
    *(sa.column("taken_back_by"), sa.column(COLUMN, sa.Uuid)),
)


def store_what_was_taken_back() -> None:
    judged = op.get_bind().execute(
        sa.select(ENTRY.c.subject, ENTRY.c.action, ENTRY.c.data, USER.c.id, USER.c.name)
        .outerjoin(USER, USER.c.id == ENTRY.c.actor_id)
        .where(ENTRY.c.action.in_([WITHDRAWN, "evidence.verified", "evidence.returned"]))
        .order_by(ENTRY.c.id)
    )
    # Keep only the last entry per evidence.
    last: dict[str, list[Any]] = {subject: entry for subject, *entry in judged}
    for subject, (action, data, by_id, name) in last.items():
        for key in data.get("left_out", ()) if action == WITHDRAWN else ():
            of_link = (LINK.c.evidence_id == uuid.UUID(subject), LINK.c.milestone_key == key)
            values = {"taken_back_by": name or "someone", COLUMN: by_id}
            op.execute(sa.update(LINK).where(*of_link).values(values))
