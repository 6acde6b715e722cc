"""Accessibility checks with axe-core on interactive states; `test_every_page.py` has every URL."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page

from roadmap.core.database import db
from roadmap.people.models import User
from tests.browser.conftest import PageOf, SampleSite

AXE = Path(__file__).parents[1] / "vendor" / "axe.min.js"
RULES = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
# Rules that depend on colors. Everything else is the same in light and dark.
COLOR_RULES = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}

# Colors in transition would distort the measurement, and waiting takes as long as measuring.
NO_TRANSITIONS = """(() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("*, ::before, ::after { transition: none !important }");
  document.adoptedStyleSheets = [sheet];
})()"""


SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")

# The colors of all elements on a page.
FIND_COLORS = """() => [...document.querySelectorAll("*")].map((one) => {
  const style = getComputedStyle(one);
  return ["color", "backgroundColor", "borderColor", "outlineColor", "fill", "stroke"]
    .map((name) => style[name]);
})"""


# Pages have no frames or media to load, and a report names elements by selector, not by their HTML.
OPTIONS = {"resultTypes": ["violations"], "iframes": False, "preload": False, "noHtml": True}


def violations(page: Page, rules: dict[str, object] = RULES) -> list[str]:
    """Return axe violations on the current page, one line per element."""
    result: dict[str, Any] = page.evaluate(
        "options => axe.run(document, options)", {**OPTIONS, "runOnly": rules}
    )
    return [
        f"{rule['id']}: {rule['help']}: {' '.join(map(str, node['target']))}: "
        + (node.get("failureSummary") or "").replace("\n", " ")
        for rule in result["violations"]
        for node in rule["nodes"]
    ]


def add_axe(page: Page) -> None:
    """Load axe into each page that is opened next, without transitions."""
    page.add_init_script(path=AXE)
    page.add_init_script(NO_TRANSITIONS)


def unfold(page: Page) -> None:
    """Expand all details except menus, which cover the page."""
    page.evaluate(
        "for (const one of document.querySelectorAll('details')) one.open = !one.matches('.menu')"
    )


def violations_in_both_schemes(page: Page) -> list[str]:
    """Return axe violations with everything expanded, and color violations in the other scheme.

    Collapsing only hides: no style changes the colors of collapsed text. The other scheme remains.
    """
    unfold(page)
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    scheme, other = SCHEMES[::-1] if is_dark else SCHEMES
    found = [f"{scheme}: {line}" for line in violations(page)]
    page.emulate_media(color_scheme=other)
    return found + [f"{other}: {line}" for line in violations(page, COLOR_RULES)]


@pytest.mark.parametrize(("device", "theme"), [("light", "dark"), ("dark", "light")])
def test_chosen_theme_matches_colors_of_device_color_scheme(
    device: str, theme: str, sample_site: SampleSite, page_of: PageOf
) -> None:
    """Checks in the device's color scheme therefore also cover the chosen theme."""
    page = page_of("carol", color_scheme=theme)
    page.add_init_script(NO_TRANSITIONS)
    page.goto("/")
    colors = page.evaluate(FIND_COLORS)
    page.emulate_media(color_scheme=device)
    assert page.evaluate(FIND_COLORS) != colors
    choose_theme(sample_site, "carol", theme)
    page.reload()
    assert page.evaluate(FIND_COLORS) == colors
    choose_theme(sample_site, "carol", "system")
    styles = page.locator("link[rel=stylesheet]").get_attribute("href")
    assert styles is not None
    assert "prefers-color-scheme" not in page.request.get(styles).text()


def choose_theme(sample_site: SampleSite, role: str, theme: str) -> None:
    with sample_site.app.app_context(), db.own_transaction() as session:
        person = getattr(sample_site.cast, role)
        session.execute(
            sa.update(User).where(User.id == person).values(theme=theme, version=User.version + 1)
        )


def test_rejected_forms_have_no_axe_violations(page_of: PageOf) -> None:
    """Field errors, the error summary, and the page that asks to sign in again."""
    page = page_of("alice")
    add_axe(page)
    found = []
    for address in ("/evidence/new", "/career/positions/new", "/account/password"):
        page.goto(address)
        page.locator("main form button[type=submit]").last.click()
        page.locator(".errors").wait_for()
        found += [f"{address}: {line}" for line in violations(page)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_time_links_and_tokens_have_no_axe_violations(
    scheme: str, sample_site: SampleSite, page_of: PageOf
) -> None:
    """No URL leads to these responses, so `test_every_page.py` misses them."""
    found = []
    for role, address, button in (
        ("bob", "/teams/{team}/members", "Create invitation"),
        ("erin", "/admin/invitations", "Create invitation"),
        ("erin", "/admin/people/{mallory}/password-link", "Create link"),
        ("alice", "/account/tokens/new", "Create token"),
    ):
        page = page_of(role, color_scheme=scheme)
        add_axe(page)
        page.goto(address.format(**sample_site.ids, mallory=sample_site.cast.mallory))
        if role == "alice":
            page.get_by_role("textbox", name="Name").fill("A script")
        page.get_by_role("button", name=button).click()
        page.locator(".copy-field input").wait_for()
        found += [f"{address}: {line}" for line in violations(page)]
    assert not found, "\n".join(found)


def test_axe_reports_missing_label(page_of: PageOf) -> None:
    page = page_of("nobody")
    add_axe(page)
    page.goto("/login")
    page.evaluate("document.querySelector('label').remove()")
    assert any(line.startswith("label") for line in violations(page))
