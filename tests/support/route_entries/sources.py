"""Routes of the sources."""

from __future__ import annotations

from typing import Any

from tests.support.route_entry import Change, Page

PAGES: tuple[Page, ...] = (Page("/sources", "source.read", "/sources"),)
CHANGES: tuple[Change, ...] = ()


def create_sample_data(write: Any) -> dict[str, str]:
    """Add nothing: Cairn ships the content."""
    return {}
