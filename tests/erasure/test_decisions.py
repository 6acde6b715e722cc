"""Each column that may hold personal data has a decision on its erasure."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from roadmap.core.types import Base
from roadmap.erasure.decisions import (
    FREE_TEXT_NAMES,
    LOG_COLUMNS,
    NAME_COLUMNS,
    UNCONSTRAINED_REFERENCES,
)

# `actions` deletes mails to the person or with their name, and invitations to or by them.
DELETED_ROWS = ("outgoing_mail", "invitation")
# Columns that erasure leaves unchanged, by reason.
KEPT = {
    "content of a roadmap, or pay with its source": (
        "milestone.definition",
        "skill.definition",
        "roadmap_revision.content",
        "pay_import.file_name",
    ),
    "named by an administrator": ("team.name",),
    "a digest, deleted within the hour": ("attempt.bucket",),
    "the id of a row of the same owner": (
        "imported_record.record_id",
        "badge.subject",
        "badge.claims",
    ),
    "emptied by `badges.actions`, which revokes the badge, if it names the erased person": (
        "badge.document",
        "badge.jwt",
    ),
    "a public key of this installation": ("signing_key.public_jwk",),
    "deleted with the owner; names of other people only if the owner typed them": (
        "api_token.name",
        "archive_import.left_out",
        "badge.name",
        "career_plan.answers",
        "endorsement.affiliation",
        "evidence_file.name",
        "evidence_version.drafted_by",
        "evidence_version.issuer",
        "imported_review.milestones",
        "offer.name",
        "pending_import.records",
        "pending_import.options",
        "pending_import.todo",
        "pending_import.totals",
        "pending_import.fault",
        "portfolio.name",
        "practice_answer.texts",
        "readiness_summary.own",
        "readiness_summary.shared",
        "readiness_summary.counted",
        "uploaded_file.name",
        "login_session.address",
        "login_session.user_agent",
        "pending_email.email",
        "pending_email.email_key",
        "user.email",
        "user.email_key",
        "user.name",
        "user.search_text",
    ),
    "an IP address, emptied after ROADMAP_ADDRESS_DAYS": ("audit_entry.address",),
}

# Names of columns that may hold a name or address of a person.
PERSONAL_NAMES = re.compile(
    r"(^|_)(name|names|email|recipient|witness|rater|asked|author|reviewer|verifier|verified|"
    r"assessor|actor|target|address|by|agent|bucket|affiliation|issuer|body)($|_)"
)


def may_be_personal(column: sa.Column) -> bool:
    if column.foreign_keys:
        return False
    if isinstance(column.type, sa.JSON):
        return True
    if isinstance(column.type, sa.Uuid):
        return not column.primary_key
    is_text = isinstance(column.type, sa.String)
    return is_text and bool(PERSONAL_NAMES.search(column.name))


def decided_columns() -> set[str]:
    logs = {f"{table}.{name}" for table, names in LOG_COLUMNS.items() for name in names}
    copies = {f"{copy.table}.{copy.column}" for copy in NAME_COLUMNS}
    places = {
        f"{table}.{column}"
        for table, column in (*FREE_TEXT_NAMES, *UNCONSTRAINED_REFERENCES.items())
    }
    return logs | copies | places | {column for columns in KEPT.values() for column in columns}


@pytest.fixture
def tables(app):
    """Return all tables. The application loads all models."""
    return Base.metadata.sorted_tables


def test_each_column_with_personal_data_has_a_decision(tables):
    questions = {
        f"{table.name}.{column.name}"
        for table in tables
        if table.name not in DELETED_ROWS
        for column in table.c
        if may_be_personal(column)
    }
    missing = sorted(questions - decided_columns())
    assert not missing, f"decide on {missing} in erasure/decisions.py or in KEPT"


def test_references_to_users_cascade_or_become_null(tables):
    for table in tables:
        for key in table.foreign_keys:
            if key.target_fullname != "user.id":
                continue
            wanted = "CASCADE" if key.parent.name == "user_id" else "SET NULL"
            if key.parent.name == "subject_user_id":
                wanted = "CASCADE"
            assert key.ondelete == wanted, f"{table.name}.{key.parent.name}"


def test_name_next_to_a_user_reference_is_replaced(tables):
    """NAME_COLUMNS has each name column whose reference becomes NULL."""
    for table in tables:
        if table.name in DELETED_ROWS:
            continue
        for column in table.c:
            stem = re.fullmatch(r"(\w+)_name", column.name)
            beside = table.c.get(f"{stem[1]}_id") if stem else None
            if beside is not None and beside.foreign_keys:
                copies = {(copy.table, copy.column, copy.by) for copy in NAME_COLUMNS}
                assert (table.name, column.name, beside.name) in copies


def test_decisions_name_existing_columns(tables):
    columns = {f"{table.name}.{column.name}" for table in tables for column in table.c}
    assert decided_columns() <= columns
