"""Routes of API tokens and their sample data."""

from __future__ import annotations

from typing import Any

from roadmap.auth import api_tokens
from tests.support.route_entry import SIGN_IN, Change, Page, expect_change, expect_only_alice

TOKEN = {"name": "Calendar script", "scope": "read", "days": "30"}

PAGES: tuple[Page, ...] = (
    Page("/account/tokens", "token.read", "/account/tokens"),
    Page("/account/tokens/agents", "token.read", "/account/tokens/agents"),
    Page("/account/tokens/new", "token.write", "/account/tokens/new"),
)
CHANGES: tuple[Change, ...] = (
    Change("/account/tokens", "POST", "token.write", "/account/tokens", TOKEN, expect_change(201)),
    Change(
        "/account/tokens/<uuid:token_id>",
        "DELETE",
        "token.write",
        "/account/tokens/{token}",
        {},
        expect_only_alice(nobody=SIGN_IN),
    ),
)


def create_sample_data(write: Any) -> dict[str, str]:
    """Add two tokens of Alice, one used and one expired."""
    session, alice = write.session, write.cast.alice
    for name, scope, days in (("Calendar script", "read", 200), ("Sync of the wiki", "write", 3)):
        api_tokens.create(
            session, alice, name=name, scope=scope, days=90, by=alice, now=write.ago(days)
        )
    used = api_tokens.list_tokens(session, alice)[0]
    used.last_used_at = write.ago(1)
    return {"token": str(used.id)}
