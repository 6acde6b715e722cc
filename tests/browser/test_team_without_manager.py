"""An administrator without a manager creates a team, invites a mentor and shares evidence."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PageOf

TITLE = "Why our ranking drifts"


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
def test_mentor_reads_shared_evidence_and_comments(page_of: PageOf, javascript: bool) -> None:
    erin = page_of("erin", java_script_enabled=javascript)
    mallory = page_of("mallory", java_script_enabled=javascript)
    team = f"Solo {'with' if javascript else 'without'} JavaScript"

    # Create a team with herself, and a link for its mentor.
    erin.goto("/admin/teams/new")
    erin.get_by_label("Name").fill(team)
    erin.get_by_role("button", name="Create team").click()
    erin.get_by_role("button", name="Add me as a member").click()
    expect(erin.locator("#messages")).to_contain_text(f"You are now in {team}.")
    invite = erin.locator("form", has=erin.get_by_role("button", name="Create invitation"))
    invite.get_by_label("Role").select_option("mentor")
    invite.get_by_role("button").click()
    mallory.goto(erin.get_by_role("textbox", name="Invitation link").input_value())
    mallory.get_by_role("button", name=f"Mentor {team}").click()

    # Create evidence, linked to a milestone that it can prove.
    erin.goto("/evidence/new?milestone=design-doc-for-complex-system")
    erin.get_by_label("Title").fill(f"{TITLE}: {team}")
    erin.get_by_label("Kind").select_option("design_doc")
    erin.get_by_label("Date", exact=True).fill("2026-05-01")
    erin.locator("[name=url]").fill("https://example.org/drift")
    erin.get_by_role("button", name="Save").first.click()
    address = erin.url.partition("#")[0]
    main = erin.locator("main")
    expect(main).to_contain_text("invite one")
    erin.get_by_role("button", name="Share with Mallory for comments").click()
    expect(erin.locator("#messages")).to_contain_text("is now shared with Mallory for comments.")
    expect(main).to_contain_text("no one can review it")

    # The mentor finds it by search and on her page.
    mallory.goto(f"/search?q={TITLE}")
    mallory.get_by_role("link", name=f"{TITLE}: {team}").click()
    expect(mallory.get_by_role("button", name="Verify")).to_have_count(0)
    mallory.get_by_label("Add a comment").fill("Which baseline is that?")
    mallory.get_by_role("button", name="Add comment").click()
    expect(mallory.locator("#thread")).to_contain_text("Which baseline is that?")

    # She reads the comment, and can find a manager on the team's page.
    erin.goto(address)
    expect(main).to_contain_text("Which baseline is that?")
    erin.get_by_role("link", name="has no manager yet: invite one").click()
    expect(erin.get_by_role("heading", level=1)).to_contain_text("Members of Solo")
