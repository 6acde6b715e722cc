"""Import a week from a calendar file without JavaScript."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import PageOf
from tests.browser.test_axe import add_axe, violations_in_both_schemes

CALENDARS = Path(__file__).parents[1] / "time_budget" / "calendars"


def open_preview(page: Page, name: str) -> None:
    """Go from the week to the preview of a file with two weeks."""
    page.goto("/time")
    page.get_by_role("link", name="From a calendar").click()
    page.get_by_label("Calendar file").set_input_files(CALENDARS / f"{name}.ics")
    page.get_by_label("From", exact=True).first.fill("2026-10-19")
    page.get_by_label("How long").select_option(label="2 weeks")
    page.get_by_role("button", name="Show what the file contains").click()
    expect(page.get_by_role("heading", name="What your calendar contains")).to_be_visible()


def test_outlook_calendar_is_previewed_corrected_and_saved(page_of: PageOf) -> None:
    page = page_of("alice", viewport={"width": 390, "height": 800}, java_script_enabled=False)
    open_preview(page, "outlook")
    expect(page.get_by_role("checkbox", name="Model design review")).not_to_be_checked()
    page.get_by_role("checkbox", name="Model design review").check()
    planning = page.get_by_role("combobox", name="Category of Quarterly planning with Product")
    planning.first.select_option(label="Other work")
    page.get_by_text("4 entries left out").click()
    expect(page.get_by_text("Dentist, out of office")).to_be_visible()
    page.get_by_role("button", name="Save hours").click()
    expect(page.get_by_text("From your calendar: 3 added")).to_be_visible()
    expect(page.get_by_role("heading", name="The week of 26 Oct 2026")).to_be_visible()
    open_preview(page, "outlook")
    expect(planning.first).to_have_value("other")
    page.get_by_role("button", name="Save hours").click()
    expect(page.get_by_text("0 added, 0 changed, 0 removed, 3 unchanged")).to_be_visible()


def test_calendar_preview_has_no_axe_violations(page_of: PageOf) -> None:
    page = page_of("alice", color_scheme="light", reduced_motion="reduce")
    add_axe(page)
    open_preview(page, "google")
    assert violations_in_both_schemes(page) == []
