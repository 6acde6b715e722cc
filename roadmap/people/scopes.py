"""The scopes of personal tokens: which of the owner's permissions each scope includes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import LazyString

from roadmap.core.i18n import _l

# Actions that require a signed-in person, unless the operator allows them to tokens.
JUDGEMENTS = frozenset({"evidence.review", "skill.assess_other", "person.assess", "person.verify"})
JUDGEMENT_REFUSAL = _l(
    "Only a signed-in person can verify, return or assess. Do it on its page, or ask the "
    "operator of this server to allow it by token (ROADMAP_REVIEW_BY_TOKEN)."
)
READ_VERBS = frozenset({"read", "list", "matrix", "call", "public"})
DRAFT_ACTIONS = frozenset(
    {"public", "mcp.call", "roadmap.read", "progress.read", "evidence.read", "evidence.draft"}
)


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope: its description for the token's creator, and the message for a refused action.

    `permits` takes an action of the permission table.
    """

    label: LazyString
    description: LazyString
    permits: Callable[[str], bool]
    refusal: LazyString


def _is_read_action(action: str) -> bool:
    return action.rpartition(".")[2] in READ_VERBS


SCOPES: dict[str, Scope] = {
    "read": Scope(
        label=_l("Read"),
        description=_l("what you can see here"),
        permits=_is_read_action,
        refusal=_l("This token can only read. Create one with the scope write."),
    ),
    "draft": Scope(
        label=_l("Draft"),
        description=_l(
            "reads your roadmap and evidence, and writes drafts that carry its name, for an agent"
        ),
        permits=DRAFT_ACTIONS.__contains__,
        refusal=_l(
            "This token can read its owner's roadmap and evidence, and write drafts. For "
            "anything else, use the pages or a token with the scope write."
        ),
    ),
    "write": Scope(
        label=_l("Read and write"),
        description=_l("almost everything you can do here"),
        permits=lambda _action: True,
        refusal=_l("This token cannot do that."),
    ),
}


def find_refusal(scope: str | None, action: str, *, may_judge: bool) -> LazyString | None:
    """Return why a token of this scope may not do something, or None. A scope of None is no token.

    `may_judge` is whether the operator lets tokens judge.
    """
    if scope is None:
        return None
    if not SCOPES[scope].permits(action):
        return SCOPES[scope].refusal
    return JUDGEMENT_REFUSAL if action in JUDGEMENTS and not may_judge else None
