"""Create the first tables.

Revision: 1795444641
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1795444641"
down_revision = None
branch_labels = ("default",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bucket", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index("ix_attempt_bucket_at", ["bucket", "at"], unique=False)

    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("target", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_at"), ["at"], unique=False)

    op.create_table(
        "milestone",
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_milestone")),
    )
    op.create_table(
        "roadmap",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roadmap")),
        sa.UniqueConstraint("slug", name=op.f("uq_roadmap_slug")),
    )
    with op.batch_alter_table("roadmap", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_roadmap_revision_id"), ["revision_id"], unique=False)

    op.create_table(
        "skill",
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_skill")),
    )
    op.create_table(
        "team",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["team.id"], name=op.f("fk_team_parent_id_team"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("slug", name=op.f("uq_team_slug")),
    )
    with op.batch_alter_table("team", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_team_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("email_key", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("theme", sa.String(length=8), nullable=False),
        sa.Column("headline", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deactivated_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("theme IN ('system', 'light', 'dark')", name=op.f("ck_user_theme")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("email_key", name=op.f("uq_user_email_key")),
    )
    op.create_table(
        "assessment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("skill_key", sa.String(length=60), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("assessor_id", sa.Uuid(), nullable=True),
        sa.Column("assessor_name", sa.String(length=200), nullable=False),
        sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("side IN ('self', 'other')", name=op.f("ck_assessment_side")),
        sa.CheckConstraint("level BETWEEN 0 AND 4", name=op.f("ck_assessment_level")),
        sa.ForeignKeyConstraint(
            ["assessor_id"],
            ["user.id"],
            name=op.f("fk_assessment_assessor_id_user"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["skill_key"],
            ["skill.key"],
            name=op.f("fk_assessment_skill_key_skill"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_assessment_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
    )
    with op.batch_alter_table("assessment", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_assessment_assessor_id"), ["assessor_id"], unique=False
        )
        batch_op.create_index(
            "ix_assessment_latest", ["user_id", "skill_key", "side", "assessed_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_assessment_skill_key"), ["skill_key"], unique=False)

    op.create_table(
        "degree",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.String(length=12), nullable=False),
        sa.Column("field", sa.String(length=200), nullable=False),
        sa.Column("institution", sa.String(length=200), nullable=False),
        sa.Column("awarded_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "level IN ('bachelor', 'master', 'doctorate', 'other')", name=op.f("ck_degree_level")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_degree_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_degree")),
    )
    with op.batch_alter_table("degree", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_degree_user_id"), ["user_id"], unique=False)

    op.create_table(
        "enrollment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("roadmap_id", sa.Uuid(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("target_on", sa.Date(), nullable=True),
        sa.Column("hours_per_week", sa.Numeric(precision=4, scale=1), nullable=True),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "hours_per_week > 0 AND hours_per_week <= 80", name=op.f("ck_enrollment_hours_per_week")
        ),
        sa.ForeignKeyConstraint(
            ["roadmap_id"],
            ["roadmap.id"],
            name=op.f("fk_enrollment_roadmap_id_roadmap"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_enrollment_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrollment")),
        sa.UniqueConstraint("user_id", "roadmap_id", name=op.f("uq_enrollment_user_id_roadmap_id")),
    )
    with op.batch_alter_table("enrollment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enrollment_roadmap_id"), ["roadmap_id"], unique=False)

    op.create_table(
        "evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("visibility", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("current_id", sa.Uuid(), nullable=True),
        sa.Column("verified_version_id", sa.Uuid(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'in_review', 'verified', 'returned')",
            name=op.f("ck_evidence_state"),
        ),
        sa.CheckConstraint(
            "visibility IN ('private', 'team', 'portfolio')", name=op.f("ck_evidence_visibility")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_evidence_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evidence_current_id"), ["current_id"], unique=False)
        batch_op.create_index(
            "ix_evidence_user_id_created_at", ["user_id", "created_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_evidence_verified_version_id"), ["verified_version_id"], unique=False
        )

    op.create_table(
        "history_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"],
            ["user.id"],
            name=op.f("fk_history_entry_actor_id_user"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_history_entry_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history_entry")),
    )
    with op.batch_alter_table("history_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_history_entry_actor_id"), ["actor_id"], unique=False)
        batch_op.create_index("ix_history_entry_user_id_id", ["user_id", "id"], unique=False)

    op.create_table(
        "login_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fresh_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_agent", sa.String(length=300), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_login_session_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_login_session_token_hash")),
    )
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_session_user_id"), ["user_id"], unique=False)

    op.create_table(
        "membership",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('member', 'manager')", name=op.f("ck_membership_role")),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_membership_team_id_team"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_membership_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("team_id", "user_id", name=op.f("pk_membership")),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_user_id"), ["user_id"], unique=False)

    op.create_table(
        "milestone_plan",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("milestone_key", sa.String(length=60), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("target_on", sa.Date(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["milestone_key"],
            ["milestone.key"],
            name=op.f("fk_milestone_plan_milestone_key_milestone"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
            name=op.f("fk_milestone_plan_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "milestone_key", name=op.f("pk_milestone_plan")),
    )
    with op.batch_alter_table("milestone_plan", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_milestone_plan_milestone_key"), ["milestone_key"], unique=False
        )

    op.create_table(
        "milestone_status",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("milestone_key", sa.String(length=60), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "status IN ('in_progress', 'done', 'not_applicable')",
            name=op.f("ck_milestone_status_status"),
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user.id"], name=op.f("fk_milestone_status_by_id_user"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["milestone_key"],
            ["milestone.key"],
            name=op.f("fk_milestone_status_milestone_key_milestone"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
            name=op.f("fk_milestone_status_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "milestone_key", name=op.f("pk_milestone_status")),
    )
    with op.batch_alter_table("milestone_status", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_milestone_status_by_id"), ["by_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_milestone_status_milestone_key"), ["milestone_key"], unique=False
        )

    op.create_table(
        "password_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_password_link_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_password_link_token_hash")),
    )
    with op.batch_alter_table("password_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_password_link_user_id"), ["user_id"], unique=False)

    op.create_table(
        "portfolio",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("headline", sa.String(length=200), nullable=False),
        sa.Column("introduction", sa.Text(), nullable=False),
        sa.Column("shows_email", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_portfolio_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_portfolio")),
    )
    op.create_table(
        "position",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("employer", sa.String(length=200), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("is_ml", sa.Boolean(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.CheckConstraint("ended_on >= started_on", name=op.f("ck_position_dates_in_order")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_position_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_position")),
    )
    with op.batch_alter_table("position", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_position_user_id"), ["user_id"], unique=False)

    op.create_table(
        "roadmap_revision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("roadmap_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["roadmap_id"],
            ["roadmap.id"],
            name=op.f("fk_roadmap_revision_roadmap_id_roadmap"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roadmap_revision")),
        sa.UniqueConstraint(
            "roadmap_id", "number", name=op.f("uq_roadmap_revision_roadmap_id_number")
        ),
    )
    op.create_table(
        "evidence_milestone",
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("milestone_key", sa.String(length=60), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["evidence_id"],
            ["evidence.id"],
            name=op.f("fk_evidence_milestone_evidence_id_evidence"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["milestone_key"],
            ["milestone.key"],
            name=op.f("fk_evidence_milestone_milestone_key_milestone"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
            name=op.f("fk_evidence_milestone_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("evidence_id", "milestone_key", name=op.f("pk_evidence_milestone")),
    )
    with op.batch_alter_table("evidence_milestone", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_evidence_milestone_milestone_key"), ["milestone_key"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_evidence_milestone_user_id"), ["user_id"], unique=False
        )

    op.create_table(
        "evidence_skill",
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("skill_key", sa.String(length=60), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evidence_id"],
            ["evidence.id"],
            name=op.f("fk_evidence_skill_evidence_id_evidence"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["skill_key"],
            ["skill.key"],
            name=op.f("fk_evidence_skill_skill_key_skill"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
            name=op.f("fk_evidence_skill_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("evidence_id", "skill_key", name=op.f("pk_evidence_skill")),
    )
    with op.batch_alter_table("evidence_skill", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_evidence_skill_skill_key"), ["skill_key"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_evidence_skill_user_id"), ["user_id"], unique=False)

    op.create_table(
        "evidence_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("was_submitted", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["evidence_id"],
            ["evidence.id"],
            name=op.f("fk_evidence_version_evidence_id_evidence"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
            name=op.f("fk_evidence_version_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_version")),
        sa.UniqueConstraint(
            "evidence_id", "number", name=op.f("uq_evidence_version_evidence_id_number")
        ),
    )
    with op.batch_alter_table("evidence_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evidence_version_user_id"), ["user_id"], unique=False)

    op.create_table(
        "portfolio_item",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evidence_id"],
            ["evidence.id"],
            name=op.f("fk_portfolio_item_evidence_id_evidence"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
            name=op.f("fk_portfolio_item_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "evidence_id", name=op.f("pk_portfolio_item")),
    )
    with op.batch_alter_table("portfolio_item", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_portfolio_item_evidence_id"), ["evidence_id"], unique=False
        )

    op.create_table(
        "readiness_summary",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("roadmap_id", sa.Uuid(), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("own_score", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.Column("shared_score", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.Column("own", sa.JSON(), nullable=False),
        sa.Column("shared", sa.JSON(), nullable=False),
        sa.Column("own_moved_on", sa.Date(), nullable=True),
        sa.Column("shared_moved_on", sa.Date(), nullable=True),
        sa.Column("computed_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["revision_id"],
            ["roadmap_revision.id"],
            name=op.f("fk_readiness_summary_revision_id_roadmap_revision"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["roadmap_id"],
            ["roadmap.id"],
            name=op.f("fk_readiness_summary_roadmap_id_roadmap"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
            name=op.f("fk_readiness_summary_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "roadmap_id", name=op.f("pk_readiness_summary")),
    )
    with op.batch_alter_table("readiness_summary", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_readiness_summary_revision_id"), ["revision_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_readiness_summary_roadmap_id"), ["roadmap_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_readiness_summary_valid_until"), ["valid_until"], unique=False
        )

    op.create_table(
        "impact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=8), nullable=False),
        sa.Column("metric", sa.String(length=200), nullable=False),
        sa.Column("baseline", sa.String(length=100), nullable=False),
        sa.Column("result", sa.String(length=100), nullable=False),
        sa.Column("unit", sa.String(length=60), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.CheckConstraint("type IN ('scale', 'business', 'team')", name=op.f("ck_impact_type")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_impact_user_id_user"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["evidence_version.id"],
            name=op.f("fk_impact_version_id_evidence_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_impact")),
    )
    with op.batch_alter_table("impact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_impact_user_id"), ["user_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_impact_version_id"), ["version_id"], unique=False)

    op.create_table(
        "review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=True),
        sa.Column("reviewer_name", sa.String(length=200), nullable=False),
        sa.Column("decision", sa.String(length=12), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("decision IN ('verified', 'returned')", name=op.f("ck_review_decision")),
        sa.ForeignKeyConstraint(
            ["evidence_id"],
            ["evidence.id"],
            name=op.f("fk_review_evidence_id_evidence"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"],
            ["user.id"],
            name=op.f("fk_review_reviewer_id_user"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_review_user_id_user"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["evidence_version.id"],
            name=op.f("fk_review_version_id_evidence_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_evidence_id"), ["evidence_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_review_reviewer_id"), ["reviewer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_review_user_id"), ["user_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_review_version_id"), ["version_id"], unique=False)

    op.create_table(
        "confirmation",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("milestone_key", sa.String(length=60), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["milestone_key"],
            ["milestone.key"],
            name=op.f("fk_confirmation_milestone_key_milestone"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["review.id"],
            name=op.f("fk_confirmation_review_id_review"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_confirmation_user_id_user"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["evidence_version.id"],
            name=op.f("fk_confirmation_version_id_evidence_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "milestone_key", name=op.f("pk_confirmation")),
    )
    with op.batch_alter_table("confirmation", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_confirmation_milestone_key"), ["milestone_key"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_confirmation_review_id"), ["review_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_confirmation_user_id"), ["user_id"], unique=False)

    # Three foreign keys are circular, so they are added once both tables exist.
    with op.batch_alter_table("roadmap") as batch_op:
        batch_op.create_foreign_key(
            "fk_roadmap_revision_id_roadmap_revision",
            "roadmap_revision",
            ["revision_id"],
            ["id"],
            ondelete="SET NULL",
        )
    with op.batch_alter_table("evidence") as batch_op:
        batch_op.create_foreign_key(
            "fk_evidence_current_id_evidence_version",
            "evidence_version",
            ["current_id"],
            ["id"],
            ondelete="SET NULL",
        )
        batch_op.create_foreign_key(
            "fk_evidence_verified_version_id_evidence_version",
            "evidence_version",
            ["verified_version_id"],
            ["id"],
            ondelete="SET NULL",
        )


def downgrade() -> None:
    with op.batch_alter_table("evidence") as batch_op:
        batch_op.drop_constraint(
            "fk_evidence_verified_version_id_evidence_version", type_="foreignkey"
        )
        batch_op.drop_constraint("fk_evidence_current_id_evidence_version", type_="foreignkey")
    with op.batch_alter_table("roadmap") as batch_op:
        batch_op.drop_constraint("fk_roadmap_revision_id_roadmap_revision", type_="foreignkey")
    with op.batch_alter_table("confirmation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_confirmation_user_id"))
        batch_op.drop_index(batch_op.f("ix_confirmation_review_id"))
        batch_op.drop_index(batch_op.f("ix_confirmation_milestone_key"))

    op.drop_table("confirmation")
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_version_id"))
        batch_op.drop_index(batch_op.f("ix_review_user_id"))
        batch_op.drop_index(batch_op.f("ix_review_reviewer_id"))
        batch_op.drop_index(batch_op.f("ix_review_evidence_id"))

    op.drop_table("review")
    with op.batch_alter_table("impact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_impact_version_id"))
        batch_op.drop_index(batch_op.f("ix_impact_user_id"))

    op.drop_table("impact")
    with op.batch_alter_table("readiness_summary", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_readiness_summary_valid_until"))
        batch_op.drop_index(batch_op.f("ix_readiness_summary_roadmap_id"))
        batch_op.drop_index(batch_op.f("ix_readiness_summary_revision_id"))

    op.drop_table("readiness_summary")
    with op.batch_alter_table("portfolio_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_portfolio_item_evidence_id"))

    op.drop_table("portfolio_item")
    with op.batch_alter_table("evidence_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evidence_version_user_id"))

    op.drop_table("evidence_version")
    with op.batch_alter_table("evidence_skill", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evidence_skill_user_id"))
        batch_op.drop_index(batch_op.f("ix_evidence_skill_skill_key"))

    op.drop_table("evidence_skill")
    with op.batch_alter_table("evidence_milestone", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evidence_milestone_user_id"))
        batch_op.drop_index(batch_op.f("ix_evidence_milestone_milestone_key"))

    op.drop_table("evidence_milestone")
    op.drop_table("roadmap_revision")
    with op.batch_alter_table("position", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_position_user_id"))

    op.drop_table("position")
    op.drop_table("portfolio")
    with op.batch_alter_table("password_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_password_link_user_id"))

    op.drop_table("password_link")
    with op.batch_alter_table("milestone_status", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_milestone_status_milestone_key"))
        batch_op.drop_index(batch_op.f("ix_milestone_status_by_id"))

    op.drop_table("milestone_status")
    with op.batch_alter_table("milestone_plan", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_milestone_plan_milestone_key"))

    op.drop_table("milestone_plan")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_membership_user_id"))

    op.drop_table("membership")
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_session_user_id"))

    op.drop_table("login_session")
    with op.batch_alter_table("history_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_history_entry_user_id_id")
        batch_op.drop_index(batch_op.f("ix_history_entry_actor_id"))

    op.drop_table("history_entry")
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evidence_verified_version_id"))
        batch_op.drop_index("ix_evidence_user_id_created_at")
        batch_op.drop_index(batch_op.f("ix_evidence_current_id"))

    op.drop_table("evidence")
    with op.batch_alter_table("enrollment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_enrollment_roadmap_id"))

    op.drop_table("enrollment")
    with op.batch_alter_table("degree", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_degree_user_id"))

    op.drop_table("degree")
    with op.batch_alter_table("assessment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_assessment_skill_key"))
        batch_op.drop_index("ix_assessment_latest")
        batch_op.drop_index(batch_op.f("ix_assessment_assessor_id"))

    op.drop_table("assessment")
    op.drop_table("user")
    with op.batch_alter_table("team", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_team_parent_id"))

    op.drop_table("team")
    op.drop_table("skill")
    with op.batch_alter_table("roadmap", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_roadmap_revision_id"))

    op.drop_table("roadmap")
    op.drop_table("milestone")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entry_at"))

    op.drop_table("audit_entry")
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.drop_index("ix_attempt_bucket_at")

    op.drop_table("attempt")
