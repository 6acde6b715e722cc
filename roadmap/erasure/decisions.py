"""What becomes of each column that tells of a person when that person is erased.

Rows whose `user_id` is the person are deleted, and references to the account become NULL by the
foreign keys. `actions` deletes mails to the person or with their name, and invitations to or by
them. What else changes stands here, and what stays as it is in `tests/erasure/test_decisions.py`,
which fails for a column that might tell of a person and is in none of these lists.
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
# Texts and JSON that code wrote: name, addresses and id are replaced wherever they stand in them.
LOGS = {
    "audit_entry": ("target", "data"),
    "history_entry": ("subject", "data"),
    "notification": ("data",),
}
# References to a person without a foreign key, set to NULL; `data` gets `actor_erased`.
UNTIED = {"audit_entry": "actor_id"}
