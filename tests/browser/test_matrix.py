"""The team matrix by keyboard alone, with a pointer, and without JavaScript."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from roadmap.core.database import db
from roadmap.readiness.actions import recompute_all
from tests.browser.conftest import SIZES, PageOf, SampleSite
from tests.browser.test_journey import KeyboardInput

MATRIX = "/teams/ranking"


@pytest.fixture
def bob(sample_site: SampleSite, page_of: PageOf) -> Page:
    """Bob's page, with current summary rows."""
    with sample_site.app.app_context():
        recompute_all(db.session, now=dt.datetime.now(dt.UTC))
        db.session.commit()
    return page_of("bob", viewport={"width": 1280, "height": 800})


def focused_name(page: Page) -> str:
    """Return the accessible name of the focused element."""
    name: str = page.evaluate(
        "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
    )
    return name.strip()


def tab_to(page: Page, name: str) -> None:
    for _time in range(60):
        page.keyboard.press("Tab")
        if focused_name(page) == name:
            return
    raise AssertionError(f"Tab never reached {name}")


def test_matrix_is_navigated_by_keyboard(bob: Page) -> None:
    bob.goto(MATRIX)
    tab_to(bob, "Alice")
    # The matrix is one tab stop, so Tab leaves it.
    bob.keyboard.press("Tab")
    assert not bob.evaluate("!!document.activeElement.closest('table.matrix')")
    bob.keyboard.press("Shift+Tab")
    assert focused_name(bob) == "Alice"
    # The same backwards: the scrolling frame is not a tab stop.
    bob.keyboard.press("Shift+Tab")
    assert not bob.evaluate("!!document.activeElement.closest('.matrix-frame')")
    bob.keyboard.press("Tab")
    assert focused_name(bob) == "Alice"
    bob.keyboard.press("ArrowRight")
    assert focused_name(bob).startswith("Alice: ")
    bob.keyboard.press("ArrowRight")
    assert focused_name(bob).startswith("Alice, Build strong foundations: ")
    bob.keyboard.press("ArrowDown")
    assert focused_name(bob).startswith("Carol, Build strong foundations: ")
    bob.keyboard.press("ArrowDown")
    assert focused_name(bob).startswith("Carol, "), "Carol's row is the last"
    bob.keyboard.press("End")
    assert bob.evaluate("document.activeElement.closest('td').nextElementSibling") is None
    expect(bob.locator(":focus")).to_be_in_viewport()
    bob.keyboard.press("Control+Home")
    assert focused_name(bob) == "Alice"
    # Move into the header and sort; the focus stays on the column.
    bob.keyboard.press("ArrowRight")
    bob.keyboard.press("ArrowUp")
    assert focused_name(bob) == "Readiness"
    bob.keyboard.press("Enter")
    expect(bob.locator("th.readiness")).to_have_attribute("aria-sort", "descending")
    assert focused_name(bob) == "Readiness"
    assert "sort=readiness" in bob.url
    bob.keyboard.press("Enter")
    expect(bob.locator("th.readiness")).to_have_attribute("aria-sort", "ascending")
    expect(bob.locator("#by-readiness")).to_be_focused()
    bob.keyboard.press("ArrowDown")
    assert focused_name(bob).startswith("Carol: ")
    # A cell links to its details.
    for _time in range(5):
        bob.keyboard.press("ArrowRight")
    assert focused_name(bob).startswith("Carol, Build visibility and impact: ")
    bob.keyboard.press("Enter")
    bob.wait_for_url("**/people/*?stage=visibility*#stage-visibility")
    expect(bob.locator("#stage-visibility")).to_be_in_viewport()


