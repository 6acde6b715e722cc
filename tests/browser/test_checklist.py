"""Working with the checklist: scrolling, filters, collapsed stages and messages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SIZES, PageOf, SampleSite
from tests.browser.test_keyboard import IS_FOCUS_COVERED


def open_roadmap(page: Page, sample_site: SampleSite, query: str = "") -> str:
    path = f"/roadmaps/{sample_site.ids['slug']}"
    page.goto(f"{path}{query}")
    return path


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_first_row_trail_and_score_stay_visible(
    width: int, height: int, sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice", viewport={"width": width, "height": height})
    open_roadmap(page, sample_site)
    rows = page.locator(".checklist > li")
    bottom = rows.first.evaluate("(row) => row.getBoundingClientRect().bottom")
    # On phones, the navigation is at the bottom.
    assert bottom <= height - (60 if width == 390 else 0)
    rows.nth(40).locator(".row-tick").focus()
    expect(page.locator("#score")).to_be_in_viewport(ratio=1)
    expect(page.locator(".trail-small li").first).to_be_in_viewport(ratio=1)
    covered = []
    for _step in range(60):  # back up, where a sticky bar could cover the focus
        page.keyboard.press("Shift+Tab")
        if page.evaluate(IS_FOCUS_COVERED):
            covered.append(page.evaluate("document.activeElement.outerHTML"))
    assert not covered


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_first_checkbox_is_reached_with_few_tab_stops(
    width: int, height: int, sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice", viewport={"width": width, "height": height})
    trail, rows = "Skip the trail", "Skip to the milestones"
    # Tab through the small trail and the filters, and skip them.
    for skips, max_stops in (((trail,), 30), ((trail, rows), 18)):
        open_roadmap(page, sample_site)
        box = page.locator(".row-tick").first
        stops = small = 0
        while stops < 40 and not box.evaluate("(box) => box === document.activeElement"):
            page.keyboard.press("Tab")
            stops += 1
            text, is_small = page.evaluate(FOCUSED_ELEMENT)
            small += is_small
            if text in skips:
                page.keyboard.press("Enter")
        assert stops <= max_stops
        assert small <= 5, "one link a stage"


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_all_filters_are_visible(
    width: int, height: int, javascript: bool, sample_site: SampleSite, page_of: PageOf
) -> None:
    size = {"width": width, "height": height}
    page = page_of("alice", viewport=size, java_script_enabled=javascript)
    open_roadmap(page, sample_site)
    page.evaluate(USE_LONGEST_TEXTS)
    for part in page.locator("#filters :is(nav a, select)").all():
        expect(part).to_be_in_viewport(ratio=1)
    assert page.locator("#filters nav").evaluate("(nav) => nav.scrollWidth <= nav.offsetWidth")
    box = page.locator("#filters select").bounding_box()
    assert box
    assert (box["width"] >= 60, box["height"] >= 24) == (True, True), box


def test_hovered_checkbox_shows_no_tick(sample_site: SampleSite, page_of: PageOf) -> None:
    page = page_of("alice")
    open_roadmap(page, sample_site)
    tick = page.locator(".tone-not_started > .row-tick").first
    tick.hover()
    assert tick.evaluate("(box) => getComputedStyle(box, '::after').opacity") == "0"


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
@pytest.mark.parametrize(("width", "max_height"), [(1280, 56), (390, 100)])
def test_sticky_bar_keeps_height_with_longest_texts(
    width: int, max_height: int, javascript: bool, sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of(
        "alice", viewport={"width": width, "height": 844}, java_script_enabled=javascript
    )
    open_roadmap(page, sample_site)
    # The longest titles.
    page.evaluate(USE_LONGEST_TEXTS)
    page.locator(".checklist > li").nth(40).scroll_into_view_if_needed()
    bar = page.locator(".checklist-bar").bounding_box()
    assert bar is not None
    assert bar["height"] <= max_height
    for part in ("#score", ".trail-small"):
        expect(page.locator(part)).to_be_in_viewport(ratio=0.9)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_filter_updates_url_and_keeps_focus(sample_site: SampleSite, page_of: PageOf) -> None:
    page = page_of("alice")
    path = open_roadmap(page, sample_site)
    page.evaluate("window.same = true")
    chosen = page.locator("#show-in-progress")
    expected = int(chosen.locator(".filter-count").inner_text())
    chosen.press("Enter")
    expect(page).to_have_url(re.compile(f"{path}\\?show=in-progress$"))
    expect(page.locator(".checklist > li")).to_have_count(expected)
    expect(chosen).to_be_focused()
    expect(page.locator("#live")).to_have_text(re.compile(f"^{expected} milestone"))
    # A stone of the trail has a name even if its row is hidden, and ticking updates it.
    expect(page.locator(".trail a title").first).not_to_be_empty()
    row = page.locator(".checklist > li").first
    row.locator(".row-tick").press("Space")
    stone = page.locator(f".trail a[href$='#{row.get_attribute('id')}']")
    expect(stone).to_have_class("tone-claimed")
    row.get_by_role("button", name="Undo").click()
    expect(stone).to_have_class("tone-in_progress")
    page.get_by_label("Skill", exact=True).select_option(index=1)
    expect(page).to_have_url(re.compile("show=in-progress&skill="))
    assert page.evaluate("window.same")
    page.go_back()
    expect(page.locator(".checklist > li")).to_have_count(expected)


def test_collapsed_stage_stays_collapsed_until_linked(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice")
    open_roadmap(page, sample_site)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.locator("#foundations summary").first.press("Enter")
    row = page.locator("#foundations .checklist > li").first
    expect(row).to_be_hidden()
    # The toggle event fires shortly after collapsing or expanding, and then the state is stored.
    page.wait_for_function("document.cookie.includes('foundations')")
    assert sent == []
    page.reload()
    expect(row).to_be_hidden()
    expect(page.locator("#experience .checklist > li").first).to_be_visible()
    # A stone's link still expands it.
    page.goto(f"{page.url}#{row.get_attribute('id')}")
    expect(row).to_be_visible()
    page.wait_for_function("!document.cookie.includes('foundations')")
    # So does a link to the stage.
    open_roadmap(page, sample_site)
    page.locator("#foundations summary").first.press("Enter")
    expect(row).to_be_hidden()
    page.locator(".trail-small a, .trail a[href$='#foundations']").first.press("Enter")
    expect(row).to_be_visible()
    page.locator("#foundations summary").first.press("Enter")
    expect(row).to_be_hidden()
    page.goto("/")
    open_roadmap(page, sample_site, "#foundations")
    expect(row).to_be_visible()
    page.locator("#foundations summary").first.press("Enter")
    open_roadmap(page, sample_site, "?show=open")
    expect(page.locator("#foundations .checklist > li").first).to_be_visible()


def test_message_hides_itself_except_while_hovered_or_focused(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice")
    path = open_roadmap(page, sample_site)
    page.goto(f"{path}/enrollment")
    page.get_by_role("button", name="Save target and pace").click()
    message = page.locator("#messages .flash")
    expect(message).to_have_text(re.compile("are saved"))
    top = page.locator("#list").bounding_box()
    state = "(flash) => flash.getAnimations().map((each) => each.playState)"
    message.hover()
    assert message.evaluate(state) == [], "the message stays"
    page.mouse.move(0, 0)
    assert message.evaluate(state) == ["running"]
    message.get_by_role("button", name="Close").focus()
    assert message.evaluate(state) == [], "the message stays"
    page.locator("body").evaluate("(body) => document.activeElement.blur()")
    message.evaluate("(flash) => flash.getAnimations()[0].finish()")
    expect(message).to_be_hidden()
    assert page.locator("#list").bounding_box() == top, "the page does not move"


def test_error_message_moves_no_row_and_stays_until_closed(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice")
    open_roadmap(page, sample_site)
    page.route(
        "**/completion",
        lambda route: route.fulfill(status=422, headers=MESSAGE_HEADERS, body=ERROR_MESSAGE),
    )
    tick = page.locator(".row-tick").nth(30)
    tick.scroll_into_view_if_needed()
    page.mouse.wheel(0, 300)
    tick.focus()
    before = tick.bounding_box()
    tick.press("Space")
    message = page.locator("main .flash")
    expect(message).to_be_in_viewport(ratio=1)
    expect(page.locator("#score")).to_be_in_viewport(ratio=1)
    assert not page.evaluate(IS_COVERED, "#score")
    assert not page.evaluate(IS_COVERED, "#filters")
    assert tick.bounding_box() == before
    assert message.evaluate("(flash) => flash.getAnimations().length") == 0
    assert not page.evaluate(IS_FOCUS_COVERED)
    message.get_by_role("button", name="Close").click()
    expect(message).to_have_count(0)


FOCUSED_ELEMENT = """() => {
  const at = document.activeElement;
  return [at.textContent.trim(), Boolean(at.closest(".trail-small"))];
}"""
USE_LONGEST_TEXTS = """() => {
  const gain = '<span class="score-gain pine">+10.2</span>';
  document.querySelector("#score .score-points").insertAdjacentHTML("afterend", gain);
  document.querySelector("#score .score-verdict").lastChild.textContent = "Claimed, not proven";
  for (const count of document.querySelectorAll(".filter-count")) count.textContent = "89";
}"""
# Whether something covers the center of an element.
IS_COVERED = """(part) => {
  const box = document.querySelector(part).getBoundingClientRect();
  const [x, y] = [box.left + Math.min(box.width, innerWidth) / 2, box.top + box.height / 2];
  const hit = document.elementFromPoint(x, y);
  return !hit.closest(part);
}"""
# Elements covered by a message; sticky elements are above everything.
FIND_COVERED_BY_MESSAGES = """() => {
  const parts = [...document.querySelectorAll(
    "h1, h2, h3, h4, label, a[href], button, input, select, textarea, summary")];
  const meet = (one, other) => {
    const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
    return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  };
  return [...document.querySelectorAll("main .flash")].flatMap((flash) => parts.filter((part) => (
    !flash.contains(part) && part.checkVisibility() && meet(flash, part)
    && !part.closest(".main-nav, .checklist-bar"))).map((part) => part.outerHTML.slice(0, 120)));
}"""
MESSAGE_HEADERS = {"HX-Retarget": "#messages", "HX-Reswap": "innerHTML"}
ERROR_MESSAGE = """<div class="flash error" role="alert">Nothing here
  <button type="button" class="link close">Close</button></div>"""
