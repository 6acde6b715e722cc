"""axe-core finds nothing on any page: light and dark, with data and empty, folded and unfolded."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page

from roadmap.core.database import db
from roadmap.people.models import User
from tests.browser.conftest import OpenContext, SampleSite
from tests.support.route_manifest import VIEWABLE_PAGES

AXE = Path(__file__).parents[1] / "vendor" / "axe.min.js"
RULES = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
# What another set of colors can break. The rest of a page is the same in light and dark.
COLOR_RULES = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}

# Colors fade into each other: what is measured too early is neither.
FINISH_TRANSITIONS = """() => new Promise((done) => requestAnimationFrame(() => {
  for (const one of document.getAnimations()) one.finish();
  requestAnimationFrame(done);
}))"""


@dataclass(frozen=True)
class View:
    """Who looks, how the device is set, and what the person chose in their account.

    The choice wins. Each scheme after the first is looked at for its colors.
    """

    role: str
    schemes: tuple[str, ...] = ("light", "dark")
    theme: str = "system"
    rules: dict[str, object] = field(default_factory=lambda: RULES)


VIEWS = {
    "with data": View("alice"),
    "with data, dark by choice": View("alice", ("light",), "dark", COLOR_RULES),
    "empty, light by choice": View("mallory", ("dark",), "light"),
    "empty, dark": View("mallory", ("dark",), rules=COLOR_RULES),
    "a manager": View("bob"),
    "an administrator": View("erin"),
    "nobody": View("nobody"),
}


def violations(page: Page, rules: dict[str, object] = RULES) -> list[str]:
    """What axe finds on the page as it is now, one line for each element."""
    result: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", rules
    )
    return [
        f"{rule['id']}: {rule['help']}: {' '.join(map(str, node['target']))}: "
        + (node.get("failureSummary") or "").replace("\n", " ")
        for rule in result["violations"]
        for node in rule["nodes"]
    ]


def fold_or_unfold(page: Page) -> int:
    """Open or close everything that is folded at first but menus, which cover the page.

    Returns how much that is.
    """
    return page.evaluate(
        """() => {
          window.folded ??= [...document.querySelectorAll("details:not([open], .menu)")];
          for (const one of window.folded) one.open = !one.open;
          return window.folded.length;
        }"""
    )


def violations_in_view(page: Page, view: View) -> list[str]:
    """What axe finds on the page, folded and unfolded, in each color scheme of the view."""
    first, *others = view.schemes
    found = [f"{first}: {line}" for line in violations(page, view.rules)]
    is_folded = fold_or_unfold(page) > 0
    if is_folded:
        found += [f"{first}, unfolded: {line}" for line in violations(page, view.rules)]
    for scheme in others:
        page.emulate_media(color_scheme=scheme)
        page.evaluate(FINISH_TRANSITIONS)
        found += [f"{scheme}: {line}" for line in violations(page, COLOR_RULES)]
        if is_folded:
            fold_or_unfold(page)
            found += [f"{scheme}, folded: {line}" for line in violations(page, COLOR_RULES)]
    if others:
        page.emulate_media(color_scheme=first)
    return found


def addresses(role: str, ids: dict[str, str]) -> list[str]:
    """Every page that this person can look at, and one that does not exist.

    Those who lead look at what is theirs alone: what else they see is what Alice sees.
    """
    return [
        *(
            url.format_map(ids)
            for row in VIEWABLE_PAGES
            if row.is_viewable(role) and not (role == "mallory" and row.is_personal)
            for url in (row.url, *row.variants)
            if role != "mallory" or "/evidence/{" not in url
        ),
        "/nowhere",
        # What has its own words for being gone.
        *(("/invitations/cut-short", "/password/cut-short") if role == "nobody" else ()),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", VIEWS)
def test_axe_finds_nothing(name: str, sample_site: SampleSite, open_context: OpenContext) -> None:
    view = VIEWS[name]
    context = open_context(color_scheme=view.schemes[0], reduced_motion="reduce")
    context.add_init_script(path=AXE)
    if view.role != "nobody":
        choose_theme(sample_site, view.role, view.theme)
        context.add_cookies(sample_site.cookies(view.role))
    page = context.new_page()
    found = []
    for address in addresses(view.role, sample_site.ids):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status in (200, 404), f"{address}: {answer.status}"
        found += [f"{address}, {line}" for line in violations_in_view(page, view)]
    assert not found, "\n".join(dict.fromkeys(found))


def test_every_page_is_looked_at_by_somebody() -> None:
    looking = {view.role for view in VIEWS.values()}
    unseen = [
        row.title
        for row in VIEWABLE_PAGES
        if 200 in row.pages.values() and not any(row.is_viewable(role) for role in looking)
    ]
    assert not unseen


def choose_theme(sample_site: SampleSite, role: str, theme: str) -> None:
    with sample_site.app.app_context(), db.own_transaction() as own:
        person = getattr(sample_site.cast, role)
        own.execute(
            sa.update(User).where(User.id == person).values(theme=theme, version=User.version + 1)
        )


def test_axe_finds_nothing_in_refused_forms(
    sample_site: SampleSite, open_context: OpenContext
) -> None:
    """Errors at the fields, the summary, and the page that asks to sign in again."""
    context = open_context()
    context.add_init_script(path=AXE)
    context.add_cookies(sample_site.cookies("alice"))
    page = context.new_page()
    found = []
    for address in ("/evidence/new", "/career/positions/new", "/account/password"):
        page.goto(address)
        page.locator("main form button[type=submit]").last.click()
        page.locator(".errors").wait_for()
        found += [f"{address}: {line}" for line in violations(page)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_what_is_shown_once(
    scheme: str, sample_site: SampleSite, open_context: OpenContext
) -> None:
    """The answers that no address leads to: a link to hand over, a token."""
    found = []
    for role, address, button in (
        ("bob", "/teams/{team}/members", "Create invitation"),
        ("erin", "/admin/invitations", "Create invitation"),
        ("erin", "/admin/people/{mallory}/password-link", "Create link"),
        ("alice", "/account/tokens/new", "Create token"),
    ):
        context = open_context(color_scheme=scheme)
        context.add_init_script(path=AXE)
        context.add_cookies(sample_site.cookies(role))
        page = context.new_page()
        page.goto(address.format(**sample_site.ids, mallory=sample_site.cast.mallory))
        if role == "alice":
            page.get_by_label("Name").fill("A script")
        page.get_by_role("button", name=button).click()
        page.locator(".copy-field input").wait_for()
        found += [f"{address}: {line}" for line in violations(page)]
    assert not found, "\n".join(found)


def test_axe_sees_what_it_is_there_to_see(
    sample_site: SampleSite, open_context: OpenContext
) -> None:
    context = open_context()
    context.add_init_script(path=AXE)
    page = context.new_page()
    page.goto("/login")
    page.evaluate("document.querySelector('label').remove()")
    assert any(line.startswith("label") for line in violations(page))
