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
from tests.support.slow_network import hold_scripts

RESTORED = "Your unsaved text is restored."


@pytest.fixture
def open_page(sample_site: SampleSite, page_of: PageOf) -> Callable[..., Page]:
    """`open_page(…)` opens a page for Alice, who has no plans yet."""

    def make(**options: object) -> Page:
        with sample_site.app.app_context(), db.own_transaction() as session:
            session.execute(sa.delete(MilestonePlan))
        return page_of("alice", **options)

    return make


@pytest.fixture
def roadmap_path(sample_site: SampleSite) -> str:
    return f"/roadmaps/{sample_site.ids['slug']}"


def milestone_link(page: Page, key: str) -> Locator:
    return page.locator(f".checklist a[href$='/milestones/{key}']")


def draft_notice(page: Page) -> Locator:
    return page.locator(".draft-notice", has_text=RESTORED)


def expand_milestone(page: Page, key: str) -> Locator:
    """Expand a milestone; return its private note field."""
    milestone_link(page, key).click()
    return page.locator(f"#note-{key}")


def test_note_draft_survives_collapsing_and_can_be_discarded(
    open_page: Callable[..., Page], roadmap_path: str, sample_site: SampleSite
) -> None:
    page, key = open_page(), sample_site.ids["milestone"]
    page.goto(roadmap_path)
    note = expand_milestone(page, key)
    note.fill("Ask Bob for the numbers.")
    milestone_link(page, key).click()
    expect(note).to_have_count(0)
    expect(milestone_link(page, key)).to_have_attribute("data-unsaved", "Unsaved text")
    expand_milestone(page, key)
    expect(note).to_have_value("Ask Bob for the numbers.")
    expect(draft_notice(page)).to_be_visible()
    page.get_by_role("button", name="Discard").click()
    expect(note).to_have_value("")
    expect(note.locator("xpath=ancestor::form")).not_to_contain_text(RESTORED)
    expect(milestone_link(page, key)).not_to_have_attribute("data-unsaved", "Unsaved text")
    page.reload()
    expand_milestone(page, key)
    expect(note).to_have_value("")


def test_note_draft_survives_status_change(
    open_page: Callable[..., Page], roadmap_path: str, sample_site: SampleSite
) -> None:
    page, key = open_page(), sample_site.ids["open"]
    page.goto(roadmap_path)
    note = expand_milestone(page, key)
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
    expect(draft_notice(page)).to_have_count(2)
    expect(page.get_by_role("button", name="In progress", exact=True)).to_be_focused()
    assert page.evaluate("scrollY") == before
    page.get_by_role("button", name="Save note and date").click()
    expect(page.locator("#live")).to_have_text("Note and date are saved.")
    expect(note).to_have_value("Half of it is done.")
    # The milestone's page has the saved note, and the reason as a draft.
    page.goto(f"{roadmap_path}/milestones/{key}")
    expect(draft_notice(page)).to_have_count(1)
    expect(page.get_by_label("Reason")).to_be_visible()


def test_note_draft_survives_navigation_and_stays_in_its_form(
    open_page: Callable[..., Page], roadmap_path: str, sample_site: SampleSite
) -> None:
    page, key, other = open_page(), sample_site.ids["milestone"], sample_site.ids["open"]
    page.goto(roadmap_path)
    expand_milestone(page, key).fill("Left in the middle of")
    page.goto("/evidence")
    page.goto(roadmap_path)
    expect(milestone_link(page, key)).to_have_attribute("data-unsaved", "Unsaved text")
    expect(expand_milestone(page, other)).to_have_value("")
    expect(draft_notice(page)).to_have_count(0)
    expect(expand_milestone(page, key)).to_have_value("Left in the middle of")
    expect(draft_notice(page)).to_be_visible()


