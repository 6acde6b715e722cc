"""Slow, lost and reordered responses lose no input and leave nothing outdated on the page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import APIResponse, Locator, Page, Route, expect

from tests.browser.conftest import PageOf, SampleSite
from tests.support.slow_network import HeldRequests


@pytest.fixture
def roadmap_path(sample_site: SampleSite) -> str:
    return f"/roadmaps/{sample_site.ids['slug']}"


def open_row(page: Page, roadmap_path: str) -> Locator:
    """Open the roadmap; return the row of an open milestone."""
    page.goto(roadmap_path)
    row = page.locator(".checklist li", has=page.get_by_role("checkbox", checked=False)).first
    return page.locator(f"[id='{row.get_attribute('id')}']")


def test_connection_error_at_top_of_page_causes_no_script_error(page_of: PageOf) -> None:
    page = page_of("alice")
    page.goto("/evidence")
    page.route("**/evidence?*", lambda route: route.abort())
    page.get_by_label("Kind").select_option("patent")
    expect(page.locator("#messages .fault")).to_be_visible()


def test_impact_typed_while_another_is_added_is_kept(page_of: PageOf) -> None:
    page = page_of("alice")
    page.goto("/evidence/new")
    page.locator("summary", has_text="Impact").click()
    requests = HeldRequests(page, "**/evidence/impacts")
    add, metrics = (
        page.get_by_role("button", name="Add another impact"),
        page.get_by_label("Metric"),
    )
    for number in range(1, 6):
        with requests.expect():
            add.dblclick()
        metrics.nth(number - 1).fill(f"metric {number}")
        requests.answer()
        expect(metrics).to_have_count(number + 1)
    expect(page.get_by_text("At most six impacts.")).to_be_visible()
    expect(add).to_have_count(0)
    for number in range(1, 6):
        expect(metrics.nth(number - 1)).to_have_value(f"metric {number}")


@pytest.mark.parametrize(
    ("path", "fold", "search", "choices"),
    [
        ("/evidence/new", "", "Search", "#milestone-choices"),
        (
            "/practice/argument-you-lost",
            "Evidence it cites",
            "Search evidence",
            "#evidence-choices",
        ),
    ],
    ids=["milestones", "evidence"],
)
@pytest.mark.parametrize("by_button", [False, True], ids=["typing", "button"])
def test_choice_made_during_search_is_kept(
    page_of: PageOf, path: str, fold: str, search: str, choices: str, *, by_button: bool
) -> None:
    page = page_of("alice")
    page.goto(path)
    if fold:
        page.locator("summary", has_text=fold).click()
    first = page.locator(f"{choices} input").first
    value = first.get_attribute("value")
    requests = HeldRequests(page, re.compile(r"/(milestones|evidence)\?"))
    with requests.expect():
        page.locator("#q").fill("no such words")
    if by_button:
        with requests.expect():
            page.get_by_role("button", name=search).click()
    with requests.expect():
        first.check()
    requests.answer(-1)
    expect(page.locator(choices)).to_contain_text("No other")
    expect(page.locator(f"{choices} input[value='{value}']")).to_be_checked()


def test_figures_are_current_if_first_of_two_ticks_is_answered_last(
    page_of: PageOf, roadmap_path: str
) -> None:
    page = page_of("carol")
    page.goto(roadmap_path)
    answers: list[tuple[Route, APIResponse]] = []
    page.route("**/completion", lambda route: answers.append((route, route.fetch())))
    open_rows = page.locator(".checklist > .tone-not_started").all()[:2]
    rows = [row.get_attribute("id") for row in open_rows]
    ticks = [page.locator(f"[id='{row}'] .row-tick") for row in rows]
    for tick in ticks:
        before = len(answers)
        tick.click()
        while len(answers) == before:
            page.title()  # lets the route's handler run
    figures = page.locator("#lede, #score .score-points, #filters, .stage-count")
    for tick, (route, answer) in zip(reversed(ticks), reversed(answers), strict=True):
        route.fulfill(response=answer)
        expect(tick).to_be_checked()
    shown = figures.all_inner_texts()
    page.reload()
    assert shown == figures.all_inner_texts()


@pytest.mark.parametrize("is_lost", [False, True], ids=["late", "lost"])
def test_note_being_saved_is_kept_through_status_change(
    page_of: PageOf, roadmap_path: str, *, is_lost: bool
) -> None:
    page, text = page_of("carol"), f"Ask for the figures ({is_lost})."
    open_row(page, roadmap_path).locator(".row-title").click()
    note, save = page.get_by_label("Private note"), page.get_by_role("button", name="Save note")
    note.fill(text)
    requests = HeldRequests(page, "**/plan")
    with requests.expect():
        save.click()
    begin = page.get_by_role("button", name="In progress", exact=True)
    begin.click()
    expect(begin).to_have_attribute("aria-pressed", "true")
    expect(note).to_have_value(text)
    if is_lost:
        requests.lose()
        expect(page.locator("main .fault")).to_be_visible()
        page.unroute("**/plan")
        save.click()
    else:
        requests.answer()
    expect(page.locator(".draft-notice")).to_have_count(0)
    expect(page.locator("form [data-said]")).to_have_text("Note and date are saved.")
    # The form has the saved revision.
    note.fill(f"{text} Soon.")
    page.unroute("**/plan")
    save.click()
    expect(page.locator("#live")).to_have_text("Note and date are saved.")
    page.get_by_role("button", name="Not started", exact=True).click()
    expect(begin).to_have_attribute("aria-pressed", "false")


def test_newest_filter_of_checklist_is_shown(page_of: PageOf, roadmap_path: str) -> None:
    page = page_of("alice")
    page.goto(roadmap_path)
    shown = page.locator("#filters [aria-current]")
    requests = HeldRequests(page, "**/*show=*")
    with requests.expect():
        page.locator("#filters").get_by_role("link", name="Open").click()
    with requests.expect(), page.expect_event("requestfailed"):  # the older one is not waited for
        page.locator("#filters").get_by_role("link", name="Done").click()
    requests.answer(-1)
    expect(shown).to_contain_text("Done")
    expect(page).to_have_url(re.compile("show=done"))


def test_second_click_on_title_before_response_does_not_collapse(
    page_of: PageOf, roadmap_path: str
) -> None:
    page = page_of("alice")
    title = open_row(page, roadmap_path).locator(".row-title")
    requests = HeldRequests(page, f"**{title.get_attribute('href')}")
    with requests.expect():
        title.click()
    title.click()
    requests.answer()
    page.unroute(requests.url)
    expect(page.locator(".row-details")).to_have_count(1)
    title.click()
    expect(page.locator(".row-details")).to_have_count(0)


def test_tick_shows_in_list_that_was_filtered_meanwhile(page_of: PageOf, roadmap_path: str) -> None:
    page = page_of("alice")
    tick = open_row(page, roadmap_path).locator(".row-tick")
    requests = HeldRequests(page, "**/completion")
    with requests.expect():
        tick.click()
    page.locator("#filters").get_by_role("link", name="Open").click()
    expect(page.locator("#filters [aria-current]")).to_contain_text("Open")
    expect(tick).not_to_be_checked()
    requests.answer()
    expect(tick).to_be_checked()
    page.unroute("**/completion")
    tick.click()
    expect(tick).not_to_be_checked()


def test_saving_during_autosave_does_not_conflict(page_of: PageOf) -> None:
    page = page_of("carol")
    page.goto("/practice/argument-you-lost")
    text = page.get_by_label("Situation")
    requests = HeldRequests(page, "**/answer", times=1)
    with requests.expect():
        text.fill("The first half")
    text.fill("The first half and the second.")
    page.get_by_role("button", name="Save answer").click()
    with page.expect_navigation():
        requests.routes.pop().continue_()
    expect(page.get_by_text("Your answer is saved.")).to_be_visible()
    expect(text).to_have_value("The first half and the second.")
    expect(page.locator(".draft-notice")).to_have_count(0)


@pytest.mark.parametrize("by_button", [False, True], ids=["autosave", "button"])
def test_answer_saved_after_lost_response_does_not_conflict(
    page_of: PageOf, *, by_button: bool
) -> None:
    page = page_of("carol")
    page.goto("/practice/argument-you-lost")
    text, state = page.get_by_label("Task"), page.locator("#answer-state").get_by_role("status")
    requests = HeldRequests(page, "**/answer")
    with requests.expect():
        text.fill(f"Half ({by_button})")
    requests.lose(is_saved=True)
    expect(state).to_have_text("Not saved")
    page.unroute("**/answer")
    text.press("End")
    text.press_sequentially(", then all.")
    if by_button:
        page.get_by_role("button", name="Save answer").click()
        expect(page.get_by_text("Your answer is saved.")).to_be_visible()
    else:
        with page.expect_response(lambda answer: "all." in (answer.request.post_data or "")):
            pass
        expect(state).to_have_text("Saved")
    page.reload()
    expect(text).to_have_value(f"Half ({by_button}), then all.")
    expect(page.locator("[data-conflict], .draft-notice")).to_have_count(0)


def test_answer_is_saved_when_its_page_is_left(page_of: PageOf) -> None:
    page, path = page_of("bob"), "/practice/argument-you-lost"
    page.goto(path)
    page.get_by_label("Result").fill("We kept both.")
    page.goto("/skills")
    other = page.context.new_page()  # without the drafts of the first
    for _ in range(40):
        # Playwright does not see the request of a page that was left.
        other.goto(path)
        if other.get_by_label("Result").input_value():
            break
    expect(other.get_by_label("Result")).to_have_value("We kept both.")
    page.goto(path)
    expect(page.get_by_label("Result")).to_have_value("We kept both.")
    expect(page.locator(".draft-notice")).to_have_count(0)


@pytest.mark.parametrize("is_lost", [False, True], ids=["late", "lost"])
def test_saving_says_that_it_waits_for_upload(page_of: PageOf, *, is_lost: bool) -> None:
    page = page_of("alice")
    page.goto("/evidence/new")
    page.get_by_label("Title").fill("With a large file")
    page.get_by_label("Kind", exact=True).select_option("design_doc")
    page.get_by_label("Date", exact=True).fill("2026-03")
    files = page.locator("summary", has_text="Files")
    files.click()
    requests = HeldRequests(page, "**/evidence/files")
    with requests.expect():
        page.get_by_label("Add files").set_input_files(
            {"name": "late.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"}
        )
    files.click()
    page.get_by_role("button", name="Save evidence").click()
    waits = page.locator("#evidence-form").get_by_text("saved as soon as the files are uploaded")
    expect(waits).to_be_in_viewport()
    if is_lost:
        requests.lose()
        expect(page.get_by_text("“late.csv” was not uploaded")).to_be_in_viewport()
        expect(waits).to_have_count(0)
    else:
        requests.answer()
        expect(page.get_by_role("link", name="late.csv")).to_be_visible()
