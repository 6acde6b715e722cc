"""The evidence form shows fields by kind with CSS."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import PageOf


def test_new_evidence_form_is_short_and_shows_fields_by_kind(page_of: PageOf) -> None:
    """Without JavaScript too; fields with input stay visible for any kind."""
    page = page_of("alice", java_script_enabled=False, viewport={"width": 1280, "height": 800})
    page.goto("/evidence/new")
    for width, most in ((1280, 1000), (390, 1600)):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.locator("body").bounding_box()["height"] < most
    issuer, expiry = page.get_by_label("Issuer"), page.get_by_label("Expires on")
    suggestion = page.get_by_text("worth measuring for this kind")
    for kind, shown in (
        ("launch", (False, False, True)),
        ("talk", (True, False, False)),
        ("certification", (True, True, False)),
    ):
        page.get_by_label("Kind").select_option(kind)
        for part, is_shown in zip((issuer, expiry, suggestion), shown, strict=True):
            expect(part).to_be_visible(visible=is_shown)
    expiry.fill("2027")
    page.get_by_label("Kind").select_option("launch")
    expect(expiry).to_be_visible()
    expect(issuer).to_be_hidden()
