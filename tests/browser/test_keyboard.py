"""A manager's work by keyboard alone: the focus stays visible and is never lost."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NO_POINTER, PageOf, SampleSite
from tests.browser.test_journey import FOCUSED, MOST_TABS, KeyboardInput

WAITING_EVIDENCE = "Merged tokenizer fix"
PERSON_PATH = "/teams/ranking/people/{carol}"
# Whether a sticky header or the bottom navigation covers the focused element.
IS_FOCUS_COVERED = """() => {
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
def open_bobs_page(page_of: PageOf) -> Callable[[int], Page]:
    """`open_bobs_page(width)` opens a page for Bob with this width, without pointer input."""

    def make(width: int) -> Page:
        size = {"width": width, "height": 800}
        page = page_of("bob", viewport=size, reduced_motion="reduce")
        page.add_init_script(NO_POINTER)
        return page

    return make


def tab_through(page: Page) -> list[str]:
    """Press Tab through the whole page; return focused elements that are not visible."""
    hidden, stops = [], 0
    while stops < MOST_TABS:
        page.keyboard.press("Tab")
        at, is_covered = page.evaluate(f"() => [({FOCUSED})('body'), ({IS_FOCUS_COVERED})()]")
        if at is None:
            break
        stops += 1
        if not at["visible"] or is_covered:
            hidden.append(f"{page.url}: {at['role']} {at['name'][:60]!r}")
    assert stops > 5, "too few tab stops"
    return hidden


@pytest.mark.parametrize("width", [1280, 390])
def test_focus_is_always_visible_on_manager_pages(
    width: int, sample_site: SampleSite, open_bobs_page: Callable[[int], Page]
) -> None:
    page = open_bobs_page(width)
    hidden = []
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
        hidden += tab_through(page)
    assert not hidden, "\n".join(hidden)


def test_manager_verifies_evidence_from_dashboard(open_bobs_page: Callable[[int], Page]) -> None:
    page = open_bobs_page(1280)
    user = KeyboardInput(page)
    page.goto("/")
    user.press("link", WAITING_EVIDENCE, "main")
    expect(page.get_by_role("heading", level=1)).to_have_text(WAITING_EVIDENCE)
    user.seek("Comment", ("textarea",), ".review-form")
    page.keyboard.type("The rollback is named.")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["name"] == "Verify: seen first-hand"
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("is verified")


def test_manager_assesses_skill_in_its_row(
    sample_site: SampleSite, open_bobs_page: Callable[[int], Page]
) -> None:
    page = open_bobs_page(1280)
    user = KeyboardInput(page)
    page.goto(PERSON_PATH.format_map(sample_site.ids))
    user.press("link", "Assess MLOps")
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


def test_assessment_form_is_empty_after_saving(
    sample_site: SampleSite, open_bobs_page: Callable[[int], Page]
) -> None:
    page = open_bobs_page(1280)
    user = KeyboardInput(page)
    page.goto(PERSON_PATH.format_map(sample_site.ids) + "/skills/communication")
    user.seek("0", ("input",), "#assess")
    page.keyboard.press("ArrowDown")
    user.fill("Basis for this level", "Their talk in May.")
    user.press("button", "Save assessment")
    expect(page.locator("#history")).to_contain_text("Their talk in May.")
    expect(page.get_by_label(re.compile("^Basis for this level"))).to_have_value("")
