"""Store state in columns instead of inferring it, and rename columns.

Revision: 1795905000
Revises: 1795477818
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

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
# table, before, after, ON DELETE: indexed references to a user
RENAMED_USERS = (
    ("evidence_comment", "by_id", "author_id", "SET NULL"),
    ("milestone_status", "by_id", "changed_by_id", "SET NULL"),
    ("notification", "about_id", "subject_user_id", "CASCADE"),
)
# table, column, referenced table, ON DELETE
REFERENCES = (
    ("evidence", "reviewer_id", "user", "SET NULL"),
    ("notification", "review_id", "review", "CASCADE"),
    ("notification", "comment_id", "evidence_comment", "CASCADE"),
    ("notification", "team_id", "team", "CASCADE"),
    ("notification", "actor_id", "user", "SET NULL"),
)
MOMENTS = (
    ("evidence", "review_started_at"),
    ("evidence", "title_changed_at"),
    ("evidence_version", "submitted_at"),
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

    # Roles and notification kinds are validated in code, so that new ones need no migration.
    for table in ("membership", "invitation"):
        drop_check(table, f"ck_{table}_role", "role", 8)
    drop_check("notification", "ck_notification_kind", "kind", 12)
    change_side("other", "manager")

    for table, column in MOMENTS:
        op.add_column(table, sa.Column(column, sa.DateTime(timezone=True)))
    for table, column, target, ondelete in REFERENCES:
        add_reference(table, column, target, ondelete)
    store_reviewers()
    store_title_changes()
    store_submissions()
    with op.batch_alter_table("evidence_version") as batch:
        batch.drop_column("was_submitted")
    store_what_notifications_are_about()
    add_mail_sources()


def downgrade() -> None:
    drop_mail_sources()
    restore_data_of_notifications()
    with op.batch_alter_table("evidence_version") as batch:
        batch.add_column(
            sa.Column("was_submitted", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    op.execute(
        sa.update(VERSION)
        .where(VERSION.c.submitted_at.is_not(None))
        .values(was_submitted=sa.true())
    )
    with op.batch_alter_table("evidence_version") as batch:
        batch.alter_column("was_submitted", existing_type=sa.Boolean(), server_default=None)
    for table, column, target, _ondelete in reversed(REFERENCES):
        drop_reference(table, column, target)
    for table, column in reversed(MOMENTS):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)

    change_side("manager", "other")
    # The previous release does not know these kinds.
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
    """Drop the CHECK of a column and widen it to 32 characters."""
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
    """Rename the side of assessments by others."""
    rows = table_of("assessment", "side")
    name = "ck_assessment_side"
    with op.batch_alter_table("assessment") as batch:
        batch.drop_constraint(op.f(name), type_="check")
    op.execute(sa.update(rows).where(rows.c.side == before).values(side=after))
    with op.batch_alter_table("assessment") as batch:
        batch.create_check_constraint(op.f(name), rows.c.side.in_(["self", after]))


# --- State that was inferred before ---------------------------------------------------------------

HISTORY = sa.table(
    "history_entry",
    *(
        sa.column("id", sa.BigInteger),
        sa.column("user_id", sa.Uuid),
        sa.column("actor_id", sa.Uuid),
    ),
    *(sa.column("at", sa.DateTime(timezone=True)), sa.column("action"), sa.column("subject")),
    sa.column("data", sa.JSON),
)
EVIDENCE = sa.table(
    "evidence",
    *(sa.column("id", sa.Uuid), sa.column("user_id", sa.Uuid), sa.column("state")),
    sa.column("reviewer_id", sa.Uuid),
    sa.column("review_started_at", sa.DateTime(timezone=True)),
    sa.column("title_changed_at", sa.DateTime(timezone=True)),
)
VERSION = sa.table(
    "evidence_version",
    *(sa.column("id", sa.Uuid), sa.column("evidence_id", sa.Uuid), sa.column("number")),
    sa.column("was_submitted", sa.Boolean),
    sa.column("created_at", sa.DateTime(timezone=True)),
    sa.column("submitted_at", sa.DateTime(timezone=True)),
)
REVIEW = sa.table(
    "review",
    *(sa.column("id", sa.Uuid), sa.column("evidence_id", sa.Uuid)),
    *(sa.column("reviewer_id", sa.Uuid), sa.column("decided_at"), sa.column("comment")),
)
COMMENT = sa.table(
    "evidence_comment",
    *(sa.column("id", sa.Uuid), sa.column("evidence_id", sa.Uuid)),
    *(sa.column("author_id", sa.Uuid), sa.column("created_at")),
)
ASSESSMENT = sa.table(
    "assessment",
    *(sa.column("user_id", sa.Uuid), sa.column("assessor_id", sa.Uuid), sa.column("side")),
    *(sa.column("assessed_at"), sa.column("id", sa.Uuid)),
)
TEAM = sa.table("team", sa.column("id", sa.Uuid), sa.column("slug"))
USER = sa.table("user", sa.column("id", sa.Uuid))
NOTIFICATION = sa.table(
    "notification",
    *(sa.column("id", sa.Uuid), sa.column("user_id", sa.Uuid), sa.column("kind")),
    *(sa.column("evidence_id", sa.Uuid), sa.column("subject_user_id", sa.Uuid)),
    *(sa.column("review_id", sa.Uuid), sa.column("comment_id", sa.Uuid)),
    *(sa.column("team_id", sa.Uuid), sa.column("actor_id", sa.Uuid)),
    *(sa.column("data", sa.JSON), sa.column("created_at")),
)
MAIL = sa.table(
    "outgoing_mail",
    *(sa.column("id", sa.Uuid), sa.column("source_kind"), sa.column("source_id", sa.Uuid)),
    sa.column("address_is_fixed", sa.Boolean),
)
INVITATION = sa.table(
    "invitation",
    *(sa.column("id", sa.Uuid), sa.column("created_by", sa.Uuid)),
    *(sa.column("accepted_by", sa.Uuid), sa.column("accepted_at")),
)


def add_reference(table: str, column: str, target: str, ondelete: str) -> None:
    with op.batch_alter_table(table) as batch:
        batch.add_column(sa.Column(column, sa.Uuid()))
        batch.create_foreign_key(
            f"fk_{table}_{column}_{target}", target, [column], ["id"], ondelete=ondelete
        )
    op.create_index(f"ix_{table}_{column}", table, [column])


def drop_reference(table: str, column: str, target: str) -> None:
    op.drop_index(f"ix_{table}_{column}", table)
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(f"fk_{table}_{column}_{target}", type_="foreignkey")
        batch.drop_column(column)


def history_of(*actions: str) -> Iterator[Any]:
    """Return the history entries with these actions, oldest first, with the evidence id."""
    rows = op.get_bind().execute(
        sa.select(HISTORY).where(HISTORY.c.action.in_(actions)).order_by(HISTORY.c.id)
    )
    return ((uuid.UUID(row.subject), row) for row in rows.all())


def store_reviewers() -> None:
    """Store the reviewer of evidence in review: the actor of its last such history entry."""
    taken = dict(history_of("evidence.taken_up"))
    in_review = sa.select(EVIDENCE.c.id, EVIDENCE.c.user_id).where(EVIDENCE.c.state == "in_review")
    for key, owner in op.get_bind().execute(in_review).all():
        if (row := taken.get(key)) is not None and row.user_id == owner:
            op.execute(
                sa.update(EVIDENCE)
                .where(EVIDENCE.c.id == key)
                .values(reviewer_id=row.actor_id, review_started_at=row.at)
            )


def store_title_changes() -> None:
    changed = {
        key: row.at
        for key, row in history_of("evidence.edited")
        if "title" in row.data.get("fields", ())
    }
    for key, at in changed.items():
        op.execute(sa.update(EVIDENCE).where(EVIDENCE.c.id == key).values(title_changed_at=at))


def store_submissions() -> None:
    """Store when a version was first submitted, by a request or by an edit of waiting evidence."""
    first: dict[tuple[uuid.UUID, int], dt.datetime] = {}
    for key, row in history_of("evidence.submitted", "evidence.edited"):
        states = row.data.get("state")
        waits = isinstance(states, list) and states[-1:] == ["submitted"]
        if row.action == "evidence.submitted" or waits:
            first.setdefault((key, row.data.get("version")), row.at)
    submitted = sa.select(VERSION).where(VERSION.c.was_submitted)
    for row in op.get_bind().execute(submitted).all():
        at = first.get((row.evidence_id, row.number), row.created_at)
        op.execute(sa.update(VERSION).where(VERSION.c.id == row.id).values(submitted_at=at))


def store_what_notifications_are_about() -> None:
    """Store the review, comment, team and actor of each notification, as inferred before."""
    told = NOTIFICATION.c
    review, comment = (
        sa.select(table.c.id)
        .where(table.c.evidence_id == told.evidence_id, moment == told.created_at)
        .order_by(table.c.id)
        .limit(1)
        .scalar_subquery()
        for table, moment in ((REVIEW, REVIEW.c.decided_at), (COMMENT, COMMENT.c.created_at))
    )
    assessor = (
        sa.select(ASSESSMENT.c.assessor_id)
        .where(
            ASSESSMENT.c.user_id == told.user_id,
            ASSESSMENT.c.side == "manager",
            ASSESSMENT.c.assessed_at == told.created_at,
        )
        .order_by(ASSESSMENT.c.id)
        .limit(1)
        .scalar_subquery()
    )
    invited = (
        sa.select(INVITATION.c.accepted_by)
        .where(INVITATION.c.created_by == told.user_id, INVITATION.c.accepted_at == told.created_at)
        .order_by(INVITATION.c.id)
        .limit(1)
        .scalar_subquery()
    )
    reviewer = sa.select(REVIEW.c.reviewer_id).where(REVIEW.c.id == told.review_id)
    author = sa.select(COMMENT.c.author_id).where(COMMENT.c.id == told.comment_id)
    judged, said = told.kind.in_(["verified", "returned"]), told.kind == "comment"
    for of, values in (
        (judged, {"review_id": review}),
        (said, {"comment_id": comment}),
        (judged, {"actor_id": reviewer.scalar_subquery()}),
        (said, {"actor_id": author.scalar_subquery()}),
        (told.kind.in_(["submitted", "resubmitted"]), {"actor_id": told.subject_user_id}),
        (told.kind == "assessed", {"actor_id": assessor}),
        (told.kind == "joined", {"actor_id": invited}),
    ):
        op.execute(sa.update(NOTIFICATION).where(of).values(values))
    store_teams_of_notifications()


def store_teams_of_notifications() -> None:
    """Move the team's and manager's ids from the JSON to columns."""
    connection = op.get_bind()
    teams = {row.slug: row.id for row in connection.execute(sa.select(TEAM)).all()}
    users = set(connection.scalars(sa.select(USER.c.id)))
    of_teams = NOTIFICATION.c.kind.in_(["invited", "joined", "leads"])
    for row in connection.execute(sa.select(NOTIFICATION).where(of_teams)).all():
        data = dict(row.data)
        slug, team, manager = (data.pop(name, "") for name in ("slug", "team_id", "manager"))
        team_id = teams.get(slug) if slug else uuid.UUID(team) if team else None
        values = {"team_id": team_id if team_id in teams.values() else None, "data": data}
        if manager:
            actor_id = uuid.UUID(manager)
            values["actor_id"] = actor_id if actor_id in users else None
        op.execute(sa.update(NOTIFICATION).where(NOTIFICATION.c.id == row.id).values(values))


def restore_data_of_notifications() -> None:
    connection = op.get_bind()
    slugs = {row.id: row.slug for row in connection.execute(sa.select(TEAM)).all()}
    comments = dict(connection.execute(sa.select(REVIEW.c.id, REVIEW.c.comment)).all())
    for row in connection.execute(sa.select(NOTIFICATION)).all():
        data = dict(row.data)
        if row.kind in ("verified", "returned"):
            data["said"] = bool(comments.get(row.review_id))
        elif row.kind == "joined":
            data["slug"] = slugs.get(row.team_id, "")
        elif row.kind in ("invited", "leads"):
            data["team_id"] = str(row.team_id or "")
            if row.kind == "leads":
                data["manager"] = str(row.actor_id or "")
        if data != row.data:
            op.execute(sa.update(NOTIFICATION).where(NOTIFICATION.c.id == row.id).values(data=data))


def add_mail_sources() -> None:
    """Store the source of each mail, whose id was that of an invitation or notification before."""
    with op.batch_alter_table("outgoing_mail") as batch:
        batch.add_column(sa.Column("source_kind", sa.String(32), server_default="", nullable=False))
        batch.add_column(sa.Column("source_id", sa.Uuid()))
        batch.add_column(
            sa.Column("address_is_fixed", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    for kind, table in (("notification", NOTIFICATION), ("invitation", INVITATION)):
        op.execute(
            sa.update(MAIL)
            .where(MAIL.c.id.in_(sa.select(table.c.id)))
            .values(source_kind=kind, source_id=MAIL.c.id, address_is_fixed=kind == "invitation")
        )
    with op.batch_alter_table("outgoing_mail") as batch:
        batch.alter_column("source_kind", existing_type=sa.String(32), server_default=None)
        batch.alter_column("address_is_fixed", existing_type=sa.Boolean(), server_default=None)
    op.create_index("ix_outgoing_mail_source_id", "outgoing_mail", ["source_id"])


def drop_mail_sources() -> None:
    op.execute(sa.update(MAIL).where(MAIL.c.source_id.is_not(None)).values(id=MAIL.c.source_id))
    op.drop_index("ix_outgoing_mail_source_id", "outgoing_mail")
    with op.batch_alter_table("outgoing_mail") as batch:
        for column in ("source_kind", "source_id", "address_is_fixed"):
            batch.drop_column(column)
