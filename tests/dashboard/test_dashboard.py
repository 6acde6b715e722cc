"""GET /: the dashboard, first steps, and the page for visitors."""

from __future__ import annotations

import re

import pytest

from roadmap.catalog import actions as catalog
from roadmap.catalog import files
from roadmap.catalog.queries import published_roadmap
from roadmap.progress import actions as progress
from tests.evidence.builders import DESIGN, add_evidence
from tests.support.catalog import SHIPPED_FILE, enroll
from tests.support.markup import flat

SLUG = "senior-ml-engineer"
KEY = "bachelors-degree-or-equivalent"


@pytest.fixture
def alice(cast, browser_of):
    browser = browser_of(cast.alice)
    browser.post(f"/roadmaps/{SLUG}/enrollment", {"hours_per_week": "5"})
    return browser


def test_dashboard_shows_progress_next_steps_and_activity(alice):
    alice.put(f"/roadmaps/{SLUG}/milestones/{KEY}/completion")
    page = alice.get("/").text
    assert "Where you are" in page
    assert "1 of 89 milestones done" in page
    assert "Readiness · </span>Getting started" in page
    assert "Best next steps" in page
    assert page.count("<li") > 10
    assert "Record your bachelor" in page.split('id="activity"')[1]
    for stage in ("foundations", "experience", "education", "leadership", "visibility"):
        assert f"/roadmaps/{SLUG}/{stage}" in page


def test_account_menu_has_labelled_groups(alice):
    menu = flat(alice.get("/").text).partition("account-menu")[2].partition("</details>")[0]
    assert "</summary><div><div role" in menu
    groups = menu.split('<div role="group" aria-labelledby="')[1:]
    titles = []
    for group in groups:
        label = group.partition('"')[0]
        titles.append(re.search(f'<p id="{label}"[^>]*>([^<]+)</p>', group)[1])
        assert re.search(r"<(a|button)\b", group)
    assert titles == ["Your record", "Plan and practice", "Compare", "Account and teams"]


def next_steps(page):
    return page.split('id="next"')[1].split("</ol>")[0]


def test_next_steps_include_manager_assessment(alice):
    """Bob manages Alice's team, so asking him to assess a skill is a next step."""
    assert 'href="/skills/' in next_steps(alice.get("/").text)


def test_user_without_manager_gets_no_manager_steps(cast, browser_of):
    browser = browser_of(cast.mallory)
    browser.post(f"/roadmaps/{SLUG}/enrollment", {"hours_per_week": "5"})
    steps = next_steps(browser.get("/").text)
    assert "ssess" not in steps
    # Only two kinds of step remain: complete a milestone, and record evidence.
    assert steps.count("<li>") == 2
    assert "Ask your manager" not in browser.get("/readiness").text
    assert "no one can assess you" in browser.get("/skills/mlops").text


def test_readiness_links_to_draft_for_submission(alice, session, cast, now):
    evidence = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    alice.put(f"/roadmaps/{SLUG}/milestones/{DESIGN}/completion")
    page = alice.get("/readiness").text
    assert f'href="/evidence/{evidence.id}">Submit' in page


def test_user_without_roadmap_gets_link_to_one(browser_of, cast):
    page = browser_of(cast.carol).get("/").text
    assert "Welcome, Carol" in page
    assert f"/roadmaps/{SLUG}" in page


def test_new_enrollment_shows_first_steps(alice):
    page = alice.get("/").text
    assert "Tick what you have already done" in page
    assert "Record your first piece of evidence" in page


def test_visitor_sees_sign_in_and_no_user_data(browser_of, cast):
    page = browser_of().get("/")
    assert page.status_code == 200
    assert "Sign in" in page.text
    assert "Alice" not in page.text


def test_first_visitor_is_offered_first_account(app, browser_of):
    assert "Create the first account" in browser_of().get("/").text
    app.config["SIGNUP"] = "invite"
    try:
        page = browser_of().get("/").text
    finally:
        app.config["SIGNUP"] = "open"
    assert "Create the first account" not in page
    assert "user create EMAIL" in page


def test_activity_of_other_users_is_hidden(alice, browser_of, cast):
    alice.put(f"/roadmaps/{SLUG}/milestones/{KEY}/completion")
    other = browser_of(cast.carol)
    other.post(f"/roadmaps/{SLUG}/enrollment", {})
    assert "Done: Record your bachelor" not in other.get("/").text


def test_statement_count_is_independent_of_completed_milestones(
    alice, statements, session, cast, now
):
    alice.get("/")  # loads the revision's content once per process
    with statements() as before:
        alice.get("/")
    for milestone in published_roadmap(session, SLUG).content.milestones[:20]:
        progress.set_status(session, cast.alice, milestone.key, "done", now=now)
    session.commit()
    with statements() as after:
        alice.get("/")
    assert len(after) == len(before)


def test_recent_activity_groups_repeated_changes(alice, session, cast, now):
    page = alice.get("/").text
    assert "Roadmap started" in page
    for number in range(3):
        alice.post(
            "/career/positions",
            {"employer": f"Firm {number}", "title": "Engineer", "started_on": "2019-01"},
        )
        alice.post(
            "/career/degrees",
            {"institution": f"School {number}", "level": "master", "awarded_on": "2018"},
        )
        evidence = add_evidence(session, cast, cast.alice, now, visibility="portfolio")
        alice.put(f"/portfolios/{cast.alice}/items/{evidence.id}")
    lines = alice.get("/").text.split('id="activity"')[1].split("</ul>")[0]
    assert lines.count("Degree added: School 2") == 1
    assert lines.count("added: ") == 1
    assert lines.count("Added to the portfolio") == 1
    assert lines.count("Recorded: ") == 3
    alice.put(f"/roadmaps/{SLUG}/enrollment", {"hours_per_week": "7"})
    assert "Senior ML Engineer: pace " in alice.get("/").text


def test_activity_names_roadmap_of_each_entry(session, cast, now, browser_of):
    enroll(session, cast.alice, now, SLUG)
    alice = browser_of(cast.alice)
    assert "Roadmap started: Senior ML Engineer" in alice.get("/").text
    enroll(session, cast.alice, now, "staff-ml-engineer", primary=True)
    progress.set_status(session, cast.alice, "hold-ml-service-levels", "done", now=now)
    session.commit()
    page = alice.get("/").text
    assert '<p class="crumb"><a href="/roadmaps/staff-ml-engineer">' in page
    assert "Roadmap started: Staff ML Engineer" in page
    # The milestone belongs to the roadmap that is not primary.
    assert f'href="/roadmaps/{SLUG}/milestones/hold-ml-service-levels"' in page
    alice.delete("/roadmaps/staff-ml-engineer/enrollment")
    assert "Roadmap left: Staff ML Engineer" in alice.get("/").text


def test_one_sentence_summary_has_one_full_stop(session, cast, now, browser_of, other_roadmap):
    document = {**files.read(SHIPPED_FILE), "slug": other_roadmap, "summary": "One sentence alone."}
    catalog.publish(session, document, now=now)
    session.commit()
    assert "<p>One sentence alone.</p>" in browser_of(cast.alice).get("/").text
