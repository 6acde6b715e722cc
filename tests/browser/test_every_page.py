"""Every page for each role that sees it: no axe violations and no horizontal scrolling.

Both checks use the same page load, which takes as long as the checks.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, ViewportSize

from tests.browser.conftest import PageOf, SampleSite
from tests.browser.test_axe import add_axe, violations_in_both_schemes
from tests.browser.test_responsive import find_overflowing
from tests.support.route_manifest import VIEWABLE_PAGES

# An account with data, an empty one, a manager, an administrator, and a visitor.
VIEWERS = ("alice", "mallory", "bob", "erin", "nobody")

# Pages that look the same for an empty account, and pages of evidence.
NOT_ABOUT_AN_ACCOUNT = ("/evidence/{", "/logout", "/password/")
# The longest page, the same for everyone.
LONGEST = "/api/v1/docs"

# A window of 1280 px has 640 px at 200% zoom and 320 px at 400%.
WIDTHS = (1280, 640, 390, 320)
USUAL_SIZE: ViewportSize = {"width": WIDTHS[0], "height": 720}


def addresses(role: str, ids: dict[str, str]) -> list[str]:
    """Return every page for this person, and one that does not exist.

    For managers and administrators, only pages that differ from Alice's. For Mallory, pages that
    differ for an empty account.
    """
    return [
        *(
            url.format_map(ids)
            for row in VIEWABLE_PAGES
            if row.is_viewable(role) and not (role == "mallory" and row.is_personal)
            for url in (row.url, *row.variants)
            if role != "mallory" or not url.startswith(NOT_ABOUT_AN_ACCOUNT)
            if role == "nobody" or url != LONGEST
        ),
        "/nowhere",
        # Pages with their own "not found" text.
        *(("/invitations/cut-short", "/password/cut-short") if role == "nobody" else ()),
    ]


def wider_than_its_window(page: Page) -> list[str]:
    """Return overflowing elements at each width, with everything expanded.

    The first width is that of the window, and the last one remains.
    """
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    found = []
    is_wide = page.viewport_size == USUAL_SIZE
    for number, width in enumerate(WIDTHS if is_wide else reversed(WIDTHS)):
        if number:
            page.set_viewport_size({**USUAL_SIZE, "width": width})
        found += [f"{width} px: {line}" for line in find_overflowing(page)]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("role", VIEWERS)
def test_axe_finds_nothing_and_nothing_sticks_out(
    role: str, sample_site: SampleSite, page_of: PageOf
) -> None:
    """Light and dark, with data and empty, collapsed and expanded, at every width."""
    page = page_of(role, color_scheme="light", reduced_motion="reduce", viewport=USUAL_SIZE)
    add_axe(page)
    found = []
    for address in addresses(role, sample_site.ids):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status in (200, 404), f"{address}: {answer.status}"
        checks = [violations_in_both_schemes, wider_than_its_window]
        if page.viewport_size != USUAL_SIZE:
            checks.reverse()  # so that axe always checks the usual size
        found += [f"{address}, {line}" for check in checks for line in check(page)]
    assert not found, "\n".join(dict.fromkeys(found))


def test_every_page_is_looked_at_by_somebody() -> None:
    unseen = [
        row.title
        for row in VIEWABLE_PAGES
        if 200 in row.pages.values() and not any(row.is_viewable(role) for role in VIEWERS)
    ]
    assert not unseen
