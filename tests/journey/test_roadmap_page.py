"""GET /roadmaps/<slug>, a stage and a milestone, and enrolling."""

from __future__ import annotations

import pytest

from roadmap.catalog import files
from roadmap.catalog.actions import publish
from tests.support.catalog import SHIPPED_FILE

SLUG = "senior-ml-engineer"
PAGE = f"/roadmaps/{SLUG}"
KEY = "bachelors-degree-or-equivalent"


@pytest.fixture
def alice(cast, browser_of):
    browser = browser_of(cast.alice)
    browser.post(f"{PAGE}/enrollment", {"hours_per_week": "5", "target_on": "2040-01-01"})
    browser.get(PAGE)  # shows the greeting once
    return browser


def test_roadmap_page_lists_stages_and_milestones(alice):
    page = alice.get(PAGE).text
    for name in ("Foundations", "Experience", "Education", "Leadership", "Visibility"):
        assert name in page
    assert "0 of 89 milestones done" in page
    assert "Readiness · </span>Getting started" in page
    assert page.count("role=checkbox") == 89


def test_roadmap_page_size_is_limited(alice):
    assert len(alice.get(PAGE).data) <= 96 * 1024
    compressed = alice.get(PAGE, headers={"Accept-Encoding": "gzip"})
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert len(compressed.data) <= 14 * 1024


def test_note_is_hidden_from_other_users(alice, browser_of, cast):
    alice.put(f"{PAGE}/milestones/{KEY}/plan", {"note": "CANARY-NOTE"})
    for person in (cast.bob, cast.carol, cast.erin, cast.mallory):
        other = browser_of(person)
        other.post(f"{PAGE}/enrollment", {})
        assert "CANARY-NOTE" not in other.get(f"{PAGE}/milestones/{KEY}").text


def test_unknown_roadmap_stage_or_milestone_is_not_found(alice):
    for path in ("/roadmaps/nowhere", f"{PAGE}/nowhere", f"{PAGE}/milestones/nowhere"):
        answer = alice.get(path)
        assert answer.status_code == 404
        assert "Nothing here" in answer.text


def test_unchanged_page_is_not_sent_again(alice):
    first = alice.get(PAGE)
    tag = first.headers["ETag"]
    again = alice.get(PAGE, headers={"If-None-Match": tag})
    assert again.status_code == 304
    alice.put(f"{PAGE}/milestones/{KEY}/completion", fragment=True)
    changed = alice.get(PAGE, headers={"If-None-Match": tag})
    assert changed.status_code == 200


def test_new_revision_is_sent_despite_cached_page(cast, browser_of, session, now, other_roadmap):
    page = f"/roadmaps/{other_roadmap}"
    alice = browser_of(cast.alice)
    alice.post(f"{page}/enrollment", {})
    alice.get(page)  # shows the greeting once
    cached_headers = {"If-None-Match": alice.get(page).headers["ETag"]}
    assert alice.get(page, headers=cached_headers).status_code == 304
    document = files.read(SHIPPED_FILE)
    document |= {"slug": other_roadmap, "title": "The way as it is now"}
    publish(session, document, now=now)
    session.commit()
    answer = alice.get(page, headers=cached_headers)
    assert answer.status_code == 200
    assert "The way as it is now" in answer.text


def test_roadmap_page_takes_few_statements(alice, statements):
    with statements() as seen:
        alice.get(PAGE)
    assert len(seen) <= 7, seen


def test_stage_and_milestone_have_pages(alice):
    stage = alice.get(f"{PAGE}/leadership")
    assert stage.status_code == 200
    milestone = alice.get(f"{PAGE}/milestones/{KEY}")
    assert "Done when" in milestone.text
    assert "<html" in milestone.text
    fragment = alice.get(f"{PAGE}/milestones/{KEY}", fragment=True)
    assert "Done when" in fragment.text
    assert "<html" not in fragment.text


def test_roadmap_can_be_read_and_started_before_enrolling(browser_of, cast):
    page = browser_of(cast.carol).get(PAGE).text
    assert "Start this roadmap" in page
    assert page.count("Its milestones, and when each is done") == 5
    assert "Implement the algorithms that ML systems lean on" in page
    assert "A tested repository holds a hash map" in page
    assert "14 h, optional" in page


def test_enrolling_rejects_invalid_hours_and_past_target_date(browser_of, cast):
    carol = browser_of(cast.carol)
    answer = carol.post(f"{PAGE}/enrollment", {"hours_per_week": "200", "target_on": "2001-01-01"})
    assert answer.status_code == 422
    assert "Choose a day after today" in answer.text
    assert "80 hours a week" in answer.text
    assert 'value="200"' in answer.text


def test_stale_note_is_rejected_with_both_versions(alice):
    path = f"{PAGE}/milestones/{KEY}/plan"
    assert alice.put(path, {"note": "from one tab", "version": "0"}).status_code == 303
    rejected = alice.put(path, {"note": "from another tab", "version": "0"})
    assert rejected.status_code == 409
    assert "from one tab" in rejected.text
    assert "from another tab" in rejected.text


def test_null_characters_are_removed_from_note(alice):
    path = f"{PAGE}/milestones/{KEY}/plan"
    answer = alice.put(path, {"note": "a\x00b \u202e right to left", "version": "0"})
    assert answer.status_code == 303
    assert "ab" in alice.get(f"{PAGE}/milestones/{KEY}").text


def test_invalid_target_date_is_rejected(alice, browser_of, cast):
    rejected = alice.put(f"{PAGE}/milestones/{KEY}/plan", {"note": "keep me", "target_on": "12345"})
    assert rejected.status_code == 422
    assert "Enter the date as year-month-day" in rejected.text
    assert "keep me" in rejected.text
    enrolled = browser_of(cast.carol).post(
        f"{PAGE}/enrollment", {"target_on": "abc", "hours_per_week": "NaN"}
    )
    assert enrolled.status_code == 422
    assert "Enter the date as year-month-day" in enrolled.text


@pytest.mark.parametrize(
    "hours",
    ["sNaN", "-sNaN", "NaN", "Infinity", "1e999999", "9" * 5000, ".", "+", "\u0664", "4.5.6"],
)
def test_hours_must_be_plain_number(hours, browser_of, cast):
    answer = browser_of(cast.carol).post(f"{PAGE}/enrollment", {"hours_per_week": hours})
    assert answer.status_code == 422
    assert "Enter the hours as a number" in answer.text


def test_note_above_size_limit_is_rejected(alice):
    form = f"_method=PUT&csrf_token={alice.csrf()}&note=" + "x" * 1_200_000
    answer = alice.client.post(
        f"{PAGE}/milestones/{KEY}/plan",
        data=form,
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 413
    assert "larger than half a megabyte" in answer.text


def test_forecast_counts_required_hours(alice):
    page = alice.get(PAGE).text
    assert "1,186 required hours left." in page
