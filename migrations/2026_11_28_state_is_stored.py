"""Store state in columns, and rename columns to say what they hold.

Revision: 1795905000
Revises: 1795477818
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1795905000"
down_revision = "1795477818"
branch_labels = ()
depends_on = None

# table, before, after
RENAMED = (
    ("attempt", "at", "attempted_at"),
    ("evidence_comment", "by_name", "author_name"),
    ("milestone_status", "since", "changed_at"),
    ("notification", "by_name", "actor_name"),
    ("readiness_summary", "own_moved_on", "own_last_activity_on"),
    ("readiness_summary", "shared_moved_on", "shared_last_activity_on"),
)
# table, before, after, what deleting the user does: each has an index and points at a user.
RENAMED_USERS = (
    ("evidence_comment", "by_id", "author_id", "SET NULL"),
    ("milestone_status", "by_id", "changed_by_id", "SET NULL"),
    ("notification", "about_id", "subject_user_id", "CASCADE"),
)
ROLES = ("member", "manager")
KINDS = (
    *("submitted", "resubmitted", "verified", "returned"),
    *("comment", "invited", "added", "assessed", "leads", "joined"),
)


def upgrade() -> None:
    op.drop_index("ix_attempt_bucket_at", "attempt")
    for table, before, after in RENAMED:
        rename_column(table, before, after)
    for table, before, after, ondelete in RENAMED_USERS:
        rename_user(table, before, after, ondelete)
    op.create_index("ix_attempt_bucket_attempted_at", "attempt", ["bucket", "attempted_at"])

    # A role and a kind of notification are known to the code: a new one needs no migration.
    for table in ("membership", "invitation"):
        drop_check(table, f"ck_{table}_role", "role", 8)
    drop_check("notification", "ck_notification_kind", "kind", 12)
    change_side("other", "manager")


def downgrade() -> None:
    change_side("manager", "other")
    # The release before knows none of these.
    op.execute(sa.delete(table_of("notification", "kind")).where(sa.column("kind").not_in(KINDS)))
    create_check("notification", "ck_notification_kind", "kind", 12, KINDS)
    for table in ("membership", "invitation"):
        rows = table_of(table, "role")
        op.execute(sa.update(rows).where(rows.c.role.not_in(ROLES)).values(role="member"))
        create_check(table, f"ck_{table}_role", "role", 8, ROLES)

    op.drop_index("ix_attempt_bucket_attempted_at", "attempt")
    for table, before, after, ondelete in reversed(RENAMED_USERS):
        rename_user(table, after, before, ondelete)
    for table, before, after in reversed(RENAMED):
        rename_column(table, after, before)
    op.create_index("ix_attempt_bucket_at", "attempt", ["bucket", "at"])


def table_of(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *map(sa.column, columns))


def rename_column(table: str, before: str, after: str) -> None:
    op.alter_column(table, before, new_column_name=after)


def rename_user(table: str, before: str, after: str, ondelete: str) -> None:
    """Rename a reference to a user, its index and its constraint."""
    op.drop_index(f"ix_{table}_{before}", table)
    rename_column(table, before, after)
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(f"fk_{table}_{before}_user", type_="foreignkey")
        batch.create_foreign_key(
            f"fk_{table}_{after}_user", "user", [after], ["id"], ondelete=ondelete
        )
    op.create_index(f"ix_{table}_{after}", table, [after])


def drop_check(table: str, name: str, column: str, length: int) -> None:
    """Let a word column hold any word of up to 32 letters."""
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(op.f(name), type_="check")
        batch.alter_column(
            column,
            existing_type=sa.String(length),
            type_=sa.String(32),
            existing_nullable=False,
        )


def create_check(table: str, name: str, column: str, length: int, words: tuple[str, ...]) -> None:
    with op.batch_alter_table(table) as batch:
        batch.alter_column(
            column,
            existing_type=sa.String(32),
            type_=sa.String(length),
            existing_nullable=False,
        )
        batch.create_check_constraint(op.f(name), sa.column(column).in_(words))


def change_side(before: str, after: str) -> None:
    """Name the side of an assessment that is not the person's own."""
    rows = table_of("assessment", "side")
    name = "ck_assessment_side"
    with op.batch_alter_table("assessment") as batch:
        batch.drop_constraint(op.f(name), type_="check")
    op.execute(sa.update(rows).where(rows.c.side == before).values(side=after))
    with op.batch_alter_table("assessment") as batch:
        batch.create_check_constraint(op.f(name), rows.c.side.in_(["self", after]))
