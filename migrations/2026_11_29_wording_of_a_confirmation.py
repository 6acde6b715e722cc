"""Add the roadmap revision in which a milestone was confirmed.

Revision: 1796090000
Revises: 1796110000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796090000"
down_revision = "1796110000"
branch_labels = ()
depends_on = None

COLUMN, INDEX = "roadmap_revision_id", "ix_confirmation_roadmap_revision_id"
KEY = "fk_confirmation_roadmap_revision_id_roadmap_revision"

REVISION = sa.table(
    "roadmap_revision",
    *(sa.column("id", sa.Uuid), sa.column("content", sa.JSON)),
    sa.column("published_at", sa.DateTime(timezone=True)),
)
CONFIRMATION = sa.table(
    "confirmation",
    *(sa.column("milestone_key"), sa.column(COLUMN, sa.Uuid)),
    sa.column("confirmed_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    with op.batch_alter_table("confirmation") as batch:
        batch.add_column(sa.Column(COLUMN, sa.Uuid()))
        batch.create_foreign_key(KEY, "roadmap_revision", [COLUMN], ["id"], ondelete="SET NULL")
    op.create_index(INDEX, "confirmation", [COLUMN])
    store_revisions()


def downgrade() -> None:
    op.drop_index(INDEX, "confirmation")
    with op.batch_alter_table("confirmation") as batch:
        batch.drop_constraint(KEY, type_="foreignkey")
        batch.drop_column(COLUMN)


def store_revisions() -> None:
    """Store the newest revision with this milestone at the time of its confirmation."""
    revisions = sa.select(REVISION).order_by(REVISION.c.published_at)
    for id_, content, published_at in op.get_bind().execute(revisions).all():
        keys = [
            milestone["key"]
            for stage in content.get("stages", ())
            for objective in stage.get("objectives", ())
            for milestone in objective.get("milestones", ())
        ]
        op.execute(
            sa.update(CONFIRMATION)
            .where(
                CONFIRMATION.c.confirmed_at >= published_at, CONFIRMATION.c.milestone_key.in_(keys)
            )
            .values({COLUMN: id_})
        )
