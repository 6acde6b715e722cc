"""Routes for deleting an account."""

from __future__ import annotations

from typing import Any

from tests.support.route_entry import (
    SIGN_IN,
    Change,
    Page,
    expect_change,
    expect_status,
)

ADMIN_RULE = "/admin/people/<uuid:user_id>/deletion"
# Nobody in the cast has a pending deletion. `tests/erasure/test_deletion_requests.py` tests the
# page and `tests/browser/test_account_deletion.py` its accessibility.
RETURN_PAGE = expect_status(303)
ADMIN = expect_status(403, erin=200, nobody=SIGN_IN)

PAGES: tuple[Page, ...] = (
    Page("/account/deletion", "account.write", "/account/deletion"),
    Page(
        "/account/return",
        "public",
        "/account/return",
        RETURN_PAGE,
        as_fragment={"nobody": 303},
        shown=False,
    ),
    Page(
        ADMIN_RULE,
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
        # The last administrator cannot be deleted.
        expect_change(erin=409),
        affects=("alice", "bob", "carol"),
    ),
    Change(
        "/account/return",
        "PUT",
        "public",
        "/account/return",
        pages=RETURN_PAGE,
        as_fragment={"nobody": 303},
    ),
    Change(
        ADMIN_RULE,
        "PUT",
        "admin.write",
        "/admin/people/{carol}/deletion",
        {"sure": "yes"},
        expect_status(403, erin=303, nobody=401),
        affects=("bob", "carol"),
    ),
    Change(
        ADMIN_RULE,
        "DELETE",
        "admin.write",
        "/admin/people/{carol}/deletion",
        {"sure": "yes"},
        expect_status(403, erin=303, nobody=401),
        affects=("bob", "carol"),
    ),
)


def create_sample_data(write: Any) -> dict[str, str]:
    """Add nothing."""
    return {}
