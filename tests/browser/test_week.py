"""The week's hours by keyboard alone and without JavaScript."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import PageOf


def test_hours_are_entered_by_keyboard_and_deletion_is_undone(page_of: PageOf) -> None:
    page = page_of("carol", java_script_enabled=False, viewport={"width": 390, "height": 844})
    page.goto("/")
    page.locator(".account-menu summary").click()
    page.get_by_role("link", name="Your week").click()
    page.get_by_label("Deep work", exact=True).focus()
    for key in ("Space", "ArrowDown", "ArrowDown", "Tab"):
        page.keyboard.press(key)
    page.keyboard.type("1:30")
    page.keyboard.press("Enter")
    entry = page.get_by_role("listitem").filter(has_text="One-to-ones, 1 h 30 min")
    expect(entry).to_be_visible()
    entry.get_by_role("button", name="Delete").click()
    expect(entry).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(entry).to_be_visible()
