"""What can be asked of the question bank: the same for everybody who is signed in."""

from __future__ import annotations

from typing import Any

from tests.support.route_entry import Change, Page

CODING = "/practice/feature-cache-with-expiry"

PAGES: tuple[Page, ...] = (
    Page(
        "/practice",
        "practice.read",
        "/practice",
        variants=("/practice?group=coding&difficulty=2", "/practice?q=zzzz"),
    ),
    Page("/practice/<key>", "practice.read", CODING),
    Page(
        "/practice/<key>/<file_name>",
        "practice.read",
        f"{CODING}/solution.py",
        variants=(f"{CODING}/test_solution.py",),
        shown=False,
    ),
)
CHANGES: tuple[Change, ...] = ()


def create_sample_data(_write: Any) -> dict[str, str]:
    return {}
