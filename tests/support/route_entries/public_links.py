"""What can be asked of portfolio: public links, and what it needs to be there."""

from __future__ import annotations

import datetime as dt
from typing import Any

from roadmap.portfolio import links
from tests.support.route_entry import (
    PUBLIC,
    SIGN_IN,
    Change,
    Page,
    expect_change,
    expect_only_alice,
)

PAGES: tuple[Page, ...] = (
    Page("/portfolio/links", "portfolio.read", "/portfolio/links"),
    Page("/p/<token>", "public", "/p/{public}", PUBLIC, name="public-portfolio"),
)
CHANGES: tuple[Change, ...] = (
    Change(
        "/portfolio/links",
        "POST",
        "portfolio.write",
        "/portfolio/links",
        {"label": "Panel", "lives": "30"},
        expect_change(),
    ),
    Change(
        "/portfolio/links/<uuid:link_id>",
        "DELETE",
        "portfolio.write",
        "/portfolio/links/{public_link}",
        {},
        expect_only_alice(nobody=SIGN_IN),
    ),
)


def create_sample_data(write: Any) -> dict[str, str]:
    """An open link of Alice's, and one that she revoked."""
    alice = write.actor(write.cast.alice)
    made = links.create_link(
        write.session,
        alice.id,
        label="Panel in March",
        expires_at=write.now + dt.timedelta(days=60),
        by=alice,
        now=write.ago(3),
    )
    made.last_opened_on = write.now.date()
    gone = links.create_link(
        write.session, alice.id, label="", expires_at=None, by=alice, now=write.ago(9)
    )
    links.revoke_link(write.session, gone, by=alice, now=write.ago(8))
    return {"public": links.sign_token(made), "public_link": str(made.id)}
