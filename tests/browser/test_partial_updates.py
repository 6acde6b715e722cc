"""The rest of a page after an htmx change matches a reload of the page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PageOf, SampleSite

# All texts of the page, except the message about the change and open forms.
TEXTS = """() => {
  const page = document.querySelector("main").cloneNode(true);
  const passing = "#messages > *, .row-message, .row-details, .row-undo, .score-gain, template";
  for (const each of page.querySelectorAll(passing)) each.remove();
  for (const each of page.querySelectorAll("button, a, [hidden]")) {
    if (each.hidden) each.remove();
  }
  const figures = [...document.querySelectorAll(".topbar")].map((each) => each.textContent);
  return [page.textContent, ...figures].map((each) => each.replace(/\\s+/g, " ").trim());
}"""


def assert_matches_reload(page: Page) -> None:
    shown = page.evaluate(TEXTS)
    assert page.evaluate("window.same"), "the page was reloaded"
    page.reload()
    assert shown == page.evaluate(TEXTS)


def open_page(page: Page, path: str) -> None:
    page.goto(path)
    page.evaluate("window.same = true")


def test_ticking_and_planning_update_rest_of_roadmap_page(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    page, key = page_of("alice"), sample_site.ids["open"]
    row = page.locator(f".checklist li:has(> a[href$='/milestones/{key}'])")
    details = page.locator(f"#milestone-{key}")
    pressed = details.locator("[aria-pressed=true]")
    roadmap = f"/roadmaps/{sample_site.ids['slug']}"
    page.goto(roadmap)
    stage = page.locator(".stage", has=row).get_attribute("id")
    for path in (roadmap, f"{roadmap}/{stage}"):
        open_page(page, path)
        row.get_by_role("link").click()
        expect(pressed).to_have_text("Not started")
        # The expanded details below the row are updated too.
        row.get_by_role("checkbox").click()
        expect(row.get_by_role("checkbox")).to_be_checked()
        expect(pressed).to_have_text("Done")
        page.get_by_role("button", name="Undo").click()
        expect(row.get_by_role("checkbox")).not_to_be_checked()
        expect(pressed).to_have_text("Not started")
        details.get_by_label("Target date").fill("2031-05-06")
        details.get_by_role("button", name="Save note and date").click()
        expect(row).to_contain_text("by 6 May 2031")
        expect(details.get_by_label("Target date")).to_have_value("2031-05-06")
        assert_matches_reload(page)
        open_page(page, page.url)
        row.get_by_role("link").click()
        details.get_by_label("Target date").fill("")
        details.get_by_role("button", name="Save note and date").click()
        expect(row).not_to_contain_text("by 6 May 2031")
        assert_matches_reload(page)


def test_self_assessment_updates_rest_of_skills_page(page_of: PageOf) -> None:
    page = page_of("carol")
    open_page(page, "/skills")
    count = page.get_by_text(re.compile(r"(\d) of \d assessed by you"))
    expect(count).to_be_visible()
    for link in page.get_by_role("link", name=re.compile("^Assess ")).all():
        link.click()
        page.get_by_role("radio").nth(3).check()
        page.get_by_role("button", name="Save my assessment").click()
        expect(page.get_by_role("button", name="Save my assessment")).to_have_count(0)
    expect(page.get_by_text("8 of 8 assessed by you")).to_be_visible()
    expect(page.get_by_text("Start with one skill")).to_have_count(0)
    assert_matches_reload(page)


def test_manager_assessment_updates_rest_of_person_page(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("bob")
    for query in ("", f"?roadmap={sample_site.ids['slug']}"):
        open_page(page, f"/teams/ranking/people/{sample_site.cast.alice}{query}")
        score = page.locator("#verdict").inner_text()
        gates = page.locator("#readiness > details").first
        gates.locator("summary").click()
        page.get_by_role("link", name="Assess Distributed").click()
        level = "4" if not query else "0"
        page.locator(f"input[name=level][value='{level}']").check()
        page.get_by_label(re.compile("^Basis")).fill("The training of March.")
        page.get_by_role("button", name="Save assessment").click()
        expect(page.locator("#skill-distributed_training")).to_contain_text("Bob")
        expect(page.locator("#verdict")).not_to_have_text(score)
        # Collapsed details stay collapsed.
        assert not gates.evaluate("fold => fold.open")
        assert_matches_reload(page)


@pytest.mark.parametrize("role", ["carol", "bob"])
def test_second_assessment_waits_for_response_to_first(
    role: str, sample_site: SampleSite, page_of: PageOf
) -> None:
    """A late response to the first would show the other parts of the page without the second."""
    page = page_of(role)
    person = f"/teams/ranking/people/{sample_site.cast.alice}"
    open_page(page, "/skills" if role == "carol" else person)
    rows = [page.locator(f"#skill-{key}") for key in ("deep_learning", "mlops")]
    for row in rows:
        row.get_by_role("link", name=re.compile("^Assess ")).click()
        row.locator("input[name=level][value='3']").check()
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if held:
            route.continue_()
        held.append(route)

    page.route("**/assessments", hold_first)
    for row in rows:
        row.get_by_role("button", name=re.compile("^Save ")).click()
    # A second request would be here before this one is answered.
    page.evaluate("() => fetch('/static/icons.svg').then(response => response.text())")
    assert len(held) == 1
    held[0].continue_()
    for row in rows:
        expect(row.get_by_role("link", name=re.compile("^Assess "))).to_be_visible()
    assert_matches_reload(page)


def test_portfolio_change_updates_rest_of_page(page_of: PageOf) -> None:
    page = page_of("alice")
    open_page(page, "/portfolio")
    export = page.locator("main .menu summary", has_text="Export")
    remove = page.get_by_role("button", name=re.compile("^Remove"))
    while left := remove.count():
        remove.first.click()
        expect(remove).to_have_count(left - 1)
    expect(export).to_have_count(0)
    expect(page.get_by_role("link", name="Preview", exact=True)).to_have_count(0)
    assert_matches_reload(page)
    open_page(page, "/portfolio")
    page.get_by_role("button", name=re.compile("^Add ")).first.click()
    expect(export).to_be_visible()
    assert_matches_reload(page)
