"""/career/degrees: self-declared degrees."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from roadmap.career.models import Degree
from roadmap.core.dates import PartialDate
from roadmap.people.models import HistoryEntry
from tests.support.markup import flat
from tests.support.statements import statements_of

MASTER = {"level": "master", "field": "Statistics", "institution": "Fell", "awarded_on": ""}


@pytest.fixture
def degree(session, cast):
    row = Degree(user_id=cast.alice, level="bachelor", awarded_on=PartialDate("2014-07-01"))
    session.add(row)
    session.commit()
    return row.id


def test_degree_can_be_added_changed_and_deleted(session, cast, browser_of, degree):
    browser = browser_of(cast.alice)
    assert browser.get("/career/degrees/new").status_code == 200
    assert browser.post("/career/degrees", MASTER).status_code == 303
    page = flat(browser.get("/career").text)
    assert "degree, Statistics" in page
    assert "1 Jul 2014" in page
    assert f'<a class="button secondary compact" href="/career/degrees/{degree}">Edit' in page
    path = f"/career/degrees/{degree}"
    assert 'value="2014-07-01"' in browser.get(path).text
    assert browser.put(path, {**MASTER, "level": "doctorate"}).status_code == 303
    assert session.get(Degree, degree).level == "doctorate"
    assert browser.delete(path).status_code == 303
    actions = session.scalars(sa.select(HistoryEntry.action).order_by(HistoryEntry.id)).all()
    assert actions == ["degree.added", "degree.changed", "degree.removed"]


def test_degree_of_another_level_is_labelled_as_not_counting(session, cast, browser_of):
    browser = browser_of(cast.alice)
    browser.post("/career/degrees", {**MASTER, "level": "other"})
    page = browser.get("/career").text
    key = session.scalar(sa.select(Degree.id))
    assert page.count("A degree of another level is shown, but does not count.") == 2
    assert page.count(f'<a href="/career/degrees/{key}#level">Change this</a>') == 2
    browser.put(f"/career/degrees/{key}", MASTER)
    assert "of another level" not in browser.get("/career").text


def test_degrees_require_sign_in(app, browser_of):
    assert browser_of().get("/career/degrees/new").location == "/login?next=/career/degrees/new"


@pytest.mark.parametrize("role", ["bob", "erin", "mallory"])
def test_degree_is_private_to_its_owner(cast, browser_of, degree, role):
    browser, path = browser_of(getattr(cast, role)), f"/career/degrees/{degree}"
    assert browser.get(path).status_code == 404
    assert browser.put(path, MASTER).status_code == 404
    assert browser.delete(path).status_code == 404


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"level": "wizard"}, "Choose one of the levels."),
        ({"awarded_on": "2999-01-01"}, "in the future"),
        ({"awarded_on": "long ago"}, "This is not a date"),
        ({"field": "x" * 201}, "at most 200 characters"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_invalid_degree_is_rejected(session, cast, browser_of, change, message):
    response = browser_of(cast.alice).post("/career/degrees", {**MASTER, **change})
    assert response.status_code == 422
    assert message in response.text
    assert session.scalar(sa.select(sa.func.count()).select_from(Degree)) == 0


def test_award_year_is_stored_without_month(session, cast, browser_of):
    browser = browser_of(cast.alice)
    assert browser.post("/career/degrees", {**MASTER, "awarded_on": "2015"}).status_code == 303
    assert session.scalars(sa.select(Degree.awarded_on)).one() == "2015"
    assert "<span>2015</span>" in browser.get("/career").text


def test_edit_of_a_stale_degree_is_a_conflict(cast, browser_of, degree):
    path = f"/career/degrees/{degree}"
    response = browser_of(cast.alice).put(path, {**MASTER, "seen": "older"})
    assert response.status_code == 409
    assert "Changed in the meantime" in response.text


def test_statement_count_does_not_grow_with_degrees(app, session, cast, browser_of):
    browser, counts = browser_of(cast.alice), []
    for _ in range(2):
        session.add_all(Degree(user_id=cast.alice, level="other") for _ in range(5))
        session.commit()
        counts.append(len(statements_of(app, lambda: browser.get("/career"))))
    assert counts[0] == counts[1] > 0
