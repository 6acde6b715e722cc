"""From the first account to an exported portfolio, by pointer and by keyboard alone."""

from __future__ import annotations

import re
from contextlib import nullcontext
from typing import Protocol

import pytest
from playwright.sync_api import Download, Page, expect

from tests.browser.conftest import NO_POINTER, OpenContext, PageOf, SampleSite, sign_in
from tests.support.login import PASSWORD

MILESTONE = "Implement the algorithms that ML systems lean on"
EVIDENCE_TITLE = "Tested repository of five structures"
# More than any page has tab stops, so that a search may wrap around.
MOST_TABS = 320

# The focused element: its name, its role, and whether the focus is visible.
FOCUSED = """(within) => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const texts = (at.getAttribute("aria-labelledby") || "").split(" ").filter(Boolean)
    .map((id) => document.getElementById(id)?.textContent || "");
  const name = at.getAttribute("aria-label") || texts.join(" ")
    || [...(at.labels || [])].map((label) => label.textContent).join(" ") || at.textContent || "";
  const box = at.getBoundingClientRect();
  // A control that is smaller than its mark may show the focus around its neighbour or its parts.
  const marked = [at, at.parentElement, ...at.children].some((one) => {
    const style = one && getComputedStyle(one);
    return style && ((style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0)
      || style.boxShadow !== "none");
  });
  // The button inside a date field that opens the calendar has the browser's own ring.
  const picker = at.matches("input[type=date]:not(:focus-visible)");
  return {
    name: name.replace(/\\s+/g, " ").trim(),
    role: at.getAttribute("role") || at.localName,
    inside: at.closest(within || "body") !== null,
    visible: (marked || picker) && box.width > 0 && box.height > 0
      && box.bottom > 0 && box.top < innerHeight,
  };
}"""


class InputMethod(Protocol):
    """A user's actions on a page."""

    page: Page

    def press(self, role: str, name: str, within: str = "body") -> None: ...
    def fill(self, label: str, text: str) -> None: ...
    def choose(self, label: str, option: str) -> None: ...

    def pick(self, label: str, instead_of: str) -> None: ...


