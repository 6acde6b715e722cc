"""One-line evidence capture: the number of clicks and keys, with and without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SIZES, PageOf, SampleSite
from tests.browser.test_axe import add_axe, violations_in_both_schemes

LINE = "Paste a link or write what you did"


class InputRecorder:
    """Click, paste and press keys, and record each of them."""

    def __init__(self, page: Page) -> None:
        self.page, self.inputs = page, []

    def click(self, locator) -> None:
        locator.click()
        self.inputs.append("click")

    def paste(self, text: str) -> None:
        self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
        self.page.keyboard.press("Control+V")
        self.inputs.append("paste")

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.inputs.append(key)


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
def test_pasted_link_is_saved_with_two_clicks_from_dashboard(
    javascript: bool, sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice", java_script_enabled=javascript)
    user = InputRecorder(page)
    page.goto("/")
    user.click(page.get_by_label(LINE))
    number = 77 if javascript else 78
    user.paste(f"https://github.com/acme/ranker/pull/{number}?utm_source=mail")
    if not javascript:
        user.press("Enter")
    expect(page.get_by_text("Recognized by its address: GitHub pull request")).to_be_visible()
    user.click(page.get_by_role("button", name="Save", exact=True))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"acme/ranker #{number}")
    extra = [] if javascript else ["Enter"]
    assert user.inputs == ["click", "paste", *extra, "click"]


def test_evidence_is_captured_by_keyboard_alone(sample_site: SampleSite, page_of: PageOf) -> None:
    page = page_of("alice")
    page.goto("/evidence")
    page.get_by_label(LINE).focus()
    page.keyboard.insert_text("Held the on-call handover for the ranker")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Title")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Held the on-call handover for the ranker"
    )
    # No draft remains.
    page.goto("/evidence")
    expect(page.get_by_label(LINE)).to_have_value("")
    expect(page.get_by_text("unsaved text")).to_have_count(0)


def test_proposal_fits_narrow_screen(sample_site: SampleSite, page_of: PageOf) -> None:
    page = page_of("alice", viewport={"width": 320, "height": 800})
    page.goto("/evidence")
    page.get_by_label(LINE).fill("Held the on-call handover for the ranker")
    page.keyboard.press("Enter")
    expect(page.get_by_text("as in your last piece")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_next_pasted_link_replaces_restored_draft(sample_site: SampleSite, page_of: PageOf) -> None:
    page = page_of("alice")
    user = InputRecorder(page)
    page.goto("/")
    page.get_by_label(LINE).click()
    user.paste("https://github.com/acme/ranker/pull/91")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Add another")).to_be_focused()
    page.keyboard.press("Enter")
    line = page.get_by_label(LINE)
    expect(line).to_be_focused()
    # A restored draft is selected.
    page.keyboard.type("Half a sent")
    page.goto("/evidence")
    page.goto("/")
    expect(line).to_have_value("Half a sent")
    line.click()
    user.paste("https://github.com/acme/ranker/pull/92")
    expect(line).to_have_value("https://github.com/acme/ranker/pull/92")
    expect(page.get_by_label("Title")).to_have_value("acme/ranker #92")


def test_capture_in_checklist_row_returns_there_and_enter_completes_it(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice")
    key = sample_site.ids["open"]
    page.goto(f"/roadmaps/{sample_site.ids['slug']}")
    title = page.locator(f".checklist a[href$='/milestones/{key}']")
    title.click()
    line = page.get_by_label(LINE)
    line.click()
    InputRecorder(page).paste("https://youtu.be/dQw4w9WgXcQ")
    # The link has no date, and talks are seldom from today.
    expect(page.get_by_label("Title")).to_be_focused()
    page.keyboard.type("Keynote at PyData")
    # The browser's validation reports the missing field.
    page.keyboard.press("Enter")
    expect(page.get_by_label("Date", exact=True)).to_be_focused()
    page.keyboard.type("2024")
    page.keyboard.press("Enter")
    offer = page.get_by_role("button", name="Mark as done: +")
    expect(offer).to_be_focused()
    expect(offer).to_be_in_viewport(ratio=1)
    expect(title).to_have_attribute("aria-expanded", "true")
    expect(title).to_be_in_viewport(ratio=1)
    score = page.locator("#score .score-points")
    before = float(score.inner_text().split("/")[0])
    gain = float(offer.inner_text().split("+")[1].split()[0])
    page.keyboard.press("Enter")
    tick = page.locator(f"button[formaction$='/{key}/completion']")
    expect(tick).to_have_attribute("aria-checked", "true")
    expect(page.locator(f"#milestone-{key}")).to_contain_text("Keynote at PyData")
    after = float(score.inner_text().split("/")[0])
    assert after == pytest.approx(before + gain, abs=0.11)
    # Another link to the same video is recognized.
    page.get_by_label(LINE).fill("https://www.youtube.com/watch?v=dQw4w9WgXcQ")
    page.keyboard.press("Enter")
    known = page.locator(".proposal").get_by_role("link", name="Keynote at PyData")
    expect(known).to_be_focused()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_save_button_is_visible_and_fields_align_after_paste(
    width: int, height: int, sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("carol", viewport={"width": width, "height": height})
    page.goto("/")
    page.get_by_label(LINE).fill("https://github.com/acme/ranker/pull/93")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Title")).to_be_focused()
    save = page.get_by_role("button", name="Save", exact=True)
    expect(save).to_be_in_viewport(ratio=1)
    # On phones, the bottom navigation does not cover the button.
    assert save.evaluate(
        """(button) => {
          const {left, bottom} = button.getBoundingClientRect();
          return document.elementFromPoint(left + 20, bottom - 2) === button;
        }"""
    )
    tops = [page.get_by_label(name, exact=True).bounding_box()["y"] for name in ("Kind", "Date")]
    assert width == 390 or abs(tops[0] - tops[1]) < 1


def test_capture_proposal_has_no_axe_violations(sample_site: SampleSite, page_of: PageOf) -> None:
    page = page_of("carol", reduced_motion="reduce")
    add_axe(page)
    page.goto(f"/roadmaps/{sample_site.ids['slug']}/milestones/{sample_site.ids['open']}")
    talk = "Keynote https://youtu.be/dQw4w9WgXcQ https://example.org/slides"
    for text, focused in (("Mentored Jonas for three months", "Title"), (talk, "Date")):
        page.get_by_label(LINE).fill(text)
        page.keyboard.press("Enter")
        expect(page.get_by_label(focused, exact=True)).to_be_focused()
        assert violations_in_both_schemes(page) == []


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_capture_for_open_milestone_offers_visible_completion_button(
    width: int, height: int, sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice", viewport={"width": width, "height": height})
    page.goto("/")
    page.get_by_label(LINE).fill(f"https://github.com/acme/ranker/pull/7{width}")
    page.keyboard.press("Enter")
    choice = page.get_by_label("Milestone it proves")
    milestone = choice.locator("optgroup[label^=Open] option").first
    choice.select_option(milestone.get_attribute("value"))
    page.get_by_role("button", name="Save", exact=True).click()
    offer = page.get_by_role("button", name="Mark as done")
    expect(offer).to_have_count(1)
    expect(offer).to_be_focused()
    expect(offer).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("link", name="Back to the dashboard")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    expect(offer).to_have_count(0)
    expect(page.get_by_role("link", name="Add another")).to_be_in_viewport(ratio=1)
