"""A form that is sent twice in a row is sent once, and its response is the one to the first."""

from __future__ import annotations

from functools import partial

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PageOf


@pytest.fixture
def offers(page_of: PageOf) -> Page:
    page = page_of("alice")
    page.goto("/market/offers")
    return page


def test_double_click_sends_form_once(offers: Page) -> None:
    held: list[Route] = []
    offers.route("**/market/offers/*", lambda route: held.append(route))
    offers.locator("details.confirm > summary", has_text="Delete").first.click()
    delete = offers.locator("details[open] button", has_text="Delete").first
    box = delete.bounding_box()
    assert box is not None
    # A locator's click would wait for the response.
    click = partial(offers.mouse.click, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    with offers.expect_request("**/market/offers/*"):
        click()
    click()
    with offers.expect_navigation():
        held[-1].continue_()
    expect(offers.locator(".flash", has_text="is deleted")).to_be_visible()
    assert len(held) == 1


def test_form_is_sent_again_after_a_while(page_of: PageOf) -> None:
    """After a response that never came, sending again works."""
    page = page_of("alice")
    page.route("**/account/tokens", lambda route: route.fulfill(status=204))
    page.goto("/account/tokens/new")
    page.get_by_role("textbox", name="Name").fill("Script")
    create = page.get_by_role("button", name="Create token")

    def click_at(milliseconds: int) -> None:
        page.evaluate(
            """now => Object.defineProperty(Event.prototype, "timeStamp",
              { configurable: true, get: () => now })""",
            milliseconds,
        )
        create.evaluate("button => button.click()")

    with page.expect_request("**/account/tokens"):
        click_at(1000)
    with page.expect_request("**/account/tokens"):
        click_at(6400)
