"""What can be asked by those who leave for good, and about them."""

from __future__ import annotations

from typing import Any

from tests.support.route_entry import (
    SIGN_IN,
    Change,
    Page,
    expect_change,
    expect_status,
)

OF_A_PERSON = "/admin/people/<uuid:user_id>/deletion"
# Nobody of the cast waits for a deletion: `tests/erasure/test_leaving.py` sees the page, and
# `tests/browser/test_leaving.py` asks axe about it.
RETURN = expect_status(303)
ADMIN = expect_status(403, erin=200, nobody=SIGN_IN)

PAGES: tuple[Page, ...] = (
    Page("/account/deletion", "account.write", "/account/deletion"),
    Page(
        "/account/return",
        "public",
        "/account/return",
        RETURN,
        as_fragment={"nobody": 303},
        shown=False,
    ),
    Page(
        OF_A_PERSON,
        "admin.write",
        "/admin/people/{carol}/deletion",
        ADMIN,
        name="admin-person-deletion",
    ),
)
CHANGES: tuple[Change, ...] = (
    Change(
        "/account/deletion",
        "PUT",
        "account.write",
        "/account/deletion",
        {"email": "{role}@example.org"},
        # The last administrator stays.
        expect_change(erin=409),
        affects=("alice", "bob", "carol"),
    ),
    Change(
        "/account/return",
        "PUT",
        "public",
        "/account/return",
        pages=RETURN,
        as_fragment={"nobody": 303},
    ),
    Change(
        OF_A_PERSON,
        "PUT",
        "admin.write",
        "/admin/people/{carol}/deletion",
        {"sure": "yes"},
        expect_status(403, erin=303, nobody=401),
        affects=("bob", "carol"),
    ),
    Change(
        OF_A_PERSON,
        "DELETE",
        "admin.write",
        "/admin/people/{carol}/deletion",
        {"sure": "yes"},
        expect_status(403, erin=303, nobody=401),
        affects=("bob", "carol"),
    ),
)


def create_sample_data(write: Any) -> dict[str, str]:
    """Add nothing: the people are there."""
    return {}