def test_filter_updates_table_by_keyboard_and_announces_count(bob: Page) -> None:
    user = KeyboardInput(bob)
    bob.goto(MATRIX)
    user.fill("Name", "caro")
    expect(bob.locator("table.matrix tbody tr")).to_have_count(1)
    # Wait for the response to the last letter; earlier ones may arrive while typing.
    expect(bob).to_have_url(re.compile("q=caro(&|$)"))
    expect(bob.locator("#live")).to_have_text("1 person shown.")
    expect(bob.get_by_label("Name", exact=True)).to_be_focused()
    bob.reload()
    expect(bob.locator("table.matrix tbody tr")).to_have_count(1)
    user.press("link", "Show all")
    expect(bob.locator("table.matrix tbody tr")).to_have_count(2)


def hold(page: Page, query: str) -> list[Route]:
    """Hold requests for the matrix whose query string matches."""
    held: list[Route] = []
    page.route(re.compile(rf"{MATRIX}\?{query}$"), lambda route: held.append(route))
    return held


def assert_newest(page: Page, names: list[str], column: str, order: str) -> None:
    """The table, the filter, the order and the URL are those that the person chose last."""
    expect(page.locator("table.matrix tbody th a")).to_have_text(names)
    expect(page.locator(f"th:has(#by-{column})")).to_have_attribute("aria-sort", order)
    asked = parse_qs(urlsplit(page.url).query)
    assert asked.get("sort", ["name"]) == [column]
    assert asked.get("q", [""]) == [page.get_by_label("Name", exact=True).input_value()]


def test_sorting_keeps_filter_whose_response_is_late(bob: Page) -> None:
    bob.goto(MATRIX)
    hold(bob, r"q=a&(?!.*sort=).*")
    with bob.expect_request("**/ranking?q=a&*"):
        bob.get_by_label("Name", exact=True).fill("a")
    bob.locator("#by-readiness").click()
    assert_newest(bob, ["Alice", "Carol"], "readiness", "descending")
    bob.get_by_label("Name", exact=True).fill("alice")
    # Before the filter's delay is over.
    bob.locator("#by-readiness").click()
    assert_newest(bob, ["Alice"], "readiness", "ascending")
    expect(bob).to_have_url(re.compile("q=alice&.*order=asc"))


def test_filter_keeps_order_whose_response_is_late(bob: Page) -> None:
    bob.goto(MATRIX)
    hold(bob, r"(q=&.*)?sort=readiness.*")
    with bob.expect_request("**/ranking?*sort=readiness*"):
        bob.locator("#by-readiness").click()
    bob.get_by_label("Name", exact=True).fill("caro")
    expect(bob.locator("table.matrix tbody tr")).to_have_count(1)
    assert_newest(bob, ["Carol"], "readiness", "descending")


def test_last_of_two_orders_is_shown(bob: Page) -> None:
    bob.goto(MATRIX)
    hold(bob, ".*sort=readiness.*")
    with bob.expect_request("**/ranking?*sort=readiness*"):
        bob.locator("#by-readiness").click()
    with bob.expect_event("requestfailed", lambda request: "sort=readiness" in request.url):
        bob.locator("#by-moved").click()
    assert_newest(bob, ["Alice", "Carol"], "moved", "ascending")


def test_names_stay_visible_when_matrix_scrolls_sideways(bob: Page) -> None:
    bob.set_viewport_size({"width": 390, "height": 844})
    bob.goto(MATRIX)
    bob.locator(".matrix-frame").evaluate("frame => frame.scrollTo(600, 0)")
    name = bob.locator("tbody th").first.bounding_box()
    frame = bob.locator(".matrix-frame").bounding_box()
    assert name is not None
    assert frame is not None
    assert abs(name["x"] - frame["x"]) < 1
    assert bob.evaluate("document.documentElement.scrollWidth") <= 390


