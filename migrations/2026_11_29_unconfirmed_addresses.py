"""Add unconfirmed e-mail addresses. Existing addresses count as confirmed.

On downgrade, an account without a confirmed address gets its unconfirmed one, unless another
account has it.

Revision: 1795990000
Revises: 1795980000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1795990000"
down_revision = "1795980000"
branch_labels = ()
depends_on = None

USER = sa.table("user", sa.column("id", sa.Uuid), sa.column("email_key"))
PENDING = sa.table("pending_email", sa.column("user_id", sa.Uuid), sa.column("email_key"))


def upgrade() -> None:
    op.create_table(
        "pending_email",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("email_key", sa.String(length=320), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name="fk_pending_email_user_id_user", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_pending_email"),
        sa.UniqueConstraint("token_hash", name="uq_pending_email_token_hash"),
    )
    op.create_index("ix_pending_email_user_id", "pending_email", ["user_id"])
    op.create_index("ix_pending_email_email_key", "pending_email", ["email_key"])
    with op.batch_alter_table("user") as batch:
        batch.alter_column("email_key", existing_type=sa.String(length=320), nullable=True)


def downgrade() -> None:
    connection = op.get_bind()
    taken = set(connection.scalars(sa.select(USER.c.email_key)))
    waiting = sa.select(USER.c.id, PENDING.c.email_key).outerjoin(
        PENDING, PENDING.c.user_id == USER.c.id
    )
    for person, key in connection.execute(waiting.where(USER.c.email_key.is_(None))).all():
        kept = f"unconfirmed {person}" if key is None or key in taken else key
        taken.add(kept)
        connection.execute(sa.update(USER).where(USER.c.id == person).values(email_key=kept))
    with op.batch_alter_table("user") as batch:
        batch.alter_column("email_key", existing_type=sa.String(length=320), nullable=False)
    op.drop_table("pending_email")
