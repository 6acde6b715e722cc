"""Slow, lost and reordered responses lose no input and leave nothing outdated on the page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PageOf
from tests.support.slow_network import HeldRequests


def test_connection_error_at_top_of_page_causes_no_script_error(page_of: PageOf) -> None:
    page = page_of("alice")
    page.goto("/evidence")
    page.route("**/evidence?*", lambda route: route.abort())
    page.get_by_label("Kind").select_option("patent")
    expect(page.locator("#messages .fault")).to_be_visible()


def test_impact_typed_while_another_is_added_is_kept(page_of: PageOf) -> None:
    page = page_of("alice")
    page.goto("/evidence/new")
    page.locator("summary", has_text="Impact").click()
    requests = HeldRequests(page, "**/evidence/impacts")
    add, metrics = (
        page.get_by_role("button", name="Add another impact"),
        page.get_by_label("Metric"),
    )
    for number in range(1, 6):
        with requests.expect():
            add.dblclick()
        metrics.nth(number - 1).fill(f"metric {number}")
        requests.answer()
        expect(metrics).to_have_count(number + 1)
    expect(page.get_by_text("At most six impacts.")).to_be_visible()
    expect(add).to_have_count(0)
    for number in range(1, 6):
        expect(metrics.nth(number - 1)).to_have_value(f"metric {number}")


@pytest.mark.parametrize(
    ("path", "fold", "search", "choices"),
    [
        ("/evidence/new", "", "Search", "#milestone-choices"),
        (
            "/practice/argument-you-lost",
            "Evidence it cites",
            "Search evidence",
            "#evidence-choices",
        ),
    ],
    ids=["milestones", "evidence"],
)
@pytest.mark.parametrize("by_button", [False, True], ids=["typing", "button"])
def test_choice_made_during_search_is_kept(
    page_of: PageOf, path: str, fold: str, search: str, choices: str, *, by_button: bool
) -> None:
    page = page_of("alice")
    page.goto(path)
    if fold:
        page.locator("summary", has_text=fold).click()
    first = page.locator(f"{choices} input").first
    value = first.get_attribute("value")
    requests = HeldRequests(page, re.compile(r"/(milestones|evidence)\?"))
    with requests.expect():
        page.locator("#q").fill("no such words")
    if by_button:
        with requests.expect():
            page.get_by_role("button", name=search).click()
    with requests.expect():
        first.check()
    requests.answer(-1)
    expect(page.locator(choices)).to_contain_text("No other")
    expect(page.locator(f"{choices} input[value='{value}']")).to_be_checked()
