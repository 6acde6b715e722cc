"""Routes of portfolios and their public links, and their sample data."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from roadmap.portfolio import actions, links
from roadmap.portfolio.models import Redaction
from tests.support.route_entry import (
    ALICE,
    PUBLIC,
    SIGN_IN,
    Change,
    Page,
    expect_change,
    expect_fragment,
    expect_only_alice,
)

RULE = "/portfolios/<uuid:portfolio_id>"
CV = "/portfolios/{cv}"
ITEM_RULE = f"{RULE}/items/<uuid:evidence_id>"
ITEM = f"{CV}/items/{{verified}}"
TEXTS = {
    "name": "For the panel",
    "headline": "ML engineer",
    "introduction": "I *build*.",
    "revision": "1",
}
PAGES: tuple[Page, ...] = (
    Page("/portfolio", "portfolio.read", "/portfolio"),
    Page("/portfolio/preview", "portfolio.read", "/portfolio/preview", shown=False),
    Page("/portfolio/export/<name>", "portfolio.read", "/portfolio/export/markdown", shown=False),
    Page(RULE, "portfolio.read", CV, ALICE, name="portfolio-cv"),
    Page("/portfolios", "portfolio.read", "/portfolios"),
    Page("/portfolio/profiles", "portfolio.read", "/portfolio/profiles"),
    Page(ITEM_RULE, "portfolio.read", ITEM, ALICE, name="portfolio-item"),
    Page(f"{RULE}/preview", "portfolio.read", f"{CV}/preview", ALICE, name="portfolio-preview"),
    Page(f"{RULE}/export/<name>", "portfolio.read", f"{CV}/export/markdown", ALICE, shown=False),
    Page("/portfolio/links", "portfolio.read", "/portfolio/links"),
    Page("/p/<token>", "public", "/p/{public}", PUBLIC, name="public-portfolio"),
)
CHANGES: tuple[Change, ...] = (
    Change(
        "/portfolios", "POST", "portfolio.write", "/portfolios",
        {"name": "Recruiters", "copy_of": "{cv}"},
        # A copy of Alice's portfolio, which others cannot select.
        expect_change(422, alice=303),
    ),
    Change(RULE, "PUT", "portfolio.write", CV, TEXTS, expect_only_alice()),
    Change(
        RULE, "DELETE", "portfolio.write", CV, {}, expect_only_alice(nobody=SIGN_IN),
    ),
    Change(
        f"{RULE}/default", "PUT", "portfolio.write", f"{CV}/default", {},
        expect_only_alice(nobody=SIGN_IN),
    ),
    Change(
        "/portfolio/profiles", "PUT", "portfolio.write", "/portfolio/profiles",
        {"github": "octocat"}, expect_change(),
    ),
    Change(
        f"{RULE}/sections/<key>", "PUT", "portfolio.write", f"{CV}/sections/skills", {},
        expect_only_alice(nobody=SIGN_IN), expect_fragment("alice"),
    ),
    Change(
        f"{RULE}/sections/<key>", "DELETE", "portfolio.write", f"{CV}/sections/skills", {},
        expect_only_alice(nobody=SIGN_IN), expect_fragment("alice"),
    ),
    Change(
        f"{RULE}/sections/<key>/place", "PUT", "portfolio.write", f"{CV}/sections/skills/place",
        {"to": "0"}, expect_only_alice(), expect_fragment("alice"),
    ),
    Change(
        f"{ITEM_RULE}/redaction", "PUT", "portfolio.write", f"{ITEM}/redaction",
        {"title": "A system"}, expect_only_alice(),
    ),
    Change(
        f"{ITEM_RULE}/redaction", "DELETE", "portfolio.write", f"{ITEM}/redaction", {},
        expect_only_alice(nobody=SIGN_IN),
    ),
    Change(
        f"{RULE}/introduction/preview", "POST", "portfolio.write", f"{CV}/introduction/preview",
        TEXTS, expect_only_alice(200),
    ),
    Change(
        f"{RULE}/items", "PUT", "portfolio.write", f"{CV}/items", {},
        expect_only_alice(nobody=SIGN_IN), expect_fragment("alice"),
    ),
    Change(
        ITEM_RULE, "PUT", "portfolio.write", ITEM, {},
        expect_only_alice(nobody=SIGN_IN), expect_fragment("alice"),
    ),
    Change(
        "/portfolio/items/<uuid:evidence_id>", "PUT", "portfolio.write",
        "/portfolio/items/{verified}", {}, expect_only_alice(nobody=SIGN_IN, bob=403),
    ),
    Change(
        ITEM_RULE, "DELETE", "portfolio.write", ITEM, {},
        expect_only_alice(nobody=SIGN_IN), expect_fragment("alice"),
    ),
    Change(
        f"{ITEM_RULE}/place", "PUT", "portfolio.write", f"{ITEM}/place", {"to": "0"},
        expect_only_alice(), expect_fragment("alice"),
    ),
    Change(
        "/portfolio/links", "POST", "portfolio.write", "/portfolio/links",
        {"label": "Panel", "lives": "30", "portfolio": "{cv}"},
        expect_change(422, alice=303),
    ),
    Change(
        "/portfolio/links/<uuid:link_id>", "DELETE", "portfolio.write",
        "/portfolio/links/{public_link}", {}, expect_only_alice(nobody=SIGN_IN),
    ),
)  # fmt: skip


def create_sample_data(write: Any) -> dict[str, str]:
    """Add a second portfolio of Alice with redacted evidence, an active and a revoked link."""
    alice, session = write.actor(write.cast.alice), write.session
    cv = actions.create_portfolio(
        session, name="Public CV", copy_of=alice.id, by=alice, now=write.ago(4)
    )
    actions.redact_item(
        session, cv, uuid.UUID(write.ids["verified"]),
        Redaction("A ranking system", "Details are under *NDA*."), now=write.ago(4),
    )  # fmt: skip
    made = links.create_link(
        session,
        cv,
        label="Panel in March",
        expires_at=write.now + dt.timedelta(days=60),
        now=write.ago(3),
    )
    made.last_opened_on = write.now.date()
    first = actions.lock_portfolio(session, alice.id, by=alice, now=write.ago(9))
    gone = links.create_link(session, first, label="", expires_at=None, now=write.ago(9))
    links.revoke_link(session, gone, by=alice, now=write.ago(8))
    return {"public": links.sign_token(made), "public_link": str(made.id), "cv": str(cv.id)}
