"""Routes for confirming an e-mail address."""

from __future__ import annotations

import datetime as dt
from typing import Any

from roadmap.auth.models import PendingEmail
from roadmap.auth.tokens import new_token
from tests.support.route_entry import (
    ALICE,
    SIGN_IN,
    Change,
    Page,
    expect_change,
    expect_only_alice,
    expect_status,
)

RULE = "/account/email/<token>"
OF_A_PERSON = "/admin/people/<uuid:user_id>/email"

PAGES: tuple[Page, ...] = (
    Page(RULE, "account.write", "/account/email/{email_link}", ALICE, name="confirm-email"),
    Page(
        OF_A_PERSON,
        "admin.write",
        "/admin/people/{carol}/email",
        expect_status(403, erin=200, nobody=SIGN_IN),
        name="admin-person-email",
    ),
)
CHANGES: tuple[Change, ...] = (
    Change(
        "/account/email/link",
        "POST",
        "account.write",
        "/account/email/link",
        pages=expect_change(nobody=SIGN_IN),
    ),
    Change(
        "/account/email",
        "DELETE",
        "account.write",
        "/account/email",
        pages=expect_change(nobody=SIGN_IN),
    ),
    Change(
        RULE,
        "PUT",
        "account.write",
        "/account/email/{email_link}",
        pages=expect_only_alice(nobody=SIGN_IN),
    ),
    Change(
        OF_A_PERSON,
        "PUT",
        "admin.write",
        "/admin/people/{carol}/email",
        {"pending": "{email_of_carol}"},
        expect_status(403, erin=303, nobody=401),
        affects=("carol",),
    ),
)


def create_sample_data(write: Any) -> dict[str, str]:
    """Add the data that the URLs refer to."""
    tokens = {}
    for name in ("alice", "carol"):
        token, token_hash = new_token()
        email = f"{name}@elsewhere.example.org"
        pending = PendingEmail(
            user_id=getattr(write.cast, name),
            email=email,
            email_key=email,
            token_hash=token_hash,
            created_at=write.now,
            expires_at=write.now + dt.timedelta(days=1),
        )
        write.session.add(pending)
        write.session.flush()
        tokens[name] = (token, str(pending.id))
    return {"email_link": tokens["alice"][0], "email_of_carol": tokens["carol"][1]}
