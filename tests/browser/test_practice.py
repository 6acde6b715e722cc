"""Practice by keyboard, without JavaScript, and with autosave."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from roadmap.practice.queries import question_bank
from tests.browser.conftest import PageOf, SampleSite


@pytest.fixture
def alice(sample_site: SampleSite, page_of: PageOf) -> Page:
    return page_of("alice", viewport={"width": 390, "height": 800}, java_script_enabled=False)


def test_question_is_found_from_menu_with_answer_collapsed(alice: Page) -> None:
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


def test_exercise_files_download_with_their_names(alice: Page) -> None:
    alice.goto("/practice/roc-auc-with-ties")
    for name, text in (
        ("solution.py", question_bank().by_key["roc-auc-with-ties"].starter),
        ("test_solution.py", question_bank().by_key["roc-auc-with-ties"].tests),
    ):
        with alice.expect_download() as download:
            alice.get_by_role("link", name=name, exact=True).click()
        assert download.value.suggested_filename == name
        assert Path(download.value.path()).read_text("utf-8") == text


def test_answer_is_autosaved_and_conflict_is_shown(page_of: PageOf) -> None:
    page, other = page_of("alice"), page_of("alice")
    story = "/practice/argument-you-lost"
    for tab in (page, other):
        tab.goto(story)
    page.get_by_label("Situation").fill("We could not agree on the store.")
    state = page.locator("#answer-state").get_by_role("status")
    expect(state).to_have_text("Saved")
    # Not "Saved" while there are unsaved changes or after a failure.
    page.route("**/answer", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.get_by_label("Situation").press_sequentially(" Yet.")
        expect(state).to_have_text("")
    expect(state).to_have_text("Not saved")
    page.unroute("**/answer")
    page.get_by_label("Situation").fill("We could not agree on the store.")
    expect(state).to_have_text("Saved")
    page.get_by_text("Evidence it cites").click()
    page.get_by_label("Search your evidence").fill("ranking")
    page.get_by_label("Ranking launch").check()
    with page.expect_response(lambda answer: "held" in (answer.request.post_data or "")) as saved:
        page.get_by_label("Result").press_sequentially("I was wrong. It held.")
    assert saved.value.status == 200
    page.goto("/practice?answer=answered")
    page.goto(story)
    expect(page.get_by_label("Result")).to_have_value("I was wrong. It held.")
    expect(page.get_by_label("Ranking launch")).to_be_checked()
    expect(page.locator(".draft-notice")).to_have_count(0)
    # The other tab shows the conflict, keeps its input, and overwrites only by its button.
    other.get_by_label("Task").fill("To decide.")
    expect(other.locator("#answer-state")).to_contain_text("This was changed elsewhere")
    expect(other.locator("#answer-state")).to_contain_text("I was wrong. It held.")
    other.get_by_role("button", name="Save mine anyway").click()
    expect(other.get_by_text("Your answer is saved.")).to_be_visible()
    other.get_by_label("Task").press_sequentially("To choose. ")
    expect(other.get_by_text("Your answer is saved.")).to_have_count(0)
    expect(other.locator("#answer-state")).to_contain_text("Saved")
    expect(other.get_by_label("Task")).to_have_value("To choose. To decide.")


def test_mock_interview_is_completed_by_keyboard(page_of: PageOf) -> None:
    page = page_of("carol")

    def press(name: str) -> None:
        page.get_by_role("button", name=name).focus()
        page.keyboard.press("Enter")

    page.goto("/practice")
    page.get_by_role("link", name="Mock interview").click()
    press("Start Phone screen")
    for number, rating in ((1, "3 · At the bar"), (2, "1 · Far from the bar")):
        press(f"Start round {number}")
        expect(page.locator("[data-elapsed]")).to_contain_text(" of ")
        page.reload()
        press("Stop and rate")
        page.get_by_label(rating).focus()
        page.keyboard.press("Space")
        press("Save rating")
    expect(page.get_by_role("heading", name="Summary")).to_be_visible()
    repeat = page.locator("section", has=page.get_by_role("heading", name="To repeat"))
    expect(repeat.get_by_role("link")).to_have_count(1)
    expect(repeat).to_contain_text("due on")
    page.get_by_role("link", name="All mock interviews").click()
    expect(page.get_by_text("ratings: 3, 1")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
def test_question_groups_are_collapsed_on_phone_until_filtered(
    javascript: bool, sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice", java_script_enabled=javascript, viewport={"width": 390, "height": 844})
    page.goto("/practice")
    expect(page.get_by_role("heading", name="Today")).to_be_in_viewport()
    height = page.locator("html").bounding_box()
    assert height is not None
    assert height["height"] < 3 * 844
    question = page.locator(".fold .list .title").first
    expect(question).to_be_hidden()
    page.locator(".fold[id^=group-] > summary").first.click()
    expect(question).to_be_visible()
    page.goto("/practice?difficulty=1")
    expect(question).to_be_visible()
