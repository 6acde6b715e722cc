"""GET /: the dashboard, first steps, and the page for visitors."""

from __future__ import annotations

import pytest

from roadmap.catalog import actions as catalog
from roadmap.catalog import files
from roadmap.progress import actions as progress
from tests.evidence.builders import DESIGN, add_evidence
from tests.support.catalog import SHIPPED_FILE, enroll

SLUG = "senior-ml-engineer"
KEY = "bachelors-degree-or-equivalent"


@pytest.fixture
def alice(cast, browser_of):
    browser = browser_of(cast.alice)
    browser.post(f"/roadmaps/{SLUG}/enrollment", {"hours_per_week": "5"})
    return browser


def test_it_works(alice):
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


def steps_of(page):
    return page.split('id="next"')[1].split("</ol>")[0]


def test_the_steps_have_what_a_manager_can_do(alice):
    """Bob manages Alice's team: asking him is a step like any other, and leads to the skill."""
    assert 'href="/skills/' in steps_of(alice.get("/").text)


def test_nobody_is_sent_to_a_manager_who_is_not_there(cast, browser_of):
    browser = browser_of(cast.mallory)
    browser.post(f"/roadmaps/{SLUG}/enrollment", {"hours_per_week": "5"})
    steps = steps_of(browser.get("/").text)
    assert "ssess" not in steps
    # One of each action: complete a milestone, record evidence.
    assert steps.count("<li>") == 2
    assert "Ask your manager" not in browser.get("/readiness").text
    assert "nobody can assess you" in browser.get("/skills/mlops").text


def test_a_draft_is_to_be_submitted_on_its_own_page(alice, session, cast, now):
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    alice.put(f"/roadmaps/{SLUG}/milestones/{DESIGN}/completion")
    page = alice.get("/readiness").text
    assert f'href="/evidence/{piece.id}">Submit' in page


def test_someone_without_a_roadmap_is_led_to_one(browser_of, cast):
    page = browser_of(cast.carol).get("/").text
    assert "Welcome, Carol" in page
    assert f"/roadmaps/{SLUG}" in page


def test_someone_who_just_began_is_led_to_a_first_step(alice):
    page = alice.get("/").text
    assert "Tick what you have already done" in page
    assert "Record your first piece of evidence" in page


def test_strangers_see_what_it_is(browser_of, cast):
    page = browser_of().get("/")
    assert page.status_code == 200
    assert "Sign in" in page.text
    assert "Alice" not in page.text


def test_the_first_visitor_is_led_to_the_first_account(app, browser_of):
    assert "Create the first account" in browser_of().get("/").text


def test_it_hides_what_is_foreign(alice, browser_of, cast):
    alice.put(f"/roadmaps/{SLUG}/milestones/{KEY}/completion")
    other = browser_of(cast.carol)
    other.post(f"/roadmaps/{SLUG}/enrollment", {})
    assert "Done: Record your bachelor" not in other.get("/").text


def test_statements_do_not_grow_with_rows(alice, statements, app):
    from roadmap.catalog.queries import published_roadmap
    from roadmap.core.database import db

    alice.get("/")  # The process reads the content of a revision once.
    with statements() as before:
        alice.get("/")
    with app.app_context():
        keys = [m.key for m in published_roadmap(db.session, SLUG).content.milestones]
    for key in keys[:20]:
        alice.put(f"/roadmaps/{SLUG}/milestones/{key}/completion", fragment=True)
    with statements() as after:
        alice.get("/")
    assert len(after) == len(before)


def test_recent_activity_says_what_was_done_and_each_thing_once(alice, session, cast, now):
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
        piece = add_evidence(session, cast, cast.alice, now, visibility="portfolio")
        alice.put(f"/portfolios/{cast.alice}/items/{piece.id}")
    lines = alice.get("/").text.split('id="activity"')[1].split("</ul>")[0]
    assert lines.count("Degree added: School 2") == 1
    assert lines.count("added: ") == 1
    assert lines.count("Added to the portfolio") == 1
    assert lines.count("Recorded: ") == 3
    alice.put(f"/roadmaps/{SLUG}/enrollment", {"hours_per_week": "7"})
    assert "Senior ML Engineer: pace " in alice.get("/").text


def test_who_is_on_two_roadmaps_reads_which_one_a_line_is_about(session, cast, now, browser_of):
    enroll(session, cast.alice, now, SLUG)
    alice = browser_of(cast.alice)
    assert "Roadmap started: Senior ML Engineer" in alice.get("/").text
    enroll(session, cast.alice, now, "staff-ml-engineer", primary=True)
    progress.set_status(
        session, cast.alice, "hold-ml-service-levels", "done", by=cast.alice, now=now
    )
    session.commit()
    page = alice.get("/").text
    assert '<p class="crumb"><a href="/roadmaps/staff-ml-engineer">' in page
    assert "Roadmap started: Staff ML Engineer" in page
    # One of the roadmap that is not the primary one.
    assert f'href="/roadmaps/{SLUG}/milestones/hold-ml-service-levels"' in page
    alice.delete("/roadmaps/staff-ml-engineer/enrollment")
    assert "Roadmap left: Staff ML Engineer" in alice.get("/").text


def test_a_summary_of_one_sentence_ends_once(session, cast, now, browser_of, other_roadmap):
    document = {**files.read(SHIPPED_FILE), "slug": other_roadmap, "summary": "One sentence alone."}
    catalog.publish(session, document, now=now)
    session.commit()
    assert "<p>One sentence alone.</p>" in browser_of(cast.alice).get("/").text
