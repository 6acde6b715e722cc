"""Routes of the account's sharing and mail settings."""

from __future__ import annotations

from typing import Any

from tests.support.route_entry import Change, Page

PAGES: tuple[Page, ...] = ()
CHANGES: tuple[Change, ...] = (
    Change("/account/sharing", "PUT", "account.write", "/account/sharing", {"shares_plans": "1"}),
    Change("/account/mail", "PUT", "account.write", "/account/mail", {"wants_mail": "1"}),
    Change(
        "/account/keyboard", "PUT", "account.write", "/account/keyboard", {"uses_single_keys": "1"}
    ),
)


def create_sample_data(write: Any) -> dict[str, str]:
    """Add the data that the URLs refer to."""
    return {}
