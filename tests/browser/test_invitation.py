"""Create an invitation in one browser and accept it in another."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from playwright.sync_api import expect

from roadmap.core.database import db
from roadmap.invitations.actions import invite
from roadmap.people.models import Team
from tests.browser.conftest import PageOf, SampleSite, sign_in
from tests.support.login import PASSWORD


def create_invitation(sample_site: SampleSite, email: str) -> str:
    """Return the URL of Bob's invitation to Ranking for one person."""
    with sample_site.app.app_context():
        team = db.session.get_one(Team, sample_site.cast.team)
        _row, token = invite(
            db.session,
            team=team,
            role="member",
            email=email,
            by=sample_site.cast.bob,
            now=dt.datetime.now(dt.UTC),
        )
        db.session.commit()
    return f"/invitations/{token}"


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
def test_invitation_is_accepted_in_second_browser(page_of: PageOf, javascript: bool) -> None:
    """Bob creates a link; Ada creates an account with it and joins the team."""
    email = f"ada-{javascript}@example.org".lower()
    first = page_of("bob", java_script_enabled=javascript)
    second = page_of("nobody", java_script_enabled=javascript, timezone_id="Pacific/Auckland")

    first.goto("/teams/ranking/members")
    first.get_by_role("button", name="Create invitation").click()
    address = first.get_by_role("textbox", name="Invitation link").input_value()
    first.goto(address)
    expect(first.get_by_role("heading", level=1)).to_have_text("You are in Ranking")

    second.goto(address)
    expect(second.get_by_role("heading", level=1)).to_have_text("Join Ranking")
    expect(second.locator("main")).to_contain_text("They never see notes, drafts")
    second.get_by_label("Name").fill("Ada")
    second.get_by_label("E-mail").fill(email)
    second.get_by_label("Password").fill("short")
    second.get_by_role("button", name="Create account and join").click()
    expect(second.get_by_role("alert")).to_contain_text("Use at least 10 characters")
    expect(second.get_by_label("Name")).to_have_value("Ada")
    second.get_by_label("Password").fill(PASSWORD)
    second.get_by_role("button", name="Create account and join").click()
    expect(second.locator("#messages")).to_contain_text("You are now in the team Ranking.")
    second.goto("/account")
    zone = "Pacific/Auckland" if javascript else "UTC"
    expect(second.get_by_label("Time zone")).to_have_value(zone)

    first.goto("/teams/ranking/members")
    expect(first.locator("main")).to_contain_text(email)
    expect(first.locator("main")).not_to_contain_text(address)

    # It is used up in every browser.
    third = page_of("nobody")
    answer = third.goto(address)
    assert answer is not None
    assert answer.status == 410
    expect(third.get_by_role("heading", level=1)).to_have_text("This invitation was used")


def test_invitation_is_accepted_after_switching_account(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    """Sign out, sign in with the right address, and return to the invitation."""
    sample_site.set_password("mallory")
    address = create_invitation(sample_site, "mallory@example.org")
    page = page_of("dave")
    page.goto(address)
    expect(page.locator("main")).to_contain_text("This invitation is for m…@example.org")
    page.get_by_role("button", name="Sign out and continue").click()
    page.locator("main").get_by_role("link", name="Sign in").click()
    sign_in(page, "mallory")
    expect(page).to_have_url(re.compile(re.escape(address)))
    page.get_by_role("button", name="Join Ranking").click()
    expect(page.locator("#messages")).to_contain_text("You are now in the team Ranking.")
