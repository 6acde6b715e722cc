"""What can be asked of the search, and what it needs to be there."""

from __future__ import annotations

from typing import Any

from tests.support.route_entry import Change, Page

PAGES: tuple[Page, ...] = (
    # A manager finds what others share, an administrator accounts.
    Page("/search", "search.read", "/search?q=design", by_role=True, variants=("/search",)),
)
CHANGES: tuple[Change, ...] = ()


def create_sample_data(write: Any) -> dict[str, str]:
    """Nothing: it finds what the other rooms have made."""
    return {}
