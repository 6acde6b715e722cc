"""First visit to a roadmap: mark completed milestones by objective, with and without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PageOf, SampleSite
from tests.browser.test_responsive import find_overflowing


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
def test_new_engineer_marks_completed_milestones_on_one_page(
    javascript: bool, sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of(
        "mallory" if javascript else "dave",
        java_script_enabled=javascript,
        timezone_id="Europe/Stockholm",
        viewport={"width": 320, "height": 800},
    )
    page.goto(f"/roadmaps/{sample_site.ids['slug']}")
    page.get_by_role("button", name="Start this roadmap").first.click()
    zone = page.get_by_label("Time zone")
    expect(zone).to_have_value("Europe/Stockholm" if javascript else "UTC")
    zone.select_option("Europe/Stockholm")
    objective = page.get_by_role("group", name="Get a degree in computing")
    some = page.get_by_role("group", name="Which of them?")
    expect(some).to_have_count(0)
    objective.get_by_label("Some").check()
    some.get_by_role("checkbox").nth(1).check()
    page.get_by_label("This stage is not applicable to me").check()
    expect(page.get_by_label("Reason, in one sentence")).to_be_visible()
    assert not find_overflowing(page)
    page.get_by_role("button", name="Save and see my roadmap").click()
    expect(page.locator("#messages")).to_contain_text("1 milestone counts now")
    expect(page.locator(".checklist [aria-checked=true]")).to_have_count(1)
    expect(page.locator("#score")).not_to_contain_text("0.0")
