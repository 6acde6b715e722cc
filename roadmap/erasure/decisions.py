"""The erasure rule of each column that may identify a person.

Rows whose `user_id` is the person are deleted, and foreign keys set references to the account to
NULL. `actions` deletes mails to or about the person, and invitations to or by them. This module
lists all other changes. `tests/erasure/test_decisions.py` lists the columns that stay unchanged,
and fails for a column that may identify a person and is in none of these lists.
"""

from __future__ import annotations

from typing import NamedTuple

# Replacements for a name. Reviews and assessments still show that a manager wrote them.
FORMER_MANAGER = "a former manager"
FORMER_COLLEAGUE = "a former colleague"
# The replacement for an id in logs.
ERASED = "erased"


class NameColumn(NamedTuple):
    """A column with the name of the person whose id is in the column `by` of the same row.

    `kinds` limits the rule to rows of these kinds.
    """

    table: str
    column: str
    by: str
    replacement: str
    kinds: tuple[str, ...] = ()


# The kinds of notifications about a manager's judgement.
JUDGEMENT_KINDS = (
    "verified",
    "returned",
    "assessed",
    "taken_back",
    "return_taken_back",
    "history_verified",
    "history_taken_back",
)
# Names in other people's rows, which are kept with a replacement.
NAME_COLUMNS = (
    NameColumn("review", "reviewer_name", "reviewer_id", FORMER_MANAGER),
    NameColumn("evidence_milestone", "taken_back_by", "taken_back_by_id", FORMER_MANAGER),
    NameColumn("assessment", "assessor_name", "assessor_id", FORMER_MANAGER),
    NameColumn("evidence_comment", "author_name", "author_id", FORMER_COLLEAGUE),
    NameColumn("notification", "actor_name", "actor_id", FORMER_COLLEAGUE),
    # Must follow the rule above, which covers the same rows.
    NameColumn("notification", "actor_name", "actor_id", FORMER_MANAGER, JUDGEMENT_KINDS),
)
# Names that were typed in, without a reference to an account; replaced if they match the person's.
FREE_TEXT_NAMES = (
    ("endorsement", "asked"),
    ("endorsement", "witness"),
    ("practice_peer_link", "rater"),
    ("notification", "actor_name"),
    ("imported_review", "reviewer_name"),
    ("imported_assessment", "assessor_name"),
)
# Generated texts and JSON, in which name, addresses and id are replaced.
LOG_COLUMNS = {
    "audit_entry": ("target", "data"),
    "history_entry": ("subject", "data"),
    "notification": ("data",),
}
# References to a person without a foreign key. They become NULL, and `data` gets `actor_erased`.
UNCONSTRAINED_REFERENCES = {"audit_entry": "actor_id"}