def test_draft_conflicts_with_save_of_another_tab(
    open_page: Callable[..., Page], roadmap_path: str, sample_site: SampleSite
) -> None:
    page, key = open_page(), sample_site.ids["milestone"]
    page.goto(roadmap_path)
    expand_milestone(page, key).fill("Of this tab")
    second = page.context.new_page()
    second.goto(f"{roadmap_path}/milestones/{key}")
    second.get_by_label("Private note").fill("Of the second tab")
    second.get_by_role("button", name="Save note and date").click()
    expect(second.get_by_text("Note and date are saved.")).to_be_visible()
    page.reload()
    note = expand_milestone(page, key)
    expect(note).to_have_value("Of this tab")
    page.get_by_role("button", name="Save note and date").click()
    expect(page.get_by_text("was changed in another tab")).to_be_visible()
    expect(page.locator("blockquote")).to_contain_text("Of the second tab")
    expect(note).to_have_value("Of this tab")
    page.get_by_role("button", name="Save note and date").click()
    expect(page.locator("#live")).to_have_text("Note and date are saved.")
    page.reload()
    expect(expand_milestone(page, key)).to_have_value("Of this tab")
    expect(draft_notice(page)).to_have_count(0)


def test_secret_field_is_not_kept_as_draft(open_page: Callable[..., Page]) -> None:
    """A calendar URL, for example, is marked as secret."""
    page = open_page()
    for value, kept in (("seen", True), ("hidden", False)):
        page.goto("/time")
        title = page.get_by_label("Title")
        if not kept:
            page.evaluate("sessionStorage.clear()")
            title.evaluate("field => { field.dataset.secret = '1' }")
        title.fill(value)
        assert (value in page.evaluate("JSON.stringify(sessionStorage)")) == kept


def test_note_draft_survives_session_end(
    open_page: Callable[..., Page], roadmap_path: str, sample_site: SampleSite
) -> None:
    page, key = open_page(), sample_site.ids["milestone"]
    sample_site.set_password("alice")
    page.goto(roadmap_path)
    expand_milestone(page, key).fill("Typed while the session ended")
    sample_site.end_sessions("alice")
    page.get_by_role("button", name="Save note and date").click()
    sign_in(page, "alice")
    expect(page).to_have_url(re.compile(f"{roadmap_path}$"))
    expect(milestone_link(page, key)).to_have_attribute("data-unsaved", "Unsaved text")
    # The milestone's row is already expanded.
    note = page.get_by_label("Private note")
    expect(note).to_have_value("Typed while the session ended")
    expect(note).to_be_in_viewport()
    page.get_by_role("button", name="Save note and date").click()
    expect(page.locator("#live")).to_have_text("Note and date are saved.")


def test_submitted_form_stays_draft_until_saved_after_sign_in(
    open_page: Callable[..., Page], roadmap_path: str, sample_site: SampleSite
) -> None:
    page, key = open_page(), sample_site.ids["milestone"]
    sample_site.set_password("alice")
    roadmap_path = f"{roadmap_path}/milestones/{key}"
    note = page.get_by_label("Private note")
    page.goto(roadmap_path)
    note.fill("Sent too late")
    sample_site.end_sessions("alice")
    page.get_by_role("button", name="Save note and date").click()
    sign_in(page, "alice")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed in again")
    page.goto(roadmap_path)
    expect(note).to_have_value("Sent too late")
    expect(draft_notice(page)).to_be_visible()
    sample_site.end_sessions("alice")
    page.get_by_role("button", name="Save note and date").click()
    sign_in(page, "alice")
    page.get_by_role("button", name="Save now").click()
    page.goto(roadmap_path)
    expect(note).to_have_value("Sent too late")
    expect(draft_notice(page)).to_have_count(0)


def test_rejected_form_is_kept_and_cancel_discards_it(open_page: Callable[..., Page]) -> None:
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
    expect(draft_notice(page)).to_have_count(0)


