"""Slow, lost and reordered responses lose no input and leave nothing outdated on the page."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import PageOf


def test_connection_error_at_top_of_page_causes_no_script_error(page_of: PageOf) -> None:
    page = page_of("alice")
    page.goto("/evidence")
    page.route("**/evidence?*", lambda route: route.abort())
    page.get_by_label("Kind").select_option("patent")
    expect(page.locator("#messages .fault")).to_be_visible()
