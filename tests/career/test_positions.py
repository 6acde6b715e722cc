"""/career and /career/positions: self-declared positions."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from roadmap.career.models import Position
from roadmap.core.dates import PartialDate
from roadmap.people.models import HistoryEntry
from tests.support.catalog import enroll
from tests.support.markup import flat
from tests.support.sample_data import SLUG

POSITION = {
    "title": "ML engineer",
    "employer": "Lichen Ltd",
    "started_on": "2021-03-01",
    "ended_on": "",
    "is_ml": "y",
    "summary": "Ran the **ranking** service.",
}


@pytest.fixture
def position(session, cast):
    row = Position(
        user_id=cast.alice, title="Engineer", started_on=PartialDate("2018-01-01"), ended_on=None
    )
    session.add(row)
    session.commit()
    return row.id


def test_position_can_be_added(session, cast, browser_of):
    browser = browser_of(cast.alice)
    page = browser.get("/career").text
    assert "No positions yet" in page
    assert "enough years of ML engineering count as much" in page, "the roadmap defines how many"
    assert browser.get("/career/positions/new").status_code == 200
    response = browser.post("/career/positions", POSITION)
    assert (response.status_code, response.location) == (303, "/career")
    page = browser.get("/career").text
    assert "since 1 Mar 2021" in page
    assert "<strong>ranking</strong>" in page
    assert "shown as declared" in page
    row = session.scalars(sa.select(Position)).one()
    assert (row.user_id, row.is_ml, row.ended_on) == (cast.alice, True, None)
    entry = session.scalars(sa.select(HistoryEntry)).one()
    assert (entry.action, entry.subject) == ("position.added", str(row.id))


def test_position_outside_ml_is_labelled_as_not_counting(session, cast, browser_of):
    browser = browser_of(cast.alice)
    browser.post("/career/positions", {**POSITION, "is_ml": ""} | {"title": "Analyst"})
    path = f"/career/positions/{session.scalar(sa.select(Position.id))}"
    reason, link = "so its years do not count", f'<a href="{path}#is_ml">Change this</a>'
    page = browser.get("/career").text
    # First in the notice after saving and in the list, later only in the list.
    assert (page.count(reason), page.count(link)) == (2, 2)
    page = browser.get("/career").text
    assert (page.count(reason), page.count(link)) == (1, 1)
    assert 'id="is_ml"' in browser.get(path).text
    browser.put(path, POSITION)
    assert reason not in browser.get("/career").text


def test_position_can_be_changed(session, cast, browser_of, position):
    browser = browser_of(cast.alice)
    assert 'value="Engineer"' in browser.get(f"/career/positions/{position}").text
    data = {**POSITION, "ended_on": "2024-12-31"}
    assert browser.post(f"/career/positions/{position}?_method=PUT", data).status_code == 303
    assert "1 Mar 2021 to 31 Dec 2024" in browser.get("/career").text
    assert session.scalar(sa.select(HistoryEntry.action)) == "position.changed"


def test_partial_dates_are_stored_and_sorted(session, cast, browser_of):
    browser = browser_of(cast.alice)
    for start, end in (("Mar 2021", "2021"), ("2019-09", "06/2021"), ("2015", "2018")):
        data = {**POSITION, "started_on": start, "ended_on": end}
        assert browser.post("/career/positions", data).status_code == 303
    latest = sa.select(Position).order_by(Position.ended_on.desc(), Position.started_on)
    rows = session.scalars(latest).all()
    dates = [("2019-09", "2021-06"), ("2021-03", "2021"), ("2015", "2018")]
    assert [(row.started_on, row.ended_on) for row in rows] == dates
    page = browser.get("/career").text
    places = [page.index(text) for text in ("Mar 2021 to 2021", "Sep 2019 to Jun 2021", "2015 to")]
    assert places == sorted(places)
    assert 'value="2019-09"' in browser.get(f"/career/positions/{rows[0].id}").text


def test_database_rejects_an_end_before_the_start(session, cast):
    of_alice = {"user_id": cast.alice, "title": "Engineer"}
    for start, end in (("2021-06-15", "2021"), ("2021-06-15", "2021-06"), ("2021", "2021-01-01")):
        dates = {"started_on": PartialDate(start), "ended_on": PartialDate(end)}
        session.add(Position(**of_alice, **dates))
    session.commit()
    late = Position(**of_alice, started_on=PartialDate("2021-06"), ended_on=PartialDate("2021-05"))
    session.add(late)
    with pytest.raises(sa.exc.IntegrityError):
        session.commit()


def test_position_can_be_deleted(session, cast, browser_of, position):
    browser = browser_of(cast.alice)
    assert "Delete “Engineer”?" in browser.get("/career").text
    assert "Its years will no longer count" not in browser.get("/career").text
    session.get(Position, position).is_ml = True
    session.commit()
    assert "Its years will no longer count" in browser.get("/career").text
    assert browser.delete(f"/career/positions/{position}").status_code == 303
    assert session.scalar(sa.select(sa.func.count()).select_from(Position)) == 0
    entry = session.scalars(sa.select(HistoryEntry)).one()
    assert entry.action == "position.removed"
    assert entry.data["started_on"] == "2018-01-01"
    assert browser.delete(f"/career/positions/{position}").status_code == 404


def test_positions_require_sign_in(app, browser_of):
    assert browser_of().get("/career").location == "/login?next=/career"
    assert browser_of().post("/career/positions", POSITION).status_code == 401


@pytest.mark.parametrize("role", ["bob", "carol", "dave", "erin", "mallory"])
def test_position_is_private_to_its_owner(session, cast, browser_of, position, role):
    browser, path = browser_of(getattr(cast, role)), f"/career/positions/{position}"
    assert browser.get(path).status_code == 404
    assert browser.put(path, POSITION).status_code == 404
    assert browser.delete(path).status_code == 404
    assert path not in browser.get("/career").text
    assert session.get(Position, position).title == "Engineer"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"title": " "}, "Enter the title of the position."),
        ({"title": "x" * 201}, "at most 200 characters"),
        ({"employer": "x" * 201}, "Employer"),
        ({"started_on": ""}, "When did it start?"),
        ({"started_on": "yesterday"}, "This is not a date"),
        ({"started_on": "2999-01-01"}, "in the future"),
        ({"started_on": "0201-01-01"}, "before 1940"),
        ({"ended_on": "2999-01-01"}, "in the future"),
        ({"ended_on": "soon"}, "This is not a date"),
        ({"ended_on": "2020-01-01"}, "It ends before it starts"),
        ({"ended_on": "2021-02"}, "It ends before it starts"),
        ({"ended_on": "2020"}, "It ends before it starts"),
        ({"started_on": "2999"}, "in the future"),
        ({"started_on": "9999"}, "in the future"),
        ({"started_on": "0001"}, "before 1940"),
        ({"started_on": "2019-02-29"}, "This is not a date"),
        ({"started_on": "03/04/2019"}, 'value="03/04/2019"'),
        ({"summary": "x" * 20_001}, "Summary"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_invalid_position_is_rejected(session, cast, browser_of, position, change, message):
    browser = browser_of(cast.alice)
    data = {**POSITION, **change}
    for response in (
        browser.post("/career/positions", data),
        browser.put(f"/career/positions/{position}", data),
    ):
        assert response.status_code == 422
        assert message in response.text
        assert "Please fix" in response.text
    assert [row.title for row in session.scalars(sa.select(Position))] == ["Engineer"]


def test_control_characters_and_script_links_are_removed(session, cast, browser_of):
    data = {
        **POSITION,
        "title": "A\x00B \u202eC",
        "summary": "\x00" + "[x](javascript:alert(1))\r\n",
    }
    browser = browser_of(cast.alice)
    assert browser.post("/career/positions", data).status_code == 303
    assert 'href="javascript:' not in browser.get("/career").text
    assert session.scalar(sa.select(Position.title)) == "AB \u202eC"


def test_edit_of_a_stale_position_is_a_conflict(session, cast, browser_of, position):
    browser, path = browser_of(cast.alice), f"/career/positions/{position}"
    page = browser.get(path).text
    seen = page.partition('name="seen"')[2].partition('value="')[2].partition('"')[0]
    assert browser.put(path, {**POSITION, "title": "First tab", "seen": seen}).status_code == 303
    response = browser.put(path, {**POSITION, "title": "Second tab", "seen": seen})
    assert response.status_code == 409
    assert "First tab" in response.text
    assert 'value="Second tab"' in response.text
    assert session.get(Position, position).title == "First tab"
    again = response.text.partition('name="seen"')[2].partition('value="')[2].partition('"')[0]
    assert browser.put(path, {**POSITION, "title": "Second tab", "seen": again}).status_code == 303


def test_page_shows_the_points_of_the_primary_roadmap(
    session, cast, now, browser_of, other_roadmap
):
    alice = browser_of(cast.alice)
    enroll(session, cast.alice, now, SLUG)
    message = "give up to 10 of the 100 points of"
    assert f"{message} Senior ML Engineer." in flat(alice.get("/career").text)
    enroll(session, cast.alice, now, other_roadmap, primary=True)
    assert f"{message} Another way." in flat(alice.get("/career").text)
