"""The question bank in a real browser: by keyboard, and without JavaScript."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from roadmap.practice.queries import question_bank
from tests.browser.conftest import PageOf, SampleSite


@pytest.fixture
def alice(sample_site: SampleSite, page_of: PageOf) -> Page:
    return page_of("alice", viewport={"width": 390, "height": 800}, java_script_enabled=False)


def test_from_the_menu_to_a_question_whose_answer_is_folded(alice: Page) -> None:
    alice.goto("/")
    alice.locator(".account-menu summary").click()
    alice.get_by_role("link", name="Interview practice").click()
    alice.get_by_role("searchbox", name="Search questions and answers").fill("position bias")
    alice.get_by_role("combobox", name="Difficulty").select_option(label="Hard")
    alice.get_by_role("button", name="Show").click()
    alice.get_by_role("navigation", name="Groups").get_by_role("link", name="design").click()
    expect(alice.get_by_role("searchbox", name="Search q")).to_have_value("position bias")
    alice.locator("a.title").first.focus()
    alice.keyboard.press("Enter")
    expect(alice.get_by_role("heading", name="After your own try")).to_be_visible()
    question = question_bank().by_key[alice.url.rpartition("/")[2]]
    answer = alice.get_by_text(question.covers[0])
    expect(answer).not_to_be_visible()
    alice.locator("summary", has_text="What a strong answer covers").focus()
    alice.keyboard.press("Enter")
    expect(answer).to_be_visible()


def test_files_are_downloaded_by_their_names(alice: Page) -> None:
    alice.goto("/practice/roc-auc-with-ties")
    for name, text in (
        ("solution.py", question_bank().by_key["roc-auc-with-ties"].starter),
        ("test_solution.py", question_bank().by_key["roc-auc-with-ties"].tests),
    ):
        with alice.expect_download() as download:
            alice.get_by_role("link", name=name, exact=True).click()
        assert download.value.suggested_filename == name
        assert Path(download.value.path()).read_text("utf-8") == text