class PointerInput:
    """A user with a pointer."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, role: str, name: str, within: str = "body") -> None:
        inside = self.page.locator(within)
        if role == "summary":
            inside.locator("summary", has_text=name).click()
            return
        inside.get_by_role(role, name=name).first.click()

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(re.compile(f"^{label}")).fill(text)

    def choose(self, label: str, option: str) -> None:
        self.page.get_by_label(re.compile(f"^{label}")).select_option(label=option)

    def pick(self, label: str, instead_of: str) -> None:
        expect(self.page.get_by_role("radio", name=instead_of)).to_be_checked()
        self.page.get_by_role("radio", name=label).check()


class KeyboardInput:
    """A user with the keyboard, without access to screen positions."""

    TAGS = {"link": ("a", "link"), "button": ("button",), "checkbox": ("checkbox", "input")}

    def __init__(self, page: Page) -> None:
        self.page = page

    def seek(self, name: str, tags: tuple[str, ...], within: str = "body") -> None:
        """Press Tab until the named element has the focus, which must stay visible."""
        passed = []
        for _step in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            at = self.page.evaluate(FOCUSED, within)
            if at is None:  # past the end of the page, wrap to the start
                continue
            assert at["visible"], f"the focus cannot be seen on {at}"
            if at["inside"] and at["role"] in tags and at["name"].startswith(name):
                return
            passed.append(at["name"][:30])
        raise AssertionError(f"{name!r} cannot be reached by Tab; passed {passed}")

    def press(self, role: str, name: str, within: str = "body") -> None:
        self.seek(name, self.TAGS.get(role, (role,)), within)
        self.page.keyboard.press("Space" if role == "checkbox" else "Enter")
        if role == "checkbox":
            # The response replaces the row; the focus returns after it has settled.
            self.page.locator(".checklist > li.settled").first.wait_for()

    def fill(self, label: str, text: str) -> None:
        self.seek(label, ("input", "textarea"))
        self.page.keyboard.type(text)

    def choose(self, label: str, option: str) -> None:
        self.seek(label, ("select",))
        self.page.keyboard.type(option)

    def pick(self, label: str, instead_of: str) -> None:
        self.seek(instead_of, ("input",))
        self.page.keyboard.press("ArrowUp")
        expect(self.page.get_by_role("radio", name=label)).to_be_checked()


def complete_journey(user: InputMethod) -> Download:
    """Go through the whole journey and return the exported portfolio."""
    page = user.page
    page.goto("/")
    user.press("link", "Create the first account")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Create the first account")
    user.fill("Name", "Ada Byron")
    user.fill("E-mail", "ada@example.org")
    user.fill("Password", PASSWORD)
    user.press("button", "Create account")
    expect(page.get_by_text("Welcome").first).to_be_visible()

    user.press("link", "Senior ML Engineer")
    expect(heading).to_have_text("Senior ML Engineer")
    user.press("button", "Start this roadmap")
    expect(heading).to_have_text("What have you done already?")
    user.press("link", "Skip for now")
    expect(page.locator("#list")).to_be_visible()

    tick = page.get_by_role("checkbox", name=MILESTONE)
    expect(tick).to_have_attribute("aria-checked", "false")
    user.press("checkbox", MILESTONE)
    expect(tick).to_have_attribute("aria-checked", "true")

    user.press("link", MILESTONE, "#list")
    expect(page.get_by_text("What proves it")).to_be_visible()
    user.press("link", "Use the full form")
    expect(page).to_have_url(re.compile("/evidence/new"))
    user.fill("Title", EVIDENCE_TITLE)
    user.choose("Kind", "Open-source contribution")
    user.fill("Date", "2026-02-01")
    user.fill("Link", "https://example.org/structures")
    user.press("summary", "Visibility", "main")
    user.pick("Portfolio:", instead_of="Team:")
    user.press("button", "Save evidence")
    expect(heading).to_have_text(EVIDENCE_TITLE)
    expect(page.get_by_role("main")).to_contain_text(MILESTONE)

    user.press("link", "Readiness")
    expect(heading).to_have_text("Readiness")
    score = page.locator(".verdict .figures dd").first
    assert float(score.inner_text().rstrip("%")) > 0
    expect(page.get_by_role("main")).to_contain_text(EVIDENCE_TITLE)

    user.press("link", "Portfolio")
    expect(heading).to_have_text("Portfolio")
    user.press("button", f"Show {EVIDENCE_TITLE}")
    expect(page.locator("#shown-title")).to_have_text("1 piece shown")
    expect(page.locator("main summary", has_text="Export")).to_be_visible()
    user.press("summary", "Export", "main")
    with page.expect_download() as download:
        user.press("link", "Markdown")
    return download.value


def read_download(download: Download) -> str:
    return download.path().read_text("utf-8")


@pytest.mark.usefixtures("empty_server")
@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
def test_first_account_exports_portfolio_with_pointer(
    javascript: bool, open_context: OpenContext
) -> None:
    page = open_context(java_script_enabled=javascript).new_page()
    exported = read_download(complete_journey(PointerInput(page)))
    assert EVIDENCE_TITLE in exported
    assert "https://example.org/structures" in exported


@pytest.mark.slow
@pytest.mark.usefixtures("empty_server")
def test_first_account_exports_portfolio_by_keyboard(open_context: OpenContext) -> None:
    page = open_context(locale="en-US").new_page()
    page.add_init_script(NO_POINTER)
    assert EVIDENCE_TITLE in read_download(complete_journey(KeyboardInput(page)))


def test_ticking_updates_row_and_stage_progress_without_reload(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice")
    page.goto(f"/roadmaps/{sample_site.ids['slug']}")
    page.evaluate("window.same = true")
    tick = page.locator(f"button[formaction$='/{sample_site.ids['open']}/completion']")
    progress = page.locator("#visibility .stage-progress").first
    before = progress.inner_text()
    tick.focus()
    page.keyboard.press("Space")
    expect(tick).to_have_attribute("aria-checked", "true")
    expect(page.locator("#live")).not_to_be_empty()
    assert progress.inner_text() != before
    assert page.evaluate("window.same"), "the page was reloaded"
    expect(tick).to_be_focused()
    assert page.evaluate(FOCUSED)["visible"]
    page.keyboard.press("Space")
    expect(tick).to_have_attribute("aria-checked", "false")
    expect(tick).to_be_focused()


def test_milestone_details_expand_and_collapse_below_row(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice")
    page.goto(f"/roadmaps/{sample_site.ids['slug']}")
    link = page.locator(f".checklist a[href$='/milestones/{sample_site.ids['milestone']}']")
    link.focus()
    page.keyboard.press("Enter")
    note = page.get_by_label("Private note")
    expect(note).to_be_visible()
    # The whole milestone is in view, with its row.
    for part in (link, page.get_by_role("button", name="Save note and date")):
        expect(part).to_be_in_viewport(ratio=1)
    expect(link).to_have_attribute("aria-expanded", "true")
    note.fill("Kept in its place.")
    page.get_by_role("button", name="Save note and date").press("Enter")
    expect(page.locator("#live")).to_have_text("Note and date are saved.")
    expect(page.locator(":focus")).to_have_count(1)
    link.focus()
    page.keyboard.press("Enter")
    expect(note).to_have_count(0)
    expect(link).to_have_attribute("aria-expanded", "false")
    link.focus()
    page.keyboard.press("Enter")
    expect(note).to_have_value("Kept in its place.")


@pytest.mark.parametrize("width", [1280, 390])
def test_tick_shows_no_message_and_is_undone_in_its_row(
    width: int, sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice")
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(f"/roadmaps/{sample_site.ids['slug']}")
    tick = page.locator(f"button[formaction$='/{sample_site.ids['open']}/completion']")
    row = page.locator(".checklist li", has=tick)
    tick.scroll_into_view_if_needed()
    tick.click()
    expect(tick).to_have_attribute("aria-checked", "true")
    expect(page.locator("#live")).to_contain_text("claimed")
    expect(page.locator("#messages > *")).to_have_count(0)
    expect(page.locator("main .flash")).to_have_count(0)
    expect(row.get_by_role("button", name="Undo")).to_be_in_viewport(ratio=1)
    row.get_by_role("button", name="Undo").click()
    expect(tick).to_have_attribute("aria-checked", "false")


def test_evidence_is_linked_on_roadmap_page(sample_site: SampleSite, page_of: PageOf) -> None:
    page = page_of("alice")
    page.goto(f"/roadmaps/{sample_site.ids['slug']}")
    page.evaluate("window.same = true")
    page.locator(f".checklist a[href$='/milestones/{sample_site.ids['open']}']").click()
    page.get_by_text("Link a piece you have").click()
    piece = page.get_by_label("Piece of evidence")
    title = piece.locator("option").first.inner_text().partition(" (")[0]
    piece.select_option(index=0)
    page.get_by_role("button", name="Link it").click()
    expect(page.locator("#live")).to_have_text(f"Linked: {title}")
    expect(page.locator(f"#milestone-{sample_site.ids['open']} .list")).to_contain_text(title)
    assert page.evaluate("window.same"), "the page was reloaded"


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
def test_evidence_form_input_survives_session_end(
    javascript: bool, sample_site: SampleSite, page_of: PageOf
) -> None:
    """After signing out in another tab and signing in again, no form input is lost."""
    sample_site.set_password("alice")
    page = page_of("nobody", java_script_enabled=javascript)
    user = PointerInput(page)
    page.goto("/login?next=/evidence/new")
    sign_in(page, "alice")
    expect(page.get_by_role("heading", level=1)).to_have_text("Add evidence")
    user.fill("Title", "Typed for an hour")
    # Request the kind's milestones while the session is still active.
    with page.expect_response("**/evidence/milestones?*") if javascript else nullcontext():
        user.choose("Kind", "Blog post")
    user.fill("Date", "1 Mar 2026")
    user.fill("Link", "https://example.org/typed")
    sample_site.end_sessions("alice")
    user.press("button", "Save evidence")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    sign_in(page, "alice")
    # The submitted form is shown again, for the person to submit.
    page.locator("main form button[type=submit], main form button:not([type])").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Typed for an hour")


def test_trail_label_at_first_stage_is_not_cut_off(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("mallory", viewport={"width": 1280, "height": 800})
    path = f"/roadmaps/{sample_site.ids['slug']}"
    page.goto(path)
    start = page.get_by_role("button", name="Start this roadmap").first
    if start.count():
        start.click()
    for address in ("/", path):
        page.goto(address)
        expect(page.locator(".trail li").first).to_have_attribute("aria-current", re.compile("."))
        label = page.locator(".trail-here").bounding_box()
        trail = page.locator(".trail").bounding_box()
        assert label is not None
        assert trail is not None
        assert label["y"] + label["height"] <= trail["y"] + trail["height"], address
