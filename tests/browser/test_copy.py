"""Copy buttons, with and without the clipboard API."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import WAIT_MS, SampleSite
from tests.support.chromium import FLAGS, find_chromium
from tests.support.server import Server

HOST = "cairn.test"


@pytest.fixture(scope="module")
def host_mapping_chrome(chrome: Browser) -> Iterator[Browser]:
    """A Chromium that resolves HOST to the server."""
    browser = chrome.browser_type.launch(
        executable_path=find_chromium(),
        args=[*FLAGS, f"--host-resolver-rules=MAP {HOST} 127.0.0.1"],
    )
    yield browser
    browser.close()


@pytest.fixture
def plain_http_page(
    host_mapping_chrome: Browser, sample_site: SampleSite, server: Server
) -> Iterator[Page]:
    """A page of Bob at a host name where http is not a secure context."""
    context = host_mapping_chrome.new_context(base_url=f"http://{HOST}:{urlsplit(server.url).port}")
    context.set_default_timeout(WAIT_MS)
    context.add_cookies([{**cookie, "domain": HOST} for cookie in sample_site.cookies("bob")])
    yield context.new_page()
    context.close()


def create_invitation(page: Page) -> str:
    """Create an invitation link to a team and return it."""
    page.goto("/teams/ranking/members")
    page.get_by_role("button", name="Create invitation").click()
    return page.locator("#once").input_value()


def test_copy_button_copies_over_plain_http(plain_http_page: Page) -> None:
    link = create_invitation(plain_http_page)
    assert not plain_http_page.evaluate("isSecureContext")
    plain_http_page.get_by_role("button", name="Copy", exact=True).click()
    expect(plain_http_page.locator("#live")).to_have_text("Copied")
    expect(plain_http_page.get_by_role("button", name="Copied")).to_be_focused()
    plain_http_page.get_by_role("link", name="Search", exact=True).press("Enter")
    plain_http_page.keyboard.press("Control+v")
    expect(plain_http_page.get_by_role("combobox", name="Search everything")).to_have_value(link)


def test_copy_button_names_keys_when_copying_fails(plain_http_page: Page) -> None:
    link = create_invitation(plain_http_page)
    plain_http_page.evaluate("document.execCommand = () => false")
    plain_http_page.get_by_role("button", name="Copy", exact=True).click()
    expect(plain_http_page.locator("#live")).to_have_text("Selected: press Ctrl+C")
    expect(plain_http_page.get_by_role("button", name="Selected: press Ctrl+C")).to_be_visible()
    plain_http_page.keyboard.press("Control+c")
    plain_http_page.get_by_role("link", name="Search", exact=True).press("Enter")
    plain_http_page.keyboard.press("Control+v")
    expect(plain_http_page.get_by_role("combobox", name="Search everything")).to_have_value(link)
