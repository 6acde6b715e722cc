"""Shortcuts on every page: Ctrl+K searches everything, and single keys move through lists."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from roadmap.core.database import db
from roadmap.people.models import User
from tests.browser.conftest import NO_POINTER, PageOf, SampleSite
from tests.browser.test_axe import add_axe, violations_in_both_schemes
from tests.support.sample_data import SLUG

PATH = f"/roadmaps/{SLUG}"
FOCUS_POSITION = "[...document.querySelectorAll('main *')].indexOf(document.activeElement)"


def test_ctrl_k_opens_search_and_finds_milestone(sample_site: SampleSite, page_of: PageOf) -> None:
    page = page_of("alice")
    page.add_init_script(NO_POINTER)
    page.goto("/skills")
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search everything")
    expect(field).to_be_focused()
    # Before any input, the palette lists pages.
    expect(page.get_by_role("option", selected=True)).to_contain_text("Dashboard")
    page.keyboard.type("mentor a jun")
    chosen = page.get_by_role("option", selected=True)
    expect(chosen).to_contain_text("Mentor a junior engineer")
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(field).to_have_attribute("aria-activedescendant", str(chosen.get_attribute("id")))
    # Keys type letters here, and Escape returns to the previous focus.
    expect(field).to_have_value("mentor a jun")
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("mentor a jun")
    expect(chosen).to_contain_text("Mentor a junior engineer")
    page.keyboard.press("ArrowUp")
    expect(chosen).not_to_contain_text("Mentor a junior engineer")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"{PATH}/milestones/mentor-a-junior-engineer$"))


def test_search_without_match_says_so_and_enter_opens_search_page(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice")
    page.goto("/evidence")
    page.get_by_role("link", name="Search", exact=True).click()
    page.keyboard.type("zanzibar")
    dialog = page.get_by_role("dialog", name="Search")
    expect(dialog.get_by_role("status")).to_have_text(re.compile("Nothing matches “zanzibar”"))
    # Without a selected option, Enter opens the search page.
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q=zanzibar$"))
    expect(page.get_by_label("Search for")).to_have_value("zanzibar")


def test_single_keys_move_through_checklist_and_act_on_rows(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice")
    page.add_init_script(NO_POINTER)
    page.goto(PATH)
    titles = page.locator("#list .row-title")
    page.keyboard.press("j")
    expect(titles.nth(0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(titles.nth(1)).to_be_focused()
    # The keys also work in an expanded row.
    page.keyboard.press("Enter")
    expect(page.locator("#list .row-details")).to_be_visible()
    page.locator("#list .row-details button").first.focus()
    page.keyboard.press("j")
    expect(titles.nth(2)).to_be_focused()
    page.keyboard.press("k")
    tick = page.locator("#list .row-tick").nth(1)
    before = tick.get_attribute("aria-checked")
    page.keyboard.press("x")
    expect(tick).not_to_have_attribute("aria-checked", str(before))
    page.keyboard.press("x")
    expect(tick).to_have_attribute("aria-checked", str(before))
    page.keyboard.press("j")
    expect(titles.nth(2)).to_be_focused()
    key = str(titles.nth(2).get_attribute("href")).rsplit("/", 1)[1]
    # Not with modifier keys.
    page.keyboard.press("Alt+e")
    expect(page).to_have_url(re.compile(f"{PATH}$"))
    page.keyboard.press("e")
    expect(page).to_have_url(re.compile(f"/evidence/new\\?milestone={key}$"))
    # In a field they are letters.
    title = page.get_by_label("Title")
    title.focus()
    page.keyboard.type("jkxe/?n")
    expect(title).to_have_value("jkxe/?n")


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("alice", "/"),
        ("bob", "/"),
        ("alice", "/activity"),
        ("alice", "/badges"),
        ("alice", "/calendar"),
        ("alice", "/evidence"),
        ("alice", "/evidence/import"),
        ("alice", "/notifications"),
        ("alice", "/notifications?unread"),
        ("alice", "/portfolio"),
        ("alice", "/practice"),
        ("alice", "/skills"),
        ("alice", "/work-log"),
        ("bob", "/notifications"),
        ("bob", "/reviews"),
        ("bob", "/teams"),
        ("erin", "/admin/people"),
        ("erin", "/admin/teams"),
    ],
)
def test_j_and_k_move_through_rows_of_every_list(
    sample_site: SampleSite, page_of: PageOf, role: str, path: str
) -> None:
    page = page_of(role)
    page.goto(path)
    focused: list[int] = []
    for _row in range(40):
        page.keyboard.press("j")
        at = page.evaluate(FOCUS_POSITION)
        if at in focused:
            break
        focused.append(at)
    assert focused[0] >= 0
    assert len(focused) > 1 or path in ("/calendar", "/notifications?unread")
    for before in focused[-2::-1]:
        page.keyboard.press("k")
        assert page.evaluate(FOCUS_POSITION) == before


def test_shortcut_dialog_lists_keys_of_current_page(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice")

    def listed(path: str) -> str:
        page.goto(path)
        page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
        expect(dialog).to_contain_text("Show this list")
        return "".join(dialog.locator("dt").all_inner_texts())

    rows = "jk"
    assert listed(PATH).startswith(f"{rows}xec/?")
    assert listed("/evidence").startswith(f"{rows}ec/?")
    assert listed("/skills").startswith(f"{rows}c/?")
    assert listed("/account/password").startswith("c/?")
    assert "Enter" not in listed("/account/password")


def test_shortcut_dialog_disables_page_keys_until_closed(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice")
    page.goto("/evidence")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_contain_text("Next row in a list")
    # The page below the dialog does not react.
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("body")).to_be_focused()
    page.get_by_role("link", name="Keyboard shortcuts").press("Enter")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Close").press("Enter")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
    page.keyboard.press("Tab")
    # The keys also work on rows loaded by a filter.
    page.locator("body").evaluate("() => document.activeElement.blur()")
    page.keyboard.press("j")
    first = page.locator("#pieces a.title").first
    expect(first).to_be_focused()
    address = first.get_attribute("href")
    page.keyboard.press("e")
    expect(page).to_have_url(re.compile(f"{address}/edit$"))


def test_single_keys_do_nothing_when_switched_off(sample_site: SampleSite, page_of: PageOf) -> None:
    with sample_site.app.app_context(), db.own_transaction() as session:
        carol = sa.update(User).where(User.id == sample_site.cast.carol)
        session.execute(carol.values(uses_single_keys=False))
    page = page_of("carol")
    page.goto(PATH)
    for key in ("j", "x", "e", "/", "?"):
        page.keyboard.press(key)
    expect(page.locator("body")).to_be_focused()
    expect(page).to_have_url(re.compile(f"{PATH}$"))
    expect(page.get_by_role("dialog")).to_have_count(0)
    titles = page.locator("#list .row-title")
    titles.nth(0).focus()
    page.keyboard.press("ArrowDown")
    expect(titles.nth(1)).to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search everything")).to_be_focused()


def test_dialogs_have_no_axe_violations(sample_site: SampleSite, page_of: PageOf) -> None:
    page = page_of("bob", color_scheme="light", reduced_motion="reduce")
    add_axe(page)
    page.goto("/reviews")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    found = violations_in_both_schemes(page)
    # The search replaces the list of keys.
    page.keyboard.press("Control+k")
    page.keyboard.type("design")
    expect(page.locator("#palette-list [aria-selected=true]")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(1)
    assert found + violations_in_both_schemes(page) == []


def test_c_key_and_command_palette_focus_capture_field(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice")
    line = page.get_by_label("Paste a link or write what you did")
    for path in ("/", "/evidence", f"{PATH}/milestones/{sample_site.ids['open']}"):
        page.goto(path)
        page.keyboard.press("c")
        expect(line).to_be_focused()
        expect(line).to_have_value("")
    # Pages without a capture field link to it.
    page.goto("/skills")
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile("/evidence#captured$"))
    expect(line).to_be_focused()
    page.goto("/skills")
    page.keyboard.press("Control+k")
    page.keyboard.type("capture")
    expect(page.get_by_role("option", selected=True)).to_contain_text("Capture evidence")
    page.keyboard.press("Enter")
    expect(line).to_be_focused()


def test_focused_row_stays_inside_window(sample_site: SampleSite, page_of: PageOf) -> None:
    page = page_of("alice", viewport={"width": 1280, "height": 700}, reduced_motion="reduce")
    page.goto(PATH)
    cut = []
    for key in "j" * 60 + "k" * 60:
        page.keyboard.press(key)
        box = page.locator(".row-title:focus").bounding_box()
        assert box is not None
        if box["y"] < 4 or box["y"] + box["height"] > 696:
            cut.append((key, box))
    assert cut == []
