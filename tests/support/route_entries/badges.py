"""Routes of badges: the owner's pages, and public verification."""

from __future__ import annotations

from typing import Any

from roadmap.badges import actions, keys
from tests.support.route_entry import (
    PUBLIC,
    SIGN_IN,
    Change,
    Page,
    expect_only_alice,
    expect_status,
)
from tests.support.signing_keys import BASE, add_keys

PUBLIC_RULE = "/credentials/<uuid:badge_id>"

PAGES: tuple[Page, ...] = (
    Page("/badges", "badge.read", "/badges"),
    Page(
        "/badges/new", "badge.read", "/badges/new?for={verified}",
        expect_status(404, alice=200, nobody=SIGN_IN),
    ),
    Page(PUBLIC_RULE, "public", "/credentials/{badge}", PUBLIC, name="badge"),
    Page(
        PUBLIC_RULE, "public", "/credentials/{revoked_badge}", expect_status(410),
        name="badge-revoked",
    ),
    Page(
        PUBLIC_RULE, "public", "/credentials/{verified}", expect_status(404),
        name="badge-unknown",
    ),
    *(
        Page(f"{PUBLIC_RULE}/{file}", "public", "/credentials/{badge}/" + file, PUBLIC, shown=False)
        for file in ("badge.json", "badge.jwt", "qr.svg")
    ),
    Page("/credentials/issuer", "public", "/credentials/issuer", PUBLIC, shown=False),
    Page(
        "/credentials/keys/<uuid:key_id>", "public", "/credentials/keys/{signing_key}", PUBLIC,
        shown=False,
    ),
    Page("/.well-known/jwks.json", "public", "/.well-known/jwks.json", PUBLIC, shown=False),
    Page(
        "/credentials/status/<int:number>", "public", "/credentials/status/0", PUBLIC,
        shown=False,
    ),
    Page("/credentials/verify", "public", "/credentials/verify", PUBLIC),
)  # fmt: skip
CHANGES: tuple[Change, ...] = (
    Change(
        "/badges", "POST", "badge.write", "/badges", {"for": "{verified}"}, expect_only_alice()
    ),
    Change(
        "/badges/<uuid:badge_id>", "DELETE", "badge.write", "/badges/{badge}",
        {}, expect_only_alice(nobody=SIGN_IN), affects=("nobody",),
    ),
    Change(
        "/credentials/verify", "POST", "public", "/credentials/verify", {"badge": "A text"}, PUBLIC
    ),
)  # fmt: skip


def create_sample_data(write: Any) -> dict[str, str]:
    """Add a badge for Alice's verified evidence, and an earlier revoked one."""
    alice = write.actor(write.cast.alice)
    add_keys(write.session, write.ago(2))
    subject = write.ids["verified"]
    gone = actions.issue_badge(write.session, subject, base=BASE, by=alice, now=write.ago(2))
    actions.revoke_badge(write.session, gone, by=alice, now=write.ago(1))
    badge = actions.issue_badge(write.session, subject, base=BASE, by=alice, now=write.ago(1))
    return {
        "badge": str(badge.id),
        "revoked_badge": str(gone.id),
        "signing_key": str(keys.load_keys(write.session).rsa_id),
    }
