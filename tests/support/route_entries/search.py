"""Routes of the search."""

from __future__ import annotations

from typing import Any

from tests.support.route_entry import Change, Page

PAGES: tuple[Page, ...] = (
    # Managers also find shared evidence, administrators also find accounts.
    Page("/search", "search.read", "/search?q=design", by_role=True, variants=("/search",)),
)
CHANGES: tuple[Change, ...] = ()


def create_sample_data(write: Any) -> dict[str, str]:
    """Add nothing: the search finds the other rooms' data."""
    return {}
