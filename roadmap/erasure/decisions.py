"""What becomes of each column that tells of a person when that person is erased.

Rows whose `user_id` is the person are deleted, and references to the account become NULL by the
foreign keys. What else there is stands here; `tests/erasure/test_decisions.py` fails for a column
that might tell of a person and is in none of these lists.
"""

from __future__ import annotations

from typing import NamedTuple

# What stands in place of a name. A review or an assessment was a manager's, which stays true.
FORMER_MANAGER = "a former manager"
FORMER_COLLEAGUE = "a former colleague"
# What stands in place of an id in the text of a log.
ERASED = "erased"


class NameCopy(NamedTuple):
    """A column with the name of the person whose id is in the column `by` of the same row.

    `kinds` are those of the rows that are meant, where not all are.
    """

    table: str
    column: str
    by: str
    words: str
    kinds: tuple[str, ...] = ()


class Kept(NamedTuple):
    """A column that stays as it is, and why."""

    column: str
    reason: str


# The kinds of notifications that say what a manager judged.
JUDGEMENTS = (
    "verified",
    "returned",
    "assessed",
    "taken_back",
    "return_taken_back",
    "history_verified",
    "history_taken_back",
)
# In rows of other people, who keep what was said to them: the words stay without the name.
NAME_COPIES = (
    NameCopy("review", "reviewer_name", "reviewer_id", FORMER_MANAGER),
    NameCopy("evidence_milestone", "taken_back_by", "taken_back_by_id", FORMER_MANAGER),
    NameCopy("assessment", "assessor_name", "assessor_id", FORMER_MANAGER),
    NameCopy("evidence_comment", "author_name", "author_id", FORMER_COLLEAGUE),
    NameCopy("notification", "actor_name", "actor_id", FORMER_COLLEAGUE),
    # After the others, which these are among.
    NameCopy("notification", "actor_name", "actor_id", FORMER_MANAGER, JUDGEMENTS),
)
# Names as somebody typed them, with no account behind: replaced where they are the person's.
TYPED_NAMES = (
    ("endorsement", "asked"),
    ("endorsement", "witness"),
    ("practice_peer_link", "rater"),
    ("notification", "actor_name"),
    ("imported_review", "reviewer_name"),
    ("imported_assessment", "assessor_name"),
)
# Texts and JSON that code wrote, each table with the key of its rows: name, addresses and id are
# replaced wherever they stand in them.
LOGS = {
    "audit_entry": ("id", ("target", "data")),
    "history_entry": ("id", ("subject", "data")),
    "notification": ("id", ("data",)),
}
# Deleted by `actions`: mails to the person or with their name, and invitations to or by them.
DELETED_ROWS = ("outgoing_mail", "invitation")
# References to a person without a foreign key, set to NULL; `data` gets `actor_erased`.
UNTIED = (("audit_entry", "actor_id"),)

_CONTENT = "content of a roadmap, or pay with its source"
_OWN_WORDS = "goes with its owner, and holds nobody else's name but what its owner typed"
_HASHED = "a digest, deleted within the hour"
_TEAM = "what an administrator named a team"
_OWN_ROW = "the id of a row of its owner"
_SIGNED = "emptied, and the badge revoked, by `badges.actions` where it names who is erased"

KEPT = (
    *(Kept(name, _CONTENT) for name in ("milestone.definition", "skill.definition")),
    *(Kept(name, _CONTENT) for name in ("roadmap_revision.content", "pay_import.file_name")),
    Kept("team.name", _TEAM),
    Kept("attempt.bucket", _HASHED),
    Kept("imported_record.record_id", _OWN_ROW),
    *(Kept(name, _OWN_ROW) for name in ("badge.subject", "badge.claims")),
    *(Kept(name, _SIGNED) for name in ("badge.document", "badge.jwt")),
    Kept("signing_key.public_jwk", "a public key of this installation"),
    *(Kept(name, _OWN_WORDS) for name in (
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
    )),
    Kept("audit_entry.address", "an IP address, emptied after ROADMAP_ADDRESS_DAYS"),
)  # fmt: skip
