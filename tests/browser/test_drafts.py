"""Form input is kept until the server has saved it or the person discards it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from playwright.sync_api import Locator, Page, Route, expect

from roadmap.core.database import db
from roadmap.progress.models import MilestonePlan
from tests.browser.conftest import PageOf, SampleSite, sign_in

RESTORED = "Your unsaved text is restored."


@pytest.fixture
def open_page(sample_site: SampleSite, page_of: PageOf) -> Callable[..., Page]:
    """`open_page(…)` opens a page for Alice, who has no plans yet."""

    def make(**options: object) -> Page:
        with sample_site.app.app_context(), db.own_transaction() as own:
            own.execute(sa.delete(MilestonePlan))
        return page_of("alice", **options)

    return make


@pytest.fixture
def at(sample_site: SampleSite) -> str:
    return f"/roadmaps/{sample_site.ids['slug']}"


def title_of(page: Page, key: str) -> Locator:
    return page.locator(f".checklist a[href$='/milestones/{key}']")


def notice(page: Page) -> Locator:
    return page.locator(".draft-notice", has_text=RESTORED)


def unfold(page: Page, key: str) -> Locator:
    """Expand a milestone; return its private note field."""
    title_of(page, key).click()
    return page.locator(f"#note-{key}")


def test_a_note_survives_folding_and_can_be_discarded(
    open_page: Callable[..., Page], at: str, sample_site: SampleSite
) -> None:
    page, key = open_page(), sample_site.ids["milestone"]
    page.goto(at)
    note = unfold(page, key)
    note.fill("Ask Bob for the numbers.")
    title_of(page, key).click()
    expect(note).to_have_count(0)
    expect(title_of(page, key)).to_have_attribute("data-unsaved", "Unsaved text")
    unfold(page, key)
    expect(note).to_have_value("Ask Bob for the numbers.")
    expect(notice(page)).to_be_visible()
    page.get_by_role("button", name="Discard").click()
    expect(note).to_have_value("")
    expect(note.locator("xpath=ancestor::form")).not_to_contain_text(RESTORED)
    expect(title_of(page, key)).not_to_have_attribute("data-unsaved", "Unsaved text")
    page.reload()
    unfold(page, key)
    expect(note).to_have_value("")


def test_a_note_survives_a_change_of_status(
    open_page: Callable[..., Page], at: str, sample_site: SampleSite
) -> None:
    page, key = open_page(), sample_site.ids["open"]
    page.goto(at)
    note = unfold(page, key)
    note.fill("Half of it is done.")
    # Like dragging its corner. The content security policy blocks copying the style.
    note.evaluate("each => { each.style.height = '9rem'; }")
    page.locator(".milestone summary", has_text="Not applicable to you?").click()
    page.get_by_label("Reason").fill("Perhaps never.")
    before = page.evaluate("scrollY")
    page.get_by_role("button", name="In progress", exact=True).click()
    expect(page.get_by_role("button", name="In progress", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(note).to_have_value("Half of it is done.")
    expect(page.get_by_label("Reason")).to_have_value("Perhaps never.")
    expect(notice(page)).to_have_count(2)
    expect(page.get_by_role("button", name="In progress", exact=True)).to_be_focused()
    assert page.evaluate("scrollY") == before
    page.get_by_role("button", name="Save note and date").click()
    expect(page.locator("#live")).to_have_text("Note and date are saved.")
    expect(note).to_have_value("Half of it is done.")
    # The milestone's page has the saved note, and the reason as a draft.
    page.goto(f"{at}/milestones/{key}")
    expect(notice(page)).to_have_count(1)
    expect(page.get_by_label("Reason")).to_be_visible()


def test_a_note_survives_leaving_and_appears_in_no_other_form(
    open_page: Callable[..., Page], at: str, sample_site: SampleSite
) -> None:
    page, key, other = open_page(), sample_site.ids["milestone"], sample_site.ids["open"]
    page.goto(at)
    unfold(page, key).fill("Left in the middle of")
    page.goto("/evidence")
    page.goto(at)
    expect(title_of(page, key)).to_have_attribute("data-unsaved", "Unsaved text")
    expect(unfold(page, other)).to_have_value("")
    expect(notice(page)).to_have_count(0)
    expect(unfold(page, key)).to_have_value("Left in the middle of")
    expect(notice(page)).to_be_visible()


def test_a_draft_never_overwrites_what_another_tab_saved(
    open_page: Callable[..., Page], at: str, sample_site: SampleSite
) -> None:
    page, key = open_page(), sample_site.ids["milestone"]
    page.goto(at)
    unfold(page, key).fill("Of this tab")
    second = page.context.new_page()
    second.goto(f"{at}/milestones/{key}")
    second.get_by_label("Private note").fill("Of the second tab")
    second.get_by_role("button", name="Save note and date").click()
    expect(second.get_by_text("Note and date are saved.")).to_be_visible()
    page.reload()
    note = unfold(page, key)
    expect(note).to_have_value("Of this tab")
    page.get_by_role("button", name="Save note and date").click()
    expect(page.get_by_text("was changed in another tab")).to_be_visible()
    expect(page.locator("blockquote")).to_contain_text("Of the second tab")
    expect(note).to_have_value("Of this tab")
    page.get_by_role("button", name="Save note and date").click()
    expect(page.locator("#live")).to_have_text("Note and date are saved.")
    page.reload()
    expect(unfold(page, key)).to_have_value("Of this tab")
    expect(notice(page)).to_have_count(0)


def test_no_draft_is_kept_of_a_secret(open_page: Callable[..., Page]) -> None:
    """Such as a calendar URL; its field is marked as secret."""
    page = open_page()
    for value, kept in (("seen", True), ("hidden", False)):
        page.goto("/time")
        title = page.get_by_label("Title")
        if not kept:
            page.evaluate("sessionStorage.clear()")
            title.evaluate("field => { field.dataset.secret = '1' }")
        title.fill(value)
        assert (value in page.evaluate("JSON.stringify(sessionStorage)")) == kept


def test_a_note_outlives_the_session(
    open_page: Callable[..., Page], at: str, sample_site: SampleSite
) -> None:
    page, key = open_page(), sample_site.ids["milestone"]
    sample_site.set_password("alice")
    page.goto(at)
    unfold(page, key).fill("Typed while the session ended")
    sample_site.end_sessions("alice")
    page.get_by_role("button", name="Save note and date").click()
    sign_in(page, "alice")
    expect(page).to_have_url(re.compile(f"{at}$"))
    expect(title_of(page, key)).to_have_attribute("data-unsaved", "Unsaved text")
    # The row is already expanded.
    note = page.get_by_label("Private note")
    expect(note).to_have_value("Typed while the session ended")
    expect(note).to_be_in_viewport()
    page.get_by_role("button", name="Save note and date").click()
    expect(page.locator("#live")).to_have_text("Note and date are saved.")


def test_a_sent_form_that_is_not_saved_after_signing_in_again_is_a_draft(
    open_page: Callable[..., Page], at: str, sample_site: SampleSite
) -> None:
    page, key = open_page(), sample_site.ids["milestone"]
    sample_site.set_password("alice")
    at = f"{at}/milestones/{key}"
    note = page.get_by_label("Private note")
    page.goto(at)
    note.fill("Sent too late")
    sample_site.end_sessions("alice")
    page.get_by_role("button", name="Save note and date").click()
    sign_in(page, "alice")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed in again")
    page.goto(at)
    expect(note).to_have_value("Sent too late")
    expect(notice(page)).to_be_visible()
    sample_site.end_sessions("alice")
    page.get_by_role("button", name="Save note and date").click()
    sign_in(page, "alice")
    page.get_by_role("button", name="Save now").click()
    page.goto(at)
    expect(note).to_have_value("Sent too late")
    expect(notice(page)).to_have_count(0)


def test_cancel_discards_and_a_refused_form_is_kept(open_page: Callable[..., Page]) -> None:
    page = open_page()
    title = page.get_by_label("Title")
    page.goto("/career/positions/new")
    title.fill("Engineer")
    page.get_by_role("button", name="Save position").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    page.goto("/career/positions/new")
    expect(title).to_have_value("Engineer")
    expect(page.locator("#live")).to_have_text(RESTORED)
    page.get_by_role("link", name="Cancel").click()
    page.goto("/career/positions/new")
    expect(title).to_have_value("")
    expect(notice(page)).to_have_count(0)


def test_a_form_that_grew_is_restored_whole(
    open_page: Callable[..., Page], sample_site: SampleSite
) -> None:
    page = open_page()
    page.goto(f"/evidence/new?milestone={sample_site.ids['milestone']}")
    page.get_by_label("Title").fill("Ranking in half the time")
    page.locator("summary", has_text="Impact").click()
    page.get_by_label("Metric").fill("p99 latency")
    page.get_by_role("button", name="Add another impact").click()
    page.get_by_label("Metric").nth(1).fill("cost of serving")
    page.locator("#q").press_sequentially("algorithms")
    found = page.get_by_role("checkbox", name="Implement the algorithms that ML systems lean on")
    found.check()

    page.goto("/evidence/new")  # another form, without the draft
    expect(page.get_by_label("Title")).to_have_value("")
    expect(notice(page)).to_have_count(0)

    page.goto(f"/evidence/new?milestone={sample_site.ids['milestone']}")
    expect(page.get_by_label("Title")).to_have_value("Ranking in half the time")
    expect(page.get_by_label("Metric").nth(1)).to_have_value("cost of serving")
    expect(found).to_be_checked()
    expect(page.locator("#milestone-choices input[type=hidden]")).to_have_count(0)
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_label("Metric")).to_have_count(1)
    expect(page.get_by_label("Title")).to_have_value("")


def test_an_unfolded_assessment_keeps_its_comment(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/skills")
    opener = page.get_by_role("link", name=re.compile("^Assess ")).first
    opener.click()
    comment = page.get_by_label("Basis for this level")
    comment.fill("Two launches")
    page.goto("/skills")
    expect(opener).to_have_attribute("data-unsaved", "Unsaved text")
    opener.click()
    expect(comment).to_have_value("Two launches")
    expect(notice(page)).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    expect(opener).to_be_visible()
    opener.click()
    expect(comment).to_have_value("")


def test_a_comment_that_was_sent_is_no_draft(
    open_page: Callable[..., Page], sample_site: SampleSite
) -> None:
    page = open_page()
    comment = page.get_by_label("Add a comment")
    page.goto(f"/evidence/{sample_site.ids['submitted']}")
    comment.fill("The second figure is new.")
    page.reload()
    expect(comment).to_have_value("The second figure is new.")
    page.get_by_role("button", name="Add comment").click()
    expect(page.locator("#thread ol")).to_contain_text("The second figure is new.")
    expect(comment).to_have_value("")
    page.reload()
    expect(comment).to_have_value("")


def test_cancel_folds_an_assessment_of_somebody_else(
    page_of: PageOf, sample_site: SampleSite
) -> None:
    page = page_of("bob")
    page.goto(f"/teams/ranking/people/{sample_site.cast.alice}")
    opener = page.get_by_role("link", name=re.compile("^Assess ")).first
    opener.click()
    page.get_by_label("Basis for this level").fill("Seen in two reviews")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_label("Basis for this level")).to_have_count(0)
    opener.click()
    expect(page.get_by_label("Basis for this level")).to_have_value("")


def test_nothing_is_lost_without_javascript(
    open_page: Callable[..., Page], at: str, sample_site: SampleSite
) -> None:
    page, key = open_page(java_script_enabled=False), sample_site.ids["milestone"]
    sample_site.set_password("alice")
    page.goto(f"{at}/milestones/{key}")
    page.get_by_label("Private note").fill("Sent by a plain form")
    sample_site.end_sessions("alice")
    page.get_by_role("button", name="Save note and date").click()
    sign_in(page, "alice")
    expect(page.get_by_text("Sent by a plain form")).to_be_visible()
    page.get_by_role("button", name="Save now").click()
    expect(page.get_by_label("Private note")).to_have_value("Sent by a plain form")


@pytest.mark.parametrize("then", ["/skills", "/career/positions/new", "/career"])
def test_a_form_whose_answer_was_lost_is_a_draft(open_page: Callable[..., Page], then: str) -> None:
    page = open_page()

    def lose_answer(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort()

    page.goto("/career/positions/new")
    page.get_by_label("Title").fill("Staff engineer")
    page.get_by_label("From").fill("2024-03-01")
    page.route("**/career/positions", lose_answer)
    with page.expect_event("requestfailed"):
        page.get_by_role("button", name="Save position").click()
    page.unroute("**/career/positions")
    page.goto(then)
    page.goto("/career/positions/new")
    expect(page.get_by_label("Title")).to_have_value("Staff engineer")
    expect(notice(page)).to_be_visible()
    # Submitted again successfully, so the draft is gone.
    page.get_by_role("button", name="Save position").click()
    expect(page.locator("#messages")).to_contain_text("The position is added.")
    page.goto("/career/positions/new")
    expect(page.get_by_label("Title")).to_have_value("")
    expect(notice(page)).to_have_count(0)
