"""Career plans: drafts, a worksheet by keyboard, and a phone without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PageOf

SHEET = "/career/education/doctorate"
CHALLENGE = "/career/challenges/scope-creep"


def test_unsaved_plan_is_restored_as_draft(page_of: PageOf) -> None:
    page = page_of("alice")
    page.goto(CHALLENGE)
    page.get_by_label("What you will do").fill("Hand over the feature store.")
    page.goto("/career/challenges")
    page.goto(CHALLENGE)
    expect(page.get_by_label("What you will do")).to_have_value("Hand over the feature store.")
    expect(page.locator(".draft-notice")).to_be_visible()
    page.get_by_role("button", name="Save plan").click()
    expect(page.get_by_role("status").filter(has_text="Your plan is saved.")).to_be_visible()
    page.goto(CHALLENGE)
    expect(page.locator(".draft-notice")).to_have_count(0)
    expect(page.get_by_label("What you will do")).to_have_value("Hand over the feature store.")


def test_edit_conflict_is_visible_and_recurs_for_restored_draft(page_of: PageOf) -> None:
    page = page_of("bob")
    page.goto("/career/direction")
    other = page.context.new_page()
    other.goto("/career/direction")
    field = page.get_by_label("What speaks for managing, for you?")
    other.get_by_label("What speaks for managing, for you?").fill("Theirs.")
    other.get_by_role("button", name="Save reasons").click()
    expect(other.get_by_text("Your reasons are saved.")).to_be_visible()
    field.fill("Mine.")
    alert = page.get_by_role("alert").filter(has_text="This was changed elsewhere")
    for attempt in ("first", "second"):
        page.get_by_role("button", name="Save reasons").click()
        expect(alert).to_be_focused()
        expect(alert).to_be_in_viewport()
        expect(alert).to_contain_text("Theirs.")
        expect(alert).to_have_css("display", "block")
        # After a conflict and leaving, the draft is restored over the other tab's text.
        field.fill(f"Mine, the {attempt} time.")
        page.goto("/career")
        page.goto("/career/direction")
        expect(page.locator(".draft-notice")).to_be_visible()
    page.get_by_role("button", name="Save reasons").click()
    expect(alert).to_be_visible()
    page.get_by_role("button", name="Save reasons").click()
    expect(page.get_by_text("Your reasons are saved.")).to_be_visible()
    expect(field).to_have_value("Mine, the second time.")
    expect(page.locator(".draft-notice")).to_have_count(0)


def test_worksheet_is_completed_and_used_by_keyboard(page_of: PageOf) -> None:
    page = page_of("alice")
    page.goto(SHEET)
    page.get_by_label("What does it cost in all").focus()
    page.keyboard.type("4000")
    page.keyboard.press("Tab")
    page.keyboard.type("30000")
    page.get_by_label("What do you decide?").focus()
    page.keyboard.type("no")
    page.get_by_label("When do you look at this again?").fill("2028-01-10")
    page.keyboard.press("Enter")
    expect(page.get_by_text("34,000")).to_be_visible()
    link = page.get_by_role("link", name="Use it as the reason")
    link.focus()
    page.keyboard.press("Enter")
    reason = page.get_by_label("Reason, in one sentence")
    expect(reason).to_be_visible()
    assert reason.input_value().startswith("Doctorate: no, according to my worksheet of")
    assert "10 Jan 2028" in reason.input_value()


@pytest.fixture
def phone(page_of: PageOf) -> Page:
    """Carol's phone without JavaScript."""
    return page_of("carol", java_script_enabled=False, viewport={"width": 390, "height": 844})


def test_career_plans_work_without_javascript_on_phone(phone: Page) -> None:
    phone.goto(CHALLENGE)
    phone.get_by_label("Your reflection").fill("Declined two requests.")
    phone.get_by_role("button", name="Add to history").click()
    expect(phone.get_by_role("listitem").filter(has_text="Declined two requests.")).to_be_visible()
    phone.goto("/career/direction")
    phone.get_by_label("Which way do you lean today?").select_option("not decided")
    phone.get_by_role("button", name="Save reasons").click()
    expect(phone.get_by_role("link", name="Your reasons, saved on")).to_be_visible()


def test_start_button_is_on_first_phone_screen(page_of: PageOf) -> None:
    page = page_of("mallory", viewport={"width": 390, "height": 844})
    page.goto("/roadmaps/senior-ml-engineer")
    start = page.get_by_role("button", name="Start this roadmap")
    # Above and below the long stages.
    expect(start).to_have_count(2)
    box = start.first.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 780  # the navigation covers the rest
    expect(page.get_by_role("heading", name="Is this for me")).to_be_attached()
