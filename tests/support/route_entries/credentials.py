"""What can be asked of credentials, and what it needs to be there."""

from __future__ import annotations

from typing import Any

from tests.support.route_entry import Change, Page

PAGES: tuple[Page, ...] = (Page("/credentials", "credential.read", "/credentials"),)
CHANGES: tuple[Change, ...] = ()


def create_sample_data(write: Any) -> dict[str, str]:
    """Nothing: Alice has a certification among her evidence."""
    return {}
