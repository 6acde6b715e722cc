"""Request the deletion of an account, and cancel it in time."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PageOf, SampleSite, sign_in
from tests.browser.test_axe import add_axe, violations_in_both_schemes
from tests.browser.test_every_page import wider_than_its_window


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
def test_account_deletion_is_requested_and_cancelled(
    sample_site: SampleSite, page_of: PageOf, javascript: bool
) -> None:
    """Carol deletes her account, signs in again, cancels the deletion and has all her data."""
    sample_site.set_password("carol")
    page = page_of("carol", java_script_enabled=javascript)
    add_axe(page)
    page.goto("/account")
    page.get_by_role("link", name="Delete your account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete your account")
    page.get_by_label("Your e-mail address").fill("somebody@example.org")
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_role("alert")).to_contain_text("not the address of this account")
    page.get_by_label("Your e-mail address").fill("Carol@Example.org")
    page.get_by_role("button", name="Delete my account").click()
    expect(page.locator("#messages")).to_contain_text("Sign in to keep it")

    sign_in(page, "carol")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your account will be deleted on")
    page.goto("/evidence")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your account will be deleted on")
    if javascript:
        # `test_every_page.py` does not cover this: none of its accounts has a pending deletion.
        assert not [*violations_in_both_schemes(page), *wider_than_its_window(page)]
    page.get_by_role("button", name="Keep my account").click()
    expect(page.locator("#messages")).to_contain_text("Your account and everything")
    page.goto("/account")
    expect(page.get_by_label("Name")).to_have_value("Carol")
