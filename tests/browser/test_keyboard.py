"""A manager's work by keyboard alone: the focus stays visible and is never lost."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PageOf, SampleSite
from tests.browser.test_journey import FOCUSED, MOST_TABS, KeyboardInput

WAITS = "Merged tokenizer fix"
PERSON = "/teams/ranking/people/{carol}"
NO_POINTER = """for (const kind of ["click", "mousedown", "pointerdown", "touchstart"])
  addEventListener(kind, (event) => {
    if (kind !== "click" || event.detail) console.error("a pointer was used");
  }, true);"""
# Whether a sticky header or the bottom navigation covers the focused element.
COVERED = """() => {
  const at = document.activeElement;
  const box = at.getBoundingClientRect();
  if (box.width < 2 || box.height < 2) return false;
  const top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight);
  const left = Math.max(box.left, 0), right = Math.min(box.right, innerWidth);
  const x = left + (right - left) / 2;
  return ![0.1, 0.5, 0.9].some((part) => {
    const hit = document.elementFromPoint(x, top + (bottom - top) * part);
    return hit && (at.contains(hit) || hit.contains(at) || hit.closest("label")?.control === at);
  });
}"""


@pytest.fixture
def bobs_page(page_of: PageOf) -> Callable[[int], Page]:
    """`bobs_page(wide)` opens a page for Bob with this width, without pointer input."""

    def make(wide: int) -> Page:
        size = {"width": wide, "height": 800}
        page = page_of("bob", viewport=size, reduced_motion="reduce")
        page.add_init_script(NO_POINTER)
        return page

    return make


def walk(page: Page) -> list[str]:
    """Press Tab through the whole page; return focused elements that are not visible."""
    unseen, stops = [], 0
    while stops < MOST_TABS:
        page.keyboard.press("Tab")
        at, is_covered = page.evaluate(f"() => [({FOCUSED})('body'), ({COVERED})()]")
        if at is None:
            break
        stops += 1
        if not at["visible"] or is_covered:
            unseen.append(f"{page.url}: {at['role']} {at['name'][:60]!r}")
    assert stops > 5, "the walk ended before it began"
    return unseen


@pytest.mark.parametrize("wide", [1280, 390])
def test_the_focus_is_seen_all_the_way(
    wide: int, sample_site: SampleSite, bobs_page: Callable[[int], Page]
) -> None:
    page = bobs_page(wide)
    unseen = []
    for address in (
        "/",
        "/teams",
        "/teams/ranking",
        "/teams/ranking/members",
        "/teams/ranking/people/{alice}?stage=experience",
        "/teams/ranking/people/{alice}/skills/mlops",
        "/reviews",
        "/reviews/{submitted}",
        "/reviews/{resubmitted}",
        "/notifications",
    ):
        page.goto(address.format_map(sample_site.ids))
        unseen += walk(page)
    assert not unseen, "\n".join(unseen)


def test_from_the_dashboard_to_a_judgement(bobs_page: Callable[[int], Page]) -> None:
    page = bobs_page(1280)
    hand = KeyboardInput(page)
    page.goto("/")
    hand.press("link", WAITS, "main")
    expect(page.get_by_role("heading", level=1)).to_have_text(WAITS)
    hand.seek("Comment", ("textarea",), ".review-form")
    page.keyboard.type("The rollback is named.")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["name"] == "Verify: seen first-hand"
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("is verified")


def test_a_skill_is_assessed_in_its_row(
    sample_site: SampleSite, bobs_page: Callable[[int], Page]
) -> None:
    page = bobs_page(1280)
    hand = KeyboardInput(page)
    page.goto(PERSON.format_map(sample_site.ids))
    hand.press("link", "Assess MLOps")
    row = page.locator("#skill-mlops")
    expect(row.locator("form")).to_be_visible()
    expect(row.locator(":focus")).to_have_count(1)
    assert page.evaluate(FOCUSED)["visible"]
    page.keyboard.press("Space")
    for _step in range(2):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("Two releases without a page at night.")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["name"] == "Save assessment"
    page.keyboard.press("Enter")
    expect(page.locator("#live")).to_contain_text("MLOps")
    # The response replaced the row, and the focus is back on the button that opened it.
    expect(row.get_by_role("link", name="Assess MLOps")).to_be_focused()
    assert page.evaluate(FOCUSED)["visible"]
    # Opened again, it is empty, because the input was saved.
    page.keyboard.press("Enter")
    expect(row.get_by_label(re.compile("^Basis for this level"))).to_have_value("")


def test_what_was_saved_does_not_come_back_into_the_form(
    sample_site: SampleSite, bobs_page: Callable[[int], Page]
) -> None:
    page = bobs_page(1280)
    hand = KeyboardInput(page)
    page.goto(PERSON.format_map(sample_site.ids) + "/skills/communication")
    hand.seek("0", ("input",), "#assess")
    page.keyboard.press("ArrowDown")
    hand.fill("Basis for this level", "Their talk in May.")
    hand.press("button", "Save assessment")
    expect(page.locator("#history")).to_contain_text("Their talk in May.")
    expect(page.get_by_label(re.compile("^Basis for this level"))).to_have_value("")


def test_filtering_keeps_the_focus(bobs_page: Callable[[int], Page]) -> None:
    page = bobs_page(1280)
    hand = KeyboardInput(page)
    page.goto("/teams/ranking")
    hand.fill("Name", "caro")
    expect(page.locator("table.matrix tbody tr")).to_have_count(1)
    # Wait for the response to the last letter; earlier ones may arrive while typing.
    expect(page).to_have_url(re.compile("q=caro(&|$)"))
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    hand.press("link", "Show all")
    expect(page.locator("table.matrix tbody tr")).to_have_count(2)
