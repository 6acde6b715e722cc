"""Messages are visible in the page flow and cover nothing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import SIZES, PageOf, SampleSite
from tests.browser.test_checklist import (
    ERROR_MESSAGE,
    FIND_COVERED_BY_MESSAGES,
    IS_COVERED,
    MESSAGE_HEADERS,
)
from tests.browser.test_keyboard import IS_FOCUS_COVERED

BIBTEX = (
    b"@article{a1, title={A ranker that forgets}, author={Doe}, year={2024}, doi={10.1000/182}}"
)


def assert_message(page: Page, text: str) -> None:
    """Check that one message has the text, is in view and covers nothing."""
    message = page.locator("main .flash")
    expect(message).to_have_count(1)
    expect(message).to_contain_text(text)
    expect(message).to_be_in_viewport(ratio=1)
    assert page.evaluate(FIND_COVERED_BY_MESSAGES) == []
    assert message.evaluate(POSITIONS) == ["static"], "the message is in the page flow"


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
def test_message_after_capture_is_visible(
    javascript: bool, width: int, height: int, sample_site: SampleSite, page_of: PageOf
) -> None:
    size = {"width": width, "height": height}
    page = page_of("alice", java_script_enabled=javascript, viewport=size, reduced_motion="reduce")
    ids = sample_site.ids
    page.goto(f"/roadmaps/{ids['slug']}")
    page.locator(f".checklist a[href$='/milestones/{ids['open']}']").click()
    line = page.get_by_label("Paste a link or write what you did")
    line.fill(f"Wrote the runbook of the ranker {width} {javascript}")
    line.press("Enter")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("main .flash")).to_have_count(1)
    assert_message(page, "is saved as a draft")
    # Without JavaScript, the milestone's page opens at its top.
    if javascript:
        expect(page.locator(f"#evidence-{ids['open']} .flash")).to_have_count(1)
        expect(page.get_by_role("button", name=re.compile("Mark as done"))).to_be_in_viewport()
        page.locator("main .flash .close").click()
        expect(page.locator("main .flash")).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_message_after_calibration_is_small_and_stays_30_seconds(
    width: int, height: int, sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice", viewport={"width": width, "height": height})
    page.goto(f"/roadmaps/{sample_site.ids['slug']}/calibration")
    page.get_by_role("button", name="Save and see my roadmap").click()
    assert_message(page, "now")
    message = page.locator("main .flash")
    assert message.evaluate("(flash) => flash.offsetHeight") < 110
    page.mouse.move(0, 0)
    delay = "(flash) => getComputedStyle(flash).animationDelay"
    assert message.evaluate(delay) == "30s", "a message with a link stays longer"


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_message_after_import_is_visible(
    width: int, height: int, sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice", viewport={"width": width, "height": height})
    page.goto("/evidence/import/bibtex")
    page.locator("input[type=file]").set_input_files(
        {
            "name": "mine.bib",
            "mimeType": "text/plain",
            "buffer": BIBTEX.replace(b"182", b"%d" % width),
        }
    )
    page.locator("main form button:not([type=button])").first.click()
    page.get_by_role("button", name=re.compile("^Import|^Add")).click()
    assert_message(page, "1")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_error_message_appears_in_its_row_and_covers_nothing(
    width: int, height: int, sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice", viewport={"width": width, "height": height}, reduced_motion="reduce")
    page.goto(f"/roadmaps/{sample_site.ids['slug']}")
    page.route(
        "**/completion",
        lambda route: route.fulfill(status=422, headers=MESSAGE_HEADERS, body=ERROR_MESSAGE),
    )
    tick = page.locator(".row-tick").nth(30)
    tick.focus()
    # The row is at the bottom of the window.
    tick.evaluate("(box) => box.closest('li').scrollIntoView({block: 'end', behavior: 'instant'})")
    tick.press("Space")
    assert_message(page, "Nothing here")
    expect(tick).to_be_focused()
    assert not page.evaluate(IS_FOCUS_COVERED)
    assert not page.evaluate(IS_COVERED, "#score")
    expect(tick.locator("..").locator(".flash")).to_have_count(1)
    # The next message replaces the first, in this row or another.
    for again in (tick, page.locator(".row-tick").nth(31)):
        with page.expect_response("**/completion"):
            again.press("Space")
        expect(again.locator("..").locator(".flash")).to_have_count(1)
        assert_message(page, "Nothing here")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_connection_error_appears_in_its_row(
    width: int, height: int, sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice", viewport={"width": width, "height": height}, reduced_motion="reduce")
    page.goto(f"/roadmaps/{sample_site.ids['slug']}")
    page.route("**/completion", lambda route: route.abort())
    row = page.locator(".checklist > li").nth(30)
    tick = row.locator(".row-tick")
    tick.focus()
    tick.evaluate("(box) => box.closest('li').scrollIntoView({block: 'end', behavior: 'instant'})")
    tick.press("Space")
    assert_message(page, "The server cannot be reached; the last change was not saved.")
    expect(row.locator(".fault")).to_have_count(1)
    assert not page.evaluate(IS_FOCUS_COVERED)
    # After closing it, the focus is in the row.
    row.locator(".close").press("Enter")
    expect(page.locator(".fault")).to_have_count(0)
    expect(row.locator(".row-title")).to_be_focused()
    tick.press("Space")
    assert_message(page, "was not saved")
    # The next response removes the error.
    page.unroute("**/completion")
    page.locator(".row-title").nth(31).press("Enter")
    expect(page.locator(".fault")).to_have_count(0)


def test_connection_error_on_reading_mentions_no_lost_change(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice")
    page.goto(f"/roadmaps/{sample_site.ids['slug']}")
    page.route("**/*", lambda route: route.abort())
    page.locator(".row-title").first.press("Enter")
    assert_message(page, "The server cannot be reached. Close")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-found .fault")).to_have_text(
        "The server cannot be reached. Close"
    )
    page.locator("#palette-found .close").press("Enter")
    expect(page.locator("#palette input")).to_be_focused()


def test_slow_server_is_reported(sample_site: SampleSite, page_of: PageOf) -> None:
    page = page_of("alice", reduced_motion="reduce")
    page.goto(f"/roadmaps/{sample_site.ids['slug']}")
    page.clock.install()
    page.route("**/completion", lambda _route: None)
    tick = page.locator(".row-tick").nth(30)
    tick.press("Space")
    delay = "getComputedStyle(document.body, '::before').animationDelay"
    assert page.evaluate(delay) == "1s"
    page.clock.run_for(7_000)
    expect(page.locator(".fault")).to_have_count(0)
    page.clock.run_for(2_000)
    assert_message(page, "The server is slow to respond.")


@pytest.mark.parametrize("is_answered", [True, False])
def test_error_message_is_scrolled_into_view(is_answered: bool, page_of: PageOf) -> None:
    page = page_of("alice", viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page.goto("/skills")
    link = page.locator("main a[hx-get^='/skills/']:visible").last
    link.evaluate("(link) => link.scrollIntoView({block: 'center', behavior: 'instant'})")

    def fail(route: Route) -> None:
        if is_answered:
            route.fulfill(status=422, headers=MESSAGE_HEADERS, body=ERROR_MESSAGE)
        else:
            route.abort()

    page.route("**/skills/*", fail)
    link.press("Enter")
    expect(page.locator("main .flash")).to_be_in_viewport(ratio=1)
    expect(link).to_be_in_viewport()


def test_closing_message_keeps_focus_in_page(sample_site: SampleSite, page_of: PageOf) -> None:
    page = page_of("alice")
    page.goto(f"/roadmaps/{sample_site.ids['slug']}/enrollment")
    for leave in ("close", "go"):
        page.goto(f"/roadmaps/{sample_site.ids['slug']}/enrollment")
        with page.expect_event("load"):
            page.get_by_role("button", name="Save target and pace").click()
        message = page.locator("#messages .flash")
        if leave == "close":
            message.get_by_role("button", name="Close").press("Enter")
            expect(page.locator("main")).to_be_focused()
        else:
            page.mouse.move(0, 0)
            message.evaluate("(flash) => flash.getAnimations()[0].finish()")
            expect(message).to_be_hidden()
            page.mouse.wheel(0, 300)
        expect(message).to_have_count(0)


def test_focus_moves_to_heading_after_completion_from_capture(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    size = {"width": 390, "height": 844}
    page = page_of("alice", viewport=size, reduced_motion="reduce")
    ids = sample_site.ids
    page.goto(f"/roadmaps/{ids['slug']}")
    page.locator(f".checklist a[href$='/milestones/{ids['open']}']").click()
    line = page.get_by_label("Paste a link or write what you did")
    line.fill("Wrote down how the ranker fails")
    line.press("Enter")
    with page.expect_event("load"):
        page.get_by_role("button", name="Save", exact=True).click()
    heading = page.locator(f"#evidence-{ids['open']} h4")
    page.get_by_role("button", name=re.compile("Mark as done")).press("Enter")
    expect(heading).to_be_focused()
    expect(heading).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Not started", exact=True).click()
    expect(page.get_by_role("button", name=re.compile("Mark as done"))).to_be_visible()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_message_after_work_log_entry_keeps_field_in_place(
    width: int, height: int, sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice", viewport={"width": width, "height": height})
    page.goto("/")
    line = page.get_by_label("What did you ship? Whom did you help?")
    before = line.bounding_box()
    line.fill(f"Fixed the build {width}")
    page.get_by_role("button", name="Add to log").click()
    assert_message(page, "Added to your work log.")
    # On a separate line: the field keeps its width and the focus.
    expect(line).to_be_in_viewport(ratio=1)
    assert before
    assert (line.bounding_box() or {})["width"] == before["width"]


POSITIONS = """(flash) => {
  const found = new Set();
  for (let part = flash; part; part = part.parentElement) {
    found.add(getComputedStyle(part).position);
  }
  return [...found].filter((position) => position !== "relative");
}"""


@pytest.mark.parametrize("are_blocked", [True, False], ids=["blocked", "loaded"])
def test_controls_that_need_scripts_are_hidden_until_scripts_run(
    are_blocked: bool, page_of: PageOf
) -> None:
    page = page_of("alice")
    if are_blocked:
        page.route("**/scripts.js*", lambda route: route.abort())
    page.goto("/account")
    page.locator("#keyboard button, form[action='/account/keyboard'] button").first.click()
    close = page.locator("#messages .close, main .flash .close").first
    expect(close).to_be_attached()
    expect(close).to_be_visible(visible=not are_blocked)
    if not are_blocked:
        close.click()
        expect(page.locator("main .flash")).to_have_count(0)
    page.goto("/portfolio")
    handle = page.locator(".drag-handle").first
    expect(handle).to_be_attached()
    expect(handle).to_be_visible(visible=not are_blocked)
