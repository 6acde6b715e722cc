"""Add answers to interview questions, practice attempts and mock interviews.

Revision: 1796110000
Revises: 1796080000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1796110000"
down_revision = "1796080000"
branch_labels = ()
depends_on = None


def _user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["user_id"], ["user.id"], name=op.f(f"fk_{table}_user_id_user"), ondelete="CASCADE"
    )


def _reference(
    table: str, column: str, target: str, ondelete: str = "CASCADE"
) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def _rating(table: str, column: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} BETWEEN 1 AND 4", name=op.f(f"ck_{table}_{column}"))


def upgrade() -> None:
    op.create_table(
        "practice_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.String(60), nullable=False),
        sa.Column("form", sa.String(8), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("form IN ('star', 'outline')", name=op.f("ck_practice_answer_form")),
        _user("practice_answer"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice_answer")),
        sa.UniqueConstraint(
            "user_id", "question", name=op.f("uq_practice_answer_user_id_question")
        ),
    )
    op.create_index("ix_practice_answer_user_id", "practice_answer", ["user_id"])
    op.create_table(
        "practice_citation",
        sa.Column("answer_id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        _reference("practice_citation", "answer_id", "practice_answer"),
        _reference("practice_citation", "evidence_id", "evidence"),
        _user("practice_citation"),
        sa.PrimaryKeyConstraint("answer_id", "evidence_id", name=op.f("pk_practice_citation")),
    )
    op.create_index("ix_practice_citation_evidence_id", "practice_citation", ["evidence_id"])
    op.create_index("ix_practice_citation_user_id", "practice_citation", ["user_id"])
    op.create_table(
        "practice_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.String(60), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        _rating("practice_attempt", "rating"),
        _user("practice_attempt"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice_attempt")),
    )
    op.create_index(
        "ix_practice_attempt_user_id_question", "practice_attempt", ["user_id", "question"]
    )
    op.create_table(
        "practice_card",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.String(60), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.Column("stability", sa.Double(), nullable=True),
        sa.Column("difficulty", sa.Double(), nullable=True),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_review", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_rating", sa.Integer(), nullable=False),
        sa.Column("first_review", sa.DateTime(timezone=True), nullable=False),
        _rating("practice_card", "last_rating"),
        _user("practice_card"),
        sa.PrimaryKeyConstraint("user_id", "question", name=op.f("pk_practice_card")),
    )
    op.create_index("ix_practice_card_user_id_due", "practice_card", ["user_id", "due"])
    op.create_table(
        "practice_mock",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        _user("practice_mock"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice_mock")),
    )
    op.create_index("ix_practice_mock_user_id", "practice_mock", ["user_id"])
    op.create_table(
        "practice_round",
        sa.Column("mock_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.String(60), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        _reference("practice_round", "mock_id", "practice_mock"),
        _reference("practice_round", "attempt_id", "practice_attempt", "SET NULL"),
        _user("practice_round"),
        sa.PrimaryKeyConstraint("mock_id", "position", name=op.f("pk_practice_round")),
    )
    op.create_index("ix_practice_round_attempt_id", "practice_round", ["attempt_id"])
    op.create_index("ix_practice_round_user_id", "practice_round", ["user_id"])
    op.create_table(
        "practice_peer_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.String(60), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("rater", sa.String(100), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        _rating("practice_peer_link", "rating"),
        _reference("practice_peer_link", "attempt_id", "practice_attempt"),
        _user("practice_peer_link"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice_peer_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_practice_peer_link_token_hash")),
    )
    op.create_index("ix_practice_peer_link_attempt_id", "practice_peer_link", ["attempt_id"])
    op.create_index("ix_practice_peer_link_user_id", "practice_peer_link", ["user_id"])


def downgrade() -> None:
    for table in ("peer_link", "round", "mock", "card", "attempt", "citation", "answer"):
        op.drop_table(f"practice_{table}")
