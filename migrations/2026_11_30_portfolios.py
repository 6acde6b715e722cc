"""Allow several portfolios per person, and evidence redacted in one of them.

Existing data becomes the owner's default portfolio, with the owner's id. Downgrading keeps only the
default portfolio.

Revision: 1796330000
Revises: 1796310000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796330000"
down_revision = "1796310000"
branch_labels = ()
depends_on = None

COPIED = (
    "user_id, headline, introduction, shows_email, shows_self_assessed, shows_below_bar, "
    "left_out_skills, revision"
)


def _texts() -> list[sa.Column]:
    return [
        sa.Column("headline", sa.String(200), nullable=False),
        sa.Column("introduction", sa.Text(), nullable=False),
        sa.Column("shows_email", sa.Boolean(), nullable=False),
        sa.Column("shows_self_assessed", sa.Boolean(), nullable=False),
        sa.Column("shows_below_bar", sa.Boolean(), nullable=False),
        sa.Column("left_out_skills", sa.Text(), nullable=False),
    ]


def _foreign_key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), ondelete="CASCADE"
    )


def _set_aside(table: str) -> None:
    """Move a table's rows to `<table>_before` and drop it, to re-create it in another shape."""
    op.execute(f'CREATE TABLE "{table}_before" AS SELECT * FROM "{table}"')
    op.drop_table(table)


def upgrade() -> None:
    _set_aside("portfolio")
    _set_aside("portfolio_item")
    op.create_table(
        "portfolio",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        *_texts(),
        sa.Column("shown_profiles", sa.Text(), nullable=False),
        sa.Column("section_order", sa.Text(), nullable=False),
        sa.Column("hidden_sections", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        _foreign_key("portfolio", "user_id", "user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portfolio")),
    )
    op.create_index(op.f("ix_portfolio_user_id"), "portfolio", ["user_id"])
    op.create_index(
        "uq_portfolio_default", "portfolio", ["user_id"], unique=True,
        sqlite_where=sa.text("is_default"), postgresql_where=sa.text("is_default"),
    )  # fmt: skip
    added = "'', '', ''"
    op.execute(
        f"INSERT INTO portfolio (id, name, is_default, {COPIED}, shown_profiles, section_order, "
        f"hidden_sections, created_at, updated_at) SELECT user_id, 'Portfolio', TRUE, {COPIED}, "
        f"{added}, updated_at, updated_at FROM portfolio_before"
    )
    # Users without a saved text may have chosen evidence or created links.
    op.execute(
        f"INSERT INTO portfolio (id, name, is_default, {COPIED}, shown_profiles, section_order, "
        "hidden_sections, created_at, updated_at) SELECT id, 'Portfolio', TRUE, id, '', '', FALSE, "
        f"FALSE, FALSE, '', 0, {added}, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP FROM \"user\" WHERE "
        "id NOT IN (SELECT user_id FROM portfolio_before) AND (id IN (SELECT user_id FROM "
        "portfolio_item_before) OR id IN (SELECT user_id FROM portfolio_link))"
    )
    op.create_table(
        "portfolio_item",
        sa.Column("portfolio_id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("redacted_title", sa.String(200), nullable=True),
        sa.Column("redacted_description", sa.Text(), nullable=False),
        sa.Column("redacted_shows_impacts", sa.Boolean(), nullable=False),
        _foreign_key("portfolio_item", "portfolio_id", "portfolio"),
        _foreign_key("portfolio_item", "evidence_id", "evidence"),
        _foreign_key("portfolio_item", "user_id", "user"),
        sa.PrimaryKeyConstraint("portfolio_id", "evidence_id", name=op.f("pk_portfolio_item")),
    )
    op.create_index(op.f("ix_portfolio_item_evidence_id"), "portfolio_item", ["evidence_id"])
    op.create_index(op.f("ix_portfolio_item_user_id"), "portfolio_item", ["user_id"])
    op.execute(
        "INSERT INTO portfolio_item (portfolio_id, evidence_id, user_id, position, "
        "redacted_description, redacted_shows_impacts) SELECT user_id, evidence_id, user_id, "
        "position, '', FALSE FROM portfolio_item_before"
    )
    op.drop_table("portfolio_item_before")
    op.drop_table("portfolio_before")
    with op.batch_alter_table("portfolio_link") as batch:
        batch.add_column(sa.Column("portfolio_id", sa.Uuid(), nullable=True))
    op.execute("UPDATE portfolio_link SET portfolio_id = user_id")
    with op.batch_alter_table("portfolio_link") as batch:
        batch.alter_column("portfolio_id", existing_type=sa.Uuid(), nullable=False)
        batch.create_foreign_key(
            op.f("fk_portfolio_link_portfolio_id_portfolio"), "portfolio", ["portfolio_id"], ["id"],
            ondelete="CASCADE",
        )  # fmt: skip
        batch.create_index(op.f("ix_portfolio_link_portfolio_id"), ["portfolio_id"])
    op.create_table(
        "profile",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("network", sa.String(20), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        _foreign_key("profile", "user_id", "user"),
        sa.PrimaryKeyConstraint("user_id", "network", name=op.f("pk_profile")),
    )


def downgrade() -> None:
    op.drop_table("profile")
    op.execute(
        "DELETE FROM portfolio_link WHERE portfolio_id NOT IN "
        "(SELECT id FROM portfolio WHERE is_default)"
    )
    with op.batch_alter_table("portfolio_link") as batch:
        batch.drop_index(op.f("ix_portfolio_link_portfolio_id"))
        batch.drop_constraint(op.f("fk_portfolio_link_portfolio_id_portfolio"), type_="foreignkey")
        batch.drop_column("portfolio_id")
    _set_aside("portfolio_item")
    _set_aside("portfolio")
    op.create_table(
        "portfolio",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        *_texts(),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        _foreign_key("portfolio", "user_id", "user"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_portfolio")),
    )
    op.execute(
        f"INSERT INTO portfolio ({COPIED}, updated_at) SELECT {COPIED}, updated_at "
        "FROM portfolio_before WHERE is_default"
    )
    op.create_table(
        "portfolio_item",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        _foreign_key("portfolio_item", "user_id", "user"),
        _foreign_key("portfolio_item", "evidence_id", "evidence"),
        sa.PrimaryKeyConstraint("user_id", "evidence_id", name=op.f("pk_portfolio_item")),
    )
    op.create_index(op.f("ix_portfolio_item_evidence_id"), "portfolio_item", ["evidence_id"])
    # The previous release does not support redaction, so leave out redacted evidence.
    op.execute(
        "INSERT INTO portfolio_item (user_id, evidence_id, position) SELECT user_id, evidence_id, "
        "position FROM portfolio_item_before WHERE position IS NOT NULL AND redacted_title IS NULL "
        "AND portfolio_id IN (SELECT id FROM portfolio_before WHERE is_default)"
    )
    op.drop_table("portfolio_item_before")
    op.drop_table("portfolio_before")
