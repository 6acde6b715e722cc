"""The Back button and links back show current data, and keep focus, filters and order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import WAIT_MS, SampleSite
from tests.support.chromium import FLAGS, find_chromium
from tests.support.server import Server

OpenPage = Callable[[str], Page]


@pytest.fixture(scope="module")
def bfcache_chrome(chrome: Browser) -> Iterator[Browser]:
    """A Chromium with the back/forward cache, which Playwright disables."""
    browser = chrome.browser_type.launch(
        executable_path=find_chromium(),
        args=FLAGS,
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield browser
    browser.close()


@pytest.fixture
def open_bfcache_page(
    bfcache_chrome: Browser, sample_site: SampleSite, server: Server
) -> Iterator[OpenPage]:
    """`open_bfcache_page(role)` opens a page that Back restores from memory."""
    contexts = []

    def make(role: str) -> Page:
        context = bfcache_chrome.new_context(base_url=server.url)
        contexts.append(context)
        context.set_default_timeout(WAIT_MS)
        context.add_cookies(sample_site.cookies(role))
        context.add_init_script(
            """addEventListener("pageshow", ({ persisted }) => {
              if (persisted) console.info("bfcache");
            });"""
        )
        page = context.new_page()
        # The first page sets a cookie, and pages from before a cookie change are not cached.
        page.goto("/account")
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(params=["bfcache", "server"])
def open_page(request: pytest.FixtureRequest) -> OpenPage:
    name = "open_bfcache_page" if request.param == "bfcache" else "page_of"
    return request.getfixturevalue(name)


def back(page: Page, steps: int = 1) -> None:
    """Go back. Playwright's method waits for a load event, which a cached page does not fire."""
    page.evaluate("steps => setTimeout(() => history.go(-steps))", steps)


def back_from_bfcache(page: Page, steps: int = 1) -> None:
    with page.expect_console_message(lambda message: message.text == "bfcache"):
        back(page, steps)


def test_back_shows_current_status_and_score(
    open_bfcache_page: OpenPage, sample_site: SampleSite
) -> None:
    page, roadmap = open_bfcache_page("carol"), f"/roadmaps/{sample_site.ids['slug']}"
    page.goto(roadmap)
    row = page.locator(f".checklist li:has(> a[href$='/milestones/{sample_site.ids['open']}'])")
    tick, lede = row.get_by_role("checkbox"), page.locator("#lede")
    expect(tick).not_to_be_checked()
    before = lede.inner_text()
    page.goto(f"{roadmap}/milestones/{sample_site.ids['open']}")
    page.get_by_role("button", name="Done", exact=True).click()
    expect(page.get_by_role("button", name="Done", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    back_from_bfcache(page, 2)
    page.wait_for_url(f"**{roadmap}")
    expect(tick).to_be_checked()
    expect(lede).not_to_have_text(before)


def test_back_after_session_end_shows_sign_in(
    open_bfcache_page: OpenPage,
) -> None:
    page = open_bfcache_page("carol")
    page.goto("/evidence")
    page.goto("/account")
    page.context.clear_cookies()
    back(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_back_keeps_typed_input(open_bfcache_page: OpenPage) -> None:
    page = open_bfcache_page("alice")
    page.goto("/career/positions/new")
    page.get_by_label("Title").fill("Staff engineer")
    page.goto("/skills")
    back_from_bfcache(page)
    expect(page.locator(".draft-notice")).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value("Staff engineer")
    # A page with a form without drafts is not reloaded.
    page.goto("/account/password")
    page.get_by_label("Current password").fill("granite scree")
    page.goto("/skills")
    back_from_bfcache(page)
    expect(page.get_by_label("Current password")).to_have_value("granite scree")


def test_rejected_form_page_is_excluded_from_reload(page_of: OpenPage) -> None:
    """A reload would submit the form again. Chromium caches no such pages; other browsers do."""
    page = page_of("alice")
    page.goto("/career/positions/new")
    reloadable = page.locator("body:not([data-answers-form])")
    expect(reloadable).to_have_count(1)
    page.get_by_label("Employer").fill("Moraine")
    page.get_by_role("button", name="Save position").click()
    expect(page.locator(".errors")).to_be_visible()
    expect(reloadable).to_have_count(0)


@pytest.mark.parametrize(
    ("role", "path", "link", "crumb"),
    [
        ("bob", "/reviews?kind=&show=waiting", "#queue .queue a.title", "Reviews"),
        ("alice", "/evidence?sort=title", "#pieces .list a.title", "Evidence"),
        ("bob", "/teams/ranking?sort=readiness&order=desc", "table.matrix tbody td a", "Ranking"),
        ("erin", "/admin/people?q=o", "main a.title[href^='/admin/people/']", "People"),
    ],
    ids=["queue", "evidence", "matrix", "people"],
)
def test_back_and_breadcrumb_keep_focus_filter_and_order(
    role: str, path: str, link: str, crumb: str, open_page: OpenPage
) -> None:
    page = open_page(role)
    page.goto(path)
    at = page.locator(link).last
    target = at.get_attribute("href")
    assert target
    at.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(re.escape(target.partition("#")[0])))
    back(page)
    page.wait_for_url(f"**{path}")
    expect(page.locator(f'main a[href="{target}"]').first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(re.escape(target.partition("#")[0])))
    page.locator(".crumb").get_by_role("link", name=crumb).click()
    page.wait_for_url(re.compile(re.escape(path.partition("?")[0]) + r"\?"))
    asked = dict(pair.split("=") for pair in path.partition("?")[2].split("&"))
    shown = dict(pair.split("=") for pair in page.url.partition("?")[2].split("&"))
    assert {name: value for name, value in asked.items() if value}.items() <= shown.items()


def test_breadcrumb_keeps_sort_order_of_list(page_of: OpenPage) -> None:
    page = page_of("alice")
    page.goto("/evidence")
    page.get_by_label("Sort by").select_option(index=1)
    page.wait_for_url(re.compile(r"/evidence\?.*sort="))
    asked = page.url
    page.locator("#pieces a.title").first.click()
    title = page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("link", name="Delete", exact=True).click()
    page.locator(".crumb").get_by_role("link", name=title).click()
    page.locator(".crumb").get_by_role("link", name="Evidence").click()
    expect(page).to_have_url(asked)
    # From other pages, the link has no filters.
    page.locator("#pieces a.title").first.click()
    piece = page.url
    page.goto("/")
    page.goto("/readiness")
    page.goto(piece)
    page.locator(".crumb").get_by_role("link", name="Evidence").click()
    expect(page).to_have_url(re.compile("/evidence$"))
