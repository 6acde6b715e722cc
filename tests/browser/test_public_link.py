"""Create a public link, open it without an account, and revoke it.

With and without JavaScript, because recipients may use any browser.
"""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PageOf

PAGE = "/portfolio/links"
SHOWN, PRIVATE = "Feature store design", "Notes on feature drift"


def create_link(page: Page, label: str) -> str:
    """Create a link as its owner and return its URL from the page."""
    page.goto(PAGE)
    page.get_by_label("For whom").fill(label)
    page.get_by_role("button", name="Create link").click()
    shown = page.get_by_label(f"Address of “{label}”")
    expect(shown).to_be_visible()
    return shown.input_value()


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
def test_public_link_shows_portfolio_until_revoked(javascript: bool, page_of: PageOf) -> None:
    label = f"Panel {uuid.uuid4().hex[:6]}"
    alice = page_of("alice", java_script_enabled=javascript)
    address = create_link(alice, label)
    expect(alice.get_by_label("For whom")).to_have_value("")

    # Another browser without a session.
    reader = page_of("nobody", java_script_enabled=javascript)
    answer = reader.goto(address)
    assert answer is not None
    assert answer.status == 200
    expect(reader.get_by_role("heading", level=1)).to_have_text("Alice")
    expect(reader.get_by_role("heading", name=SHOWN)).to_be_visible()
    expect(reader.get_by_text(PRIVATE)).to_have_count(0)
    assert reader.context.cookies() == [], "a visitor gets no cookie"

    alice.reload()
    # The saved input is not restored as a draft of the next link.
    expect(alice.get_by_label("For whom")).to_have_value("")
    item = alice.get_by_role("listitem").filter(has_text=label)
    expect(item).to_contain_text("last opened")
    item.locator("summary", has_text="Revoke").click()
    expect(item).to_contain_text("cannot be undone")
    item.get_by_role("button", name="Revoke").click()
    expect(alice.get_by_label(f"Address of “{label}”")).to_have_count(0)

    answer = reader.reload()
    assert answer is not None
    assert answer.status == 404
    expect(reader.get_by_text("Alice")).to_have_count(0)
    expect(reader.get_by_text(SHOWN)).to_have_count(0)


def test_link_form_input_survives_session_end(page_of: PageOf) -> None:
    alice = page_of("alice")
    alice.goto(PAGE)
    alice.get_by_label("For whom").fill("A name that took long to find")
    alice.context.clear_cookies()
    alice.get_by_role("button", name="Create link").click()
    expect(alice.get_by_role("heading", level=1)).to_contain_text("Sign in")
    kept = alice.locator("form [name=label], form textarea, form input[type=hidden]")
    assert "A name that took long to find" in [field.input_value() for field in kept.all()]


def test_printed_portfolio_is_dark_on_white_with_stones(page_of: PageOf) -> None:
    """This holds in any theme, and without the browser's "background graphics"."""
    alice = page_of("alice", color_scheme="dark")
    alice.goto("/portfolio/preview")
    alice.evaluate("document.documentElement.dataset.theme = 'dark'")
    alice.emulate_media(media="print")
    style = "element => getComputedStyle(element)"
    color = alice.locator("h1").evaluate(f"{style}.color")
    assert max(int(part) for part in re.findall(r"\d+", color)[:3]) < 80, color
    stones = alice.locator(".stone").evaluate_all(
        "all => all.map(each => getComputedStyle(each).printColorAdjust)"
    )
    assert set(stones) == {"exact"}


def test_printed_portfolio_shows_long_description_once(page_of: PageOf) -> None:
    """Print expands everything, so the openings would be duplicates."""
    alice = page_of("alice")
    alice.goto("/portfolio/preview")
    folded = (
        "<div><p class=opening>Opening</p>"
        "<details class=fold><summary>More</summary><p>Whole</p></details></div>"
    )
    document = alice.locator(".document").first
    document.evaluate(f"each => each.insertAdjacentHTML('beforeend', '{folded}')")
    opening, whole = (alice.get_by_text(text, exact=True) for text in ("Opening", "Whole"))
    expect(opening).to_be_visible()
    expect(whole).to_be_hidden()
    alice.emulate_media(media="print")
    expect(whole).to_be_visible()
    expect(opening).to_be_hidden()
