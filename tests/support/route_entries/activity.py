"""Routes of the activity page, which always shows the signed-in person's own activity."""

from __future__ import annotations

from typing import Any

from tests.support.route_entry import Change, Page

PAGES: tuple[Page, ...] = (
    Page(
        "/activity",
        "activity.read",
        "/activity",
        variants=(
            "/activity?kind=reviews&who=others",
            "/activity?milestone={milestone}",
            "/activity?from=yesterday",
            "/activity?kind=teams&on=2001-01-01",
        ),
    ),
    Page("/activity/export/csv", "activity.read", "/activity/export/csv", shown=False),
    Page(
        "/activity/since",
        "activity.read",
        "/activity/since",
        variants=("/activity/since?since=2999-01-01",),
    ),
)
CHANGES: tuple[Change, ...] = ()


def create_sample_data(_write: Any) -> dict[str, str]:
    """Add nothing: the other rooms' sample data creates the history."""
    return {}
