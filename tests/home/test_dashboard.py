"""GET /: the dashboard, its first steps, and what strangers see."""

from __future__ import annotations

import pytest

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
    assert "1 of 84 milestones done" in page
    assert "The next three steps" in page
    assert page.count("<li") > 10
    assert "Done: Record your bachelor" in page
    for stage in ("foundations", "experience", "education", "leadership", "visibility"):
        assert f"/roadmaps/{SLUG}/{stage}" in page


def test_three_steps_that_one_can_take_alone(alice):
    page = alice.get("/").text
    part = page.split('id="next"')[1].split("</ol>")[0]
    assert part.count("<li>") == 3
    assert "ssess" not in part  # nobody can be asked for an assessment yet


def test_someone_without_a_roadmap_is_led_to_one(browser_of, cast):
    page = browser_of(cast.carol).get("/").text
    assert "Welcome, Carol" in page
    assert f"/roadmaps/{SLUG}" in page


def test_someone_who_just_began_is_led_to_a_first_step(alice):
    page = alice.get("/").text
    assert "Tick what you have done already" in page
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
    from roadmap.catalog.queries import published
    from roadmap.core.database import db

    with statements() as before:
        alice.get("/")
    with app.app_context():
        keys = [m.key for m in published(db.session, SLUG).content.milestones]
    for key in keys[:20]:
        alice.put(f"/roadmaps/{SLUG}/milestones/{key}/completion", fragment=True)
    with statements() as after:
        alice.get("/")
    assert len(after) == len(before)
