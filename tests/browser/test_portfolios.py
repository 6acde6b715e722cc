"""Several portfolios: reorder by drag and by keyboard, and a public link for each."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import PageOf


def rows(page: Page, part: str) -> Locator:
    return page.locator(f"{part} [data-reorder] > li")


def row_titles(page: Page, part: str) -> list[str]:
    """Return the visible texts of the rows."""
    return [
        row.evaluate("row => (row.querySelector('a.title, :scope > span')).innerText")
        .replace("⠿", "").strip()
        for row in rows(page, part).all()
    ]  # fmt: skip


@pytest.mark.parametrize(("part", "path"), [("#pieces", "/items/"), ("#sections", "/sections/")])
def test_dragged_row_keeps_new_position(part: str, path: str, page_of: PageOf) -> None:
    page = page_of("alice")
    page.goto("/portfolio")
    before = row_titles(page, part)
    with page.expect_response(
        lambda response: path in response.url and response.request.method == "PUT"
    ):
        height = rows(page, part).last.evaluate("row => row.offsetHeight")
        rows(page, part).first.locator(".drag-handle").drag_to(
            rows(page, part).last, target_position={"x": 40, "y": height - 4}
        )
    expect(rows(page, part)).to_have_count(len(before))
    page.reload()
    after = row_titles(page, part)
    assert after[0] == before[1]
    assert set(after) == set(before)


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
def test_second_portfolio_has_separate_order_redaction_and_link(
    javascript: bool, page_of: PageOf
) -> None:
    alice = page_of("alice", java_script_enabled=javascript)
    name = f"Recruiters {javascript}"
    alice.goto("/portfolios")
    alice.get_by_label("Name").fill(name)
    alice.get_by_label("Start from").select_option("a copy of Portfolio")
    alice.get_by_role("button", name="Create portfolio").click()
    expect(alice.get_by_role("heading", level=1)).to_have_text(name)
    first, second = row_titles(alice, "#pieces")[:2]
    # With the keyboard alone.
    alice.get_by_role("button", name=f"Down {first}").focus()
    alice.keyboard.press("Enter")
    expect(rows(alice, "#pieces").first).to_contain_text(second)
    alice.get_by_role("button", name="Hide Skills").focus()
    alice.keyboard.press("Enter")
    expect(alice.get_by_role("button", name="Show Skills")).to_be_visible()
    alice.get_by_role("link", name=re.compile(f"^Redact.*{first}")).focus()
    alice.keyboard.press("Enter")
    alice.get_by_label("Title that readers see").fill("A system under NDA")
    alice.get_by_role("button", name="Redact", exact=True).click()
    expect(alice.get_by_text("Readers see: A system under NDA")).to_be_visible()

    alice.get_by_role("link", name="Public links").first.click()
    expect(alice.get_by_label("Portfolio", exact=True).locator("option:checked")).to_have_text(name)
    alice.get_by_label("For whom").fill(name)
    alice.get_by_role("button", name="Create link").click()
    address = alice.get_by_label(f"Address of “{name}”").input_value()

    reader = page_of("nobody", java_script_enabled=javascript)
    reader.goto(address)
    expect(reader.get_by_role("heading", name="A system under NDA")).to_be_visible()
    expect(reader.get_by_text(first)).to_have_count(0)
    expect(reader.get_by_text(name)).to_have_count(0)
    expect(reader.get_by_role("heading", name="Skills", exact=True)).to_have_count(0)
    alice.goto("/portfolio/preview")
    expect(alice.get_by_role("heading", name=first)).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
def test_result_of_a_change_is_visible(javascript: bool, page_of: PageOf) -> None:
    page = page_of("alice", java_script_enabled=javascript, viewport={"width": 390, "height": 844})
    page.goto("/portfolio")
    first = row_titles(page, "#pieces")[0]
    for name, message in (("Remove", "is removed."), ("Show", "is shown.")):
        page.get_by_role("button", name=f"{name} {first}").press("Enter")
        expect(page.locator("main").get_by_text(f"{first} {message}")).to_be_in_viewport()


@pytest.mark.parametrize("part", ["#pieces", "#sections"])
def test_row_moved_to_end_keeps_focus(part: str, page_of: PageOf) -> None:
    page = page_of("alice")
    page.goto("/portfolio")
    rows = page.locator(f"{part} [data-place]")
    name = rows.nth(1).get_attribute("data-place")
    for button, at, other in (("Up", 0, "Down"), ("Down", -1, "Up")):
        moved = page.locator(f"{part} [data-place='{name}']")
        for _step in range(rows.count()):
            if not moved.get_by_role("button", name=button).is_enabled():
                break
            with page.expect_response("**/place*"):
                moved.get_by_role("button", name=button).press("Enter")
            expect(page.locator(".htmx-request, .htmx-swapping")).to_have_count(0)
        assert rows.nth(at).get_attribute("data-place") == name
        expect(moved.get_by_role("button", name=other)).to_be_focused()


@pytest.mark.parametrize("part", ["#pieces", "#sections"])
def test_change_waits_for_response_to_earlier_one(part: str, page_of: PageOf) -> None:
    """The response to a second change could otherwise be shown without the first."""
    page = page_of("alice")
    page.goto("/portfolio")
    held: list[Route] = []
    page.route("**/place*", lambda route: held.append(route))
    names = [row.get_attribute("data-place") for row in rows(page, part).all()]
    down = rows(page, part).first.get_by_role("button", name="Down")
    with page.expect_request("**/place*"):
        down.press("Enter")
    for button in page.locator(f"{part} button").all():
        expect(button).to_be_disabled()
    # Nor can a row be dragged.
    assert (
        not rows(page, part)
        .nth(1)
        .locator(".drag-handle")
        .evaluate(
            """handle => handle.dispatchEvent(new DragEvent("dragstart",
          { bubbles: true, cancelable: true, dataTransfer: new DataTransfer() }))"""
        )
    )
    with page.expect_response("**/place*"):
        held[0].continue_()
    expect(rows(page, part).nth(1)).to_have_attribute("data-place", names[0] or "")
    expect(rows(page, part).nth(1).locator("button:focus")).to_be_visible()
    # After a failure, the buttons work again, and the focus is where it was.
    page.unroute_all()
    page.route("**/place*", lambda route: route.abort())
    up = rows(page, part).nth(1).get_by_role("button", name="Up")
    up.press("Enter")
    expect(page.locator(".fault")).to_be_visible()
    expect(up).to_be_enabled()
    expect(up).to_be_focused()
