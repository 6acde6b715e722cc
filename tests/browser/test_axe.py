"""axe-core finds nothing on any page: light and dark, furnished and empty, folded and unfolded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page

from roadmap.core.database import db
from roadmap.people.models import User
from tests.browser.conftest import House, Opens
from tests.support.manifest import LOOKED_AT

AXE = Path(__file__).parents[1] / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# Who looks, how the device is set, and what the person chose in their account. The choice wins.
EYES = {
    "furnished, light": ("alice", "light", "system"),
    "furnished, dark": ("alice", "dark", "system"),
    "furnished, dark by choice": ("alice", "light", "dark"),
    "empty, light by choice": ("mallory", "dark", "light"),
    "empty, dark": ("mallory", "dark", "system"),
    "a manager, light": ("bob", "light", "system"),
    "a manager, dark": ("bob", "dark", "system"),
    "an administrator, light": ("erin", "light", "system"),
    "an administrator, dark": ("erin", "dark", "system"),
    "nobody, light": ("nobody", "light", "system"),
    "nobody, dark": ("nobody", "dark", "system"),
}


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it stands, one line for each element."""
    result: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES
    )
    return [
        f"{rule['id']}: {rule['help']}: {' '.join(map(str, node['target']))}: "
        + (node.get("failureSummary") or "").replace("\n", " ")
        for rule in result["violations"]
        for node in rule["nodes"]
    ]


def unfold_all(page: Page) -> int:
    """Opens everything that is folded but menus, which cover the page; returns how much was."""
    return page.evaluate(
        """() => {
          const folded = [...document.querySelectorAll("details:not([open], .menu)")];
          for (const one of folded) one.open = true;
          return folded.length;
        }"""
    )


def addresses(role: str, ids: dict[str, str]) -> list[str]:
    """Every page that this person can look at, and one that does not exist.

    Those who lead look at what is theirs alone: what else they see is what Alice sees.
    """
    return [
        *(
            url.format_map(ids)
            for row in LOOKED_AT
            if row.is_looked_at(role) and not (role == "mallory" and row.is_personal)
            for url in (row.url, *row.variants)
            if role != "mallory" or "/evidence/{" not in url
        ),
        "/nowhere",
        # What has its own words for being gone.
        *(("/invitations/cut-short", "/password/cut-short") if role == "nobody" else ()),
    ]


@pytest.mark.parametrize("eyes", EYES)
def test_axe_finds_nothing(eyes: str, house: House, opens: Opens) -> None:
    role, scheme, theme = EYES[eyes]
    context = opens(color_scheme=scheme, reduced_motion="reduce")
    context.add_init_script(path=AXE)
    if role != "nobody":
        choose_theme(house, role, theme)
        context.add_cookies(house.cookies(role))  # type: ignore[arg-type]
    page = context.new_page()
    found = []
    for address in addresses(role, house.ids):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status in (200, 404), f"{address}: {answer.status}"
        found += [f"{address}: {line}" for line in violations(page)]
        if unfold_all(page):
            found += [f"{address}, unfolded: {line}" for line in violations(page)]
    assert not found, "\n".join(dict.fromkeys(found))


def test_every_page_is_looked_at_by_somebody() -> None:
    looking = {role for role, _scheme, _theme in EYES.values()}
    unseen = [
        row.title
        for row in LOOKED_AT
        if 200 in row.pages.values() and not any(row.is_looked_at(role) for role in looking)
    ]
    assert not unseen


def choose_theme(house: House, role: str, theme: str) -> None:
    with house.app.app_context(), db.own_transaction() as own:
        person = getattr(house.cast, role)
        own.execute(
            sa.update(User).where(User.id == person).values(theme=theme, version=User.version + 1)
        )


def test_axe_finds_nothing_in_refused_forms(house: House, opens: Opens) -> None:
    """Errors at the fields, the summary, and the page that asks to sign in again."""
    context = opens()
    context.add_init_script(path=AXE)
    context.add_cookies(house.cookies("alice"))  # type: ignore[arg-type]
    page = context.new_page()
    found = []
    for address in ("/evidence/new", "/career/positions/new", "/account/password"):
        page.goto(address)
        page.locator("main form button[type=submit]").last.click()
        page.locator(".errors").wait_for()
        found += [f"{address}: {line}" for line in violations(page)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_what_is_shown_once(scheme: str, house: House, opens: Opens) -> None:
    """The answers that no address leads to: a link to hand over, a token."""
    found = []
    for role, address, button in (
        ("bob", "/teams/{team}/members", "Make the invitation"),
        ("erin", "/admin/invitations", "Make the invitation"),
        ("erin", "/admin/people/{mallory}/password-link", "Make the link"),
        ("alice", "/account/tokens/new", "Make token"),
    ):
        context = opens(color_scheme=scheme)
        context.add_init_script(path=AXE)
        context.add_cookies(house.cookies(role))  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(address.format(**house.ids, mallory=house.cast.mallory))
        if role == "alice":
            page.get_by_label("What is it for").fill("A script")
        page.get_by_role("button", name=button).click()
        page.locator(".copy input").wait_for()
        found += [f"{address}: {line}" for line in violations(page)]
    assert not found, "\n".join(found)


def test_axe_sees_what_it_is_there_to_see(house: House, opens: Opens) -> None:
    context = opens()
    context.add_init_script(path=AXE)
    page = context.new_page()
    page.goto("/login")
    page.evaluate("document.querySelector('label').remove()")
    assert any(line.startswith("label") for line in violations(page))
