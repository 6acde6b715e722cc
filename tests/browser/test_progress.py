"""Progress over time, by keyboard and without JavaScript."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import PageOf

PAGE = "/roadmaps/senior-ml-engineer/progress"


def test_chart_numbers_and_periods_are_reached_by_keyboard(page_of: PageOf) -> None:
    page = page_of("alice", viewport={"width": 390, "height": 800}, java_script_enabled=False)
    page.goto(PAGE)
    expect(page.get_by_role("img", name="Effort over time, in hours")).to_be_visible()
    expect(page.get_by_role("img", name="Readiness score over time")).to_be_visible()
    page.get_by_text("The numbers in both charts", exact=True).focus()
    page.keyboard.press("Enter")
    table = page.get_by_role("region", name="The numbers in both charts")
    expect(table.get_by_role("columnheader", name="Verified, h")).to_be_visible()
    page.get_by_role("link", name="90 days").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"period=90-days"))
    current = page.get_by_role("navigation", name="Period").locator("[aria-current=page]")
    expect(current).to_have_text("90 days")
    # Nothing overflows on a phone.
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
