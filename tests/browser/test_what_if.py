"""What-if scenarios by keyboard alone, with and without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PageOf, SampleSite


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
def test_keyboard_selection_shows_resulting_readiness(
    javascript: bool, sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice", java_script_enabled=javascript)
    page.goto("/readiness")
    section = page.get_by_role("region", name="What if")
    box, other = section.get_by_role("checkbox").nth(0), section.get_by_role("checkbox").nth(1)
    box.focus()
    page.keyboard.press("Space")
    if javascript:
        expect(section).to_contain_text("If this came true: ")
        expect(page).to_have_url(re.compile("[?&]if="))
        expect(box).to_be_focused()
    page.keyboard.press("Tab")
    expect(other).to_be_focused()
    page.keyboard.press("Space")
    if not javascript:
        page.keyboard.press("Enter")
    expect(section).to_contain_text(re.compile(r"If these 2 came true: [\d.]+ → [\d.]+ \(\+"))
    expect(box).to_be_checked()
    # The URL contains the scenario.
    page.goto(page.url)
    expect(section).to_contain_text("If these 2 came true: ")
    link = section.get_by_role("link", name="Clear the selection")
    link.focus()
    page.keyboard.press("Enter")
    expect(section).to_contain_text("Select what could come true")
    expect(box).not_to_be_checked()
