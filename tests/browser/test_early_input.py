"""Input from before the scripts have loaded has the same effects as later input."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import PageOf, SampleSite
from tests.support.slow_network import hold_scripts


def test_early_input_becomes_draft(page_of: PageOf) -> None:
    page = page_of("alice")
    with hold_scripts(page):
        page.goto("/career/positions/new", wait_until="commit")
        page.get_by_label("Title").fill("Staff engineer")
    page.goto("/skills")
    page.goto("/career/positions/new")
    expect(page.get_by_label("Title")).to_have_value("Staff engineer")
    expect(page.locator(".draft-notice")).to_be_visible()


def test_restored_draft_keeps_early_input_of_other_fields(page_of: PageOf) -> None:
    page = page_of("alice")
    page.goto("/career/degrees/new")
    page.get_by_label("Field").fill("Statistics")
    with hold_scripts(page):
        page.goto("/career/degrees/new", wait_until="commit")
        page.get_by_label("Institution").fill("Uppsala")
    page.goto("/skills")
    page.goto("/career/degrees/new")
    expect(page.get_by_label("Field")).to_have_value("Statistics")
    expect(page.get_by_label("Institution")).to_have_value("Uppsala")


def test_early_answer_is_autosaved(page_of: PageOf) -> None:
    page = page_of("alice")
    with hold_scripts(page):
        page.goto("/practice/argument-you-lost", wait_until="commit")
        page.get_by_label("Situation").fill("We could not agree.")
    expect(page.locator("#answer-state").get_by_role("status")).to_have_text("Saved")
    page.reload()
    expect(page.get_by_label("Situation")).to_have_value("We could not agree.")


def test_early_filter_changes_list(sample_site: SampleSite, page_of: PageOf) -> None:
    page = page_of("alice")
    with hold_scripts(page):
        page.goto("/evidence", wait_until="commit")
        page.get_by_label("Kind").select_option("patent")
    expect(page.locator("#pieces")).to_contain_text("Nothing matches")
    expect(page).to_have_url(re.compile(r"/evidence\?.*kind=patent"))


def test_file_chosen_early_is_uploaded(page_of: PageOf) -> None:
    page = page_of("alice")
    choose = page.get_by_label("Add files")
    with hold_scripts(page):
        page.goto("/evidence/new", wait_until="commit")
        page.locator("summary", has_text="Files").click()
        choose.set_input_files(
            {"name": "early.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"}
        )
    choose.set_input_files({"name": "later.csv", "mimeType": "text/csv", "buffer": b"a,b\n3,4\n"})
    for name in ("early.csv", "later.csv"):
        expect(page.get_by_role("checkbox", name=name)).to_be_checked()
