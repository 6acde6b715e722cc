"""The wage map by state: by keyboard, and without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PageOf, SampleSite


@pytest.fixture
def alice(sample_site: SampleSite, page_of: PageOf) -> Page:
    return page_of("alice", viewport={"width": 1280, "height": 800}, java_script_enabled=False)


def test_wage_map_is_used_by_keyboard(alice: Page) -> None:
    alice.goto("/market")
    skip = alice.get_by_role("link", name="Skip the map")
    tiles = alice.get_by_role("group", name="Map: ").get_by_role("link")
    expect(tiles).to_have_count(51)
    skip.focus()
    alice.keyboard.press("Tab")
    expect(alice.get_by_role("link", name="Alaska: not published")).to_be_focused()
    for _time in range(4):
        alice.keyboard.press("Tab")
    expect(tiles.nth(4)).to_be_focused()
    california = alice.get_by_role("link", name="California: 239,200 or more")
    california.focus()
    alice.keyboard.press("Enter")
    row = alice.get_by_role("row", name="California")
    expect(row).to_be_in_viewport()
    assert alice.url.endswith("#state-CA")
    skip.focus()
    alice.keyboard.press("Enter")
    alice.keyboard.press("Tab")
    expect(alice.get_by_role("link", name="USD a year")).to_be_focused()


def test_wage_table_shows_chosen_figures_and_sorts(alice: Page) -> None:
    alice.goto("/market")
    alice.get_by_role("combobox", name="Figures").select_option(
        label="Data scientists, mean annual wage, May 2022"
    )
    alice.get_by_role("button", name="Show").click()
    expect(alice.get_by_role("heading", name="mean annual wage, May 2022")).to_be_visible()
    alice.get_by_role("link", name="USD a year").click()
    rows = alice.locator("#states tbody tr")
    expect(rows.first).to_contain_text(
        re.compile(r"California\s+CA\s+largest employers \(guide, 2025\)\s+145,600\s+31,000")
    )
    expect(alice.get_by_role("columnheader", name="USD a year")).to_have_attribute(
        "aria-sort", "descending"
    )


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
def test_offer_is_calculated_saved_and_deleted(
    javascript: bool, sample_site: SampleSite, page_of: PageOf
) -> None:
    alice = page_of("alice", java_script_enabled=javascript)
    alice.goto("/market")
    alice.get_by_role("link", name="Compare offers").click()
    alice.get_by_label("Base salary a year").fill("200,000")
    alice.get_by_label("Equity, the whole grant").fill("100,000")
    with alice.expect_event("load"):
        alice.keyboard.press("Enter")
    expect(alice.get_by_role("region", name="What it comes to")).to_contain_text("225,000")
    assert "200" not in alice.url
    expect(alice.get_by_label("Base salary a year")).to_have_value("200,000")
    alice.get_by_label("Name").fill("Scree AG")
    alice.get_by_role("button", name="Save this offer").click()
    expect(alice.get_by_text("The offer “Scree AG” is saved. Only you see it.")).to_be_visible()
    expect(alice.get_by_label("Base salary a year")).to_have_value("")
    alice.get_by_role("link", name="Scree AG").click()
    expect(alice.get_by_role("heading", name="Scree AG")).to_be_visible()
    alice.goto("/market/offers")
    item = alice.get_by_role("listitem").filter(has_text="Scree AG")
    item.locator("summary").click()
    item.get_by_role("button").click()
    expect(alice.get_by_text("The offer “Scree AG” is deleted.")).to_be_visible()
