"""/career/degrees: self-declared degrees."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from roadmap.career.models import Degree
from roadmap.core.dates import PartialDate
from roadmap.people.models import HistoryEntry
from tests.support.markup import flat

MASTER = {"level": "master", "field": "Statistics", "institution": "Fell", "awarded_on": ""}


@pytest.fixture
def degree(session, cast):
    row = Degree(user_id=cast.alice, level="bachelor", awarded_on=PartialDate("2014-07-01"))
    session.add(row)
    session.commit()
    return row.id


def test_it_works(session, cast, browser_of, degree):
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


def test_a_degree_of_another_level_says_that_it_does_not_count(session, cast, browser_of):
    browser = browser_of(cast.alice)
    browser.post("/career/degrees", {**MASTER, "level": "other"})
    page = browser.get("/career").text
    key = session.scalar(sa.select(Degree.id))
    assert page.count("A degree of another level is shown, but does not count.") == 2
    assert page.count(f'<a href="/career/degrees/{key}#level">Change this</a>') == 2
    browser.put(f"/career/degrees/{key}", MASTER)
    assert "of another level" not in browser.get("/career").text


def test_it_needs_sign_in(app, browser_of):
    assert browser_of().get("/career/degrees/new").location == "/login?next=/career/degrees/new"


@pytest.mark.parametrize("who", ["bob", "erin", "mallory"])
def test_it_hides_what_is_foreign(cast, browser_of, degree, who):
    browser, path = browser_of(getattr(cast, who)), f"/career/degrees/{degree}"
    assert browser.get(path).status_code == 404
    assert browser.put(path, MASTER).status_code == 404
    assert browser.delete(path).status_code == 404


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"level": "wizard"}, "Choose one of the levels."),
        ({"awarded_on": "2999-01-01"}, "in the future"),
        ({"awarded_on": "long ago"}, "This is not a date"),
        ({"field": "x" * 201}, "at most 200 characters"),
    ],
)
def test_it_rejects_bad_input(session, cast, browser_of, change, said):
    answer = browser_of(cast.alice).post("/career/degrees", {**MASTER, **change})
    assert answer.status_code == 422
    assert said in answer.text
    assert session.scalar(sa.select(sa.func.count()).select_from(Degree)) == 0


def test_a_year_is_kept_as_such(session, cast, browser_of):
    browser = browser_of(cast.alice)
    assert browser.post("/career/degrees", {**MASTER, "awarded_on": "2015"}).status_code == 303
    assert session.scalars(sa.select(Degree.awarded_on)).one() == "2015"
    assert "<span>2015</span>" in browser.get("/career").text


def test_two_tabs(cast, browser_of, degree):
    path = f"/career/degrees/{degree}"
    answer = browser_of(cast.alice).put(path, {**MASTER, "seen": "older"})
    assert answer.status_code == 409
    assert "Changed in the meantime" in answer.text


def test_the_number_of_statements_does_not_grow(app, session, cast, browser_of):
    from sqlalchemy import event

    from roadmap.core.database import db

    browser, engine, counts = browser_of(cast.alice), db.engine, [0]

    def note(*_more):
        counts[-1] += 1

    event.listen(engine, "before_cursor_execute", note)
    try:
        for _ in range(2):
            session.add_all(Degree(user_id=cast.alice, level="other") for _ in range(5))
            session.commit()
            counts.append(0)
            browser.get("/career")
            counts.append(0)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert counts[1] == counts[3] > 0