# As many rows as a team of 48, to test scrolling.
MANY_ROWS = """() => {
  const body = document.querySelector("table.matrix tbody");
  const rows = [...body.rows];
  for (let more = 0; more < 23; more += 1) body.append(...rows.map((row) => row.cloneNode(true)));
}"""


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_matrix_header_stays_visible_when_scrolling_down(
    bob: Page, width: int, height: int
) -> None:
    bob.set_viewport_size({"width": width, "height": height})
    bob.goto(MATRIX)
    frame = bob.locator(".matrix-frame")
    # A team of two does not scroll.
    assert frame.evaluate("frame => frame.scrollHeight <= frame.clientHeight")
    bob.evaluate(MANY_ROWS)
    bob.locator("tbody tr").last.locator("th a").focus()
    bob.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    assert frame.evaluate("frame => frame.scrollTop") > 0
    expect(bob.locator("#by-name")).to_be_in_viewport(ratio=1)
    expect(bob.locator("tbody tr").last.locator("th a")).to_be_in_viewport()
    # With the keyboard, the focused element is below the header, not behind it.
    bob.locator("tbody tr").last.locator("th a").focus()
    bob.keyboard.press("ArrowRight")
    for _time in range(46):
        bob.keyboard.press("ArrowUp")
    cell = bob.locator(":focus").bounding_box()
    head = bob.locator("table.matrix thead").bounding_box()
    assert cell is not None
    assert head is not None
    assert cell["y"] >= head["y"] + head["height"] - 1


def test_phone_shows_rows_before_legend_and_filters(bob: Page) -> None:
    """Legend and filters are collapsed, and the navigation hides no row."""
    bob.set_viewport_size({"width": 390, "height": 844})
    bob.goto(MATRIX)
    first = bob.locator("tbody tr").first.bounding_box()
    assert first is not None
    assert first["y"] < 400
    expect(bob.locator(".matrix-legend li").first).to_be_visible()
    expect(bob.locator(".matrix-legend li", has_text="two levels or more apart")).to_be_hidden()
    expect(bob.get_by_label("Name", exact=True)).to_be_hidden()
    bob.evaluate(MANY_ROWS)
    frame = bob.locator(".matrix-frame").bounding_box()
    navigation = bob.locator(".main-nav").bounding_box()
    assert frame is not None
    assert navigation is not None
    assert frame["y"] + frame["height"] <= navigation["y"]
    bob.get_by_text("How to read a cell").click()
    expect(bob.locator(".matrix-legend li", has_text="two levels or more apart")).to_be_visible()
    bob.get_by_text("Filter people").click()
    bob.get_by_label("Name", exact=True).fill("caro")
    expect(bob.locator("table.matrix tbody tr")).to_have_count(1)
    # With a filter set, the page opens with visible filters.
    bob.reload()
    expect(bob.get_by_label("Name", exact=True)).to_be_visible()


def test_matrix_works_without_javascript(page_of: PageOf) -> None:
    page = page_of("bob", java_script_enabled=False)
    page.goto(MATRIX)
    page.get_by_role("link", name="Readiness", exact=True).last.click()
    expect(page.locator("th.readiness")).to_have_attribute("aria-sort", "descending")
    page.get_by_label("Name", exact=True).fill("caro")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    assert "sort=readiness" in page.url, "the filter keeps the order"
    page.get_by_role("link", name="Carol, MLOps: ").click()
    assert page.url.endswith("/skills/mlops")


def test_focused_cell_is_fully_visible_on_phone_without_javascript(page_of: PageOf) -> None:
    page = page_of("bob", java_script_enabled=False, viewport={"width": 390, "height": 844})
    page.goto(MATRIX)
    cells = page.locator("tbody tr").first.locator("td a")
    frame = page.locator(".matrix-frame").bounding_box()
    names = page.locator("tbody th").first.bounding_box()
    assert frame is not None
    assert names is not None
    page.locator("tbody th a").first.focus()
    forward = range(cells.count())
    for key, numbers in (("Tab", forward), ("Shift+Tab", forward[-2::-1])):
        for number in numbers:
            page.keyboard.press(key)
            expect(cells.nth(number)).to_be_focused()
            cell = cells.nth(number).bounding_box()
            assert cell is not None
            # Only padding may be cut off.
            assert cell["x"] >= names["x"] + names["width"] - 2
            assert cell["x"] + cell["width"] <= frame["x"] + frame["width"] + 2
