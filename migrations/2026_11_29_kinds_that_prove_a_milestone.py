"""Store the evidence kinds that prove a milestone in a column, for queries.

Revision: 1795980000
Revises: 1795970000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1795980000"
down_revision = "1795970000"
branch_labels = ()
depends_on = None

MILESTONE = sa.table(
    "milestone", sa.column("key"), sa.column("definition", sa.JSON), sa.column("kinds")
)


def upgrade() -> None:
    op.add_column("milestone", sa.Column("kinds", sa.Text(), server_default="", nullable=False))
    connection = op.get_bind()
    rows = connection.execute(sa.select(MILESTONE.c.key, MILESTONE.c.definition)).all()
    for key, definition in rows:
        kinds = "".join(f",{kind}," for kind in definition.get("evidence", ()))
        change = sa.update(MILESTONE).where(MILESTONE.c.key == key).values(kinds=kinds)
        connection.execute(change)


def downgrade() -> None:
    with op.batch_alter_table("milestone") as batch:
        batch.drop_column("kinds")