def test_back_to_a_rejected_form_does_not_send_it_again(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/evidence/new")
    page.get_by_label("Title").fill("Typed before Back")
    page.get_by_role("button", name="Save evidence").click()
    expect(page.get_by_role("heading", name="Please fix")).to_be_visible()
    page.get_by_role("link", name="Cairn", exact=True).click()
    expect(page).to_have_url(re.compile(r"/$"))
    page.go_back()
    expect(page.get_by_label("Title")).to_have_value("Typed before Back")
    page.get_by_role("button", name="Save evidence").click()
    expect(page.get_by_role("heading", name="Please fix")).to_be_visible()
    page.get_by_label("Kind", exact=True).select_option("design_doc")
    page.get_by_label("Date", exact=True).fill("2026-03")
    page.locator("#url").fill("https://example.org/decision")
    page.get_by_role("button", name="Save evidence").click()
    expect(page.locator("#messages")).to_contain_text("is saved as a draft")
    page.go_back()
    expect(page.get_by_label("Title")).to_have_value("")


def test_draft_restores_added_rows_and_choices(
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
    expect(draft_notice(page)).to_have_count(0)

    page.goto(f"/evidence/new?milestone={sample_site.ids['milestone']}")
    expect(page.get_by_label("Title")).to_have_value("Ranking in half the time")
    expect(page.get_by_label("Metric").nth(1)).to_have_value("cost of serving")
    expect(found).to_be_checked()
    expect(page.locator("#milestone-choices input[type=hidden]")).to_have_count(0)
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_label("Metric")).to_have_count(1)
    expect(page.get_by_label("Title")).to_have_value("")


def test_assessment_draft_is_kept_until_cancelled(open_page: Callable[..., Page]) -> None:
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
    expect(draft_notice(page)).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    expect(opener).to_be_visible()
    opener.click()
    expect(comment).to_have_value("")


def test_sent_comment_is_not_restored(
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


def test_cancel_collapses_and_discards_manager_assessment(
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


def test_note_survives_session_end_without_javascript(
    open_page: Callable[..., Page], roadmap_path: str, sample_site: SampleSite
) -> None:
    page, key = open_page(java_script_enabled=False), sample_site.ids["milestone"]
    sample_site.set_password("alice")
    page.goto(f"{roadmap_path}/milestones/{key}")
    page.get_by_label("Private note").fill("Sent by a plain form")
    sample_site.end_sessions("alice")
    page.get_by_role("button", name="Save note and date").click()
    sign_in(page, "alice")
    expect(page.get_by_text("Sent by a plain form")).to_be_visible()
    page.get_by_role("button", name="Save now").click()
    expect(page.get_by_label("Private note")).to_have_value("Sent by a plain form")


def test_input_typed_before_scripts_load_wins_over_draft(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/career/positions/new")
    page.get_by_label("Title").fill("Staff engineer")
    page.get_by_label("From").fill("2024-03-01")
    with hold_scripts(page):
        page.goto("/career/positions/new", wait_until="commit")
        page.get_by_label("Title").fill("Principal engineer")
    expect(draft_notice(page)).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value("Principal engineer")
    expect(page.get_by_label("From")).to_have_value("2024-03-01")


@pytest.mark.parametrize("next_path", ["/skills", "/career/positions/new", "/career"])
def test_form_with_lost_response_becomes_draft(
    open_page: Callable[..., Page], next_path: str
) -> None:
    page = open_page()

    def lose_response(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort()

    page.goto("/career/positions/new")
    page.get_by_label("Title").fill("Staff engineer")
    page.get_by_label("From").fill("2024-03-01")
    page.route("**/career/positions", lose_response)
    with page.expect_event("framenavigated"):  # to the browser's error page
        page.get_by_role("button", name="Save position").click()
    page.unroute("**/career/positions")
    page.goto(next_path)
    page.goto("/career/positions/new")
    expect(page.get_by_label("Title")).to_have_value("Staff engineer")
    expect(draft_notice(page)).to_be_visible()
    # Submitted again successfully, so the draft is gone.
    with page.expect_event("load"):
        page.get_by_role("button", name="Save position").click()
    expect(page.locator("#messages")).to_contain_text("The position is added.")
    page.goto("/career/positions/new")
    expect(page.get_by_label("Title")).to_have_value("")
    expect(draft_notice(page)).to_have_count(0)
