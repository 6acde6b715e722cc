"""/absences: absences, visible only to their owner."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from roadmap.core.stale_forms import RowDeleted
from roadmap.forecast import actions
from roadmap.forecast.models import Absence
from roadmap.forecast.rules import Span
from roadmap.people.models import HistoryEntry

PAGE = "/absences"
SUMMER = {"starts_on": "2026-07-06", "ends_on": "2026-07-24", "note": "Summer"}


@pytest.fixture
def alice(cast, browser_of):
    return browser_of(cast.alice)


def entries(session) -> list[tuple[str, str, str]]:
    session.rollback()
    rows = session.scalars(sa.select(Absence).order_by(Absence.starts_on))
    return [(str(each.starts_on), str(each.ends_on), each.note) for each in rows]


def test_an_empty_list_says_what_it_is_for(alice):
    assert "No time off yet" in alice.get(PAGE).text


def test_it_is_entered_edited_and_deleted(alice, session):
    assert alice.post(PAGE, SUMMER).location == PAGE
    assert alice.post(PAGE, {"starts_on": "2026-12-24"}).status_code == 303
    assert entries(session) == [
        ("2026-07-06", "2026-07-24", "Summer"),
        ("2026-12-24", "2026-12-24", ""),
    ]
    page = alice.get(PAGE).text
    assert "Summer" in page
    key = re.findall(r'id="absence-([^"]+)"', page)[1]  # the latest comes first
    assert alice.put(f"{PAGE}/{key}", {**SUMMER, "note": "Alps"}).status_code == 303
    assert entries(session)[0] == ("2026-07-06", "2026-07-24", "Alps")
    assert alice.delete(f"{PAGE}/{key}").status_code == 303
    assert len(entries(session)) == 1
    assert alice.get(f"{PAGE}/{key}").status_code == 404


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"starts_on": ""}, "Enter the first day off."),
        ({"starts_on": "soon"}, "Enter the date as year-month-day"),
        ({"ends_on": "2026-07-01"}, "The last day is before the first."),
        ({"starts_on": "0202-07-06"}, "This is before 2000"),
        ({"starts_on": "2999-07-06", "ends_on": ""}, "more than ten years ahead"),
        ({"ends_on": "2036-07-01"}, "At most five years at once."),
        ({"note": "x" * 201}, "At most 200 characters."),
    ],
)
def test_what_cannot_be_is_refused_and_kept(alice, session, typed, said):
    answer = alice.post(PAGE, {**SUMMER, **typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert "Summer" in answer.text or "note" in typed
    assert entries(session) == []


def test_a_stale_edit_shows_both(alice, cast, session, now):
    days = Span(dt.date(2026, 7, 6), dt.date(2026, 7, 24))
    key = actions.add_absence(session, cast.alice, days, "First", now=now).id
    session.commit()
    seen = re.search(r'name="seen"[^>]*value="(\w+)"', alice.get(f"{PAGE}/{key}").text)[1]
    assert alice.put(f"{PAGE}/{key}", {**SUMMER, "note": "Second"}).status_code == 303
    late = alice.put(f"{PAGE}/{key}", {**SUMMER, "note": "Third", "seen": seen})
    assert late.status_code == 409
    assert "Second" in late.text
    assert "Third" in late.text


def test_what_another_tab_deleted_is_gone(cast, session, now):
    days = Span(dt.date(2026, 7, 6), dt.date(2026, 7, 24))
    absence = actions.add_absence(session, cast.alice, days, "", now=now)
    session.commit()
    session.execute(sa.delete(Absence))
    with pytest.raises(RowDeleted):
        actions.edit_absence(session, absence, days, "Late", now=now)


def test_the_history_says_that_it_was_written_and_not_which_days(alice, session):
    alice.post(PAGE, SUMMER)
    key = re.search(r'id="absence-([^"]+)"', alice.get(PAGE).text)[1]
    alice.put(f"{PAGE}/{key}", {**SUMMER, "note": "Alps"})
    alice.delete(f"{PAGE}/{key}")
    page = alice.get("/activity?kind=roadmaps").text
    for said in ("Time off added", "Time off changed", "Time off deleted"):
        assert said in page
    session.rollback()
    of_it = HistoryEntry.action.like("absence.%")
    assert session.scalars(sa.select(HistoryEntry.data).where(of_it)).all() == [{}, {}, {}]


def test_all_forecasts_skip_it(alice):
    """The dashboard, the roadmap, the answer to a tick, and the page of the forecast."""
    roadmap = "/roadmaps/senior-ml-engineer"
    alice.post(f"{roadmap}/enrollment", {"hours_per_week": "5"})

    def dates(text):
        return re.search(r"you finish between (.*?)\.", " ".join(text.split()))[1]

    pages = (roadmap, "/", f"{roadmap}/forecast")
    before = {dates(alice.get(page).text) for page in pages}
    kept = {"If-None-Match": alice.get(roadmap).headers["ETag"]}
    alice.get("/absences")
    off = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=7)
    away = {"starts_on": off.isoformat(), "ends_on": (off + dt.timedelta(days=69)).isoformat()}
    assert alice.post(PAGE, away).status_code == 303
    alice.get(PAGE)
    assert alice.get(roadmap, headers=kept).status_code == 200
    after = {dates(alice.get(page).text) for page in pages}
    assert len(before) == len(after) == 1
    assert before != after
    tick = f"{roadmap}/milestones/bachelors-degree-or-equivalent/completion"
    alice.put(tick, fragment=True)
    # Back again, so that the hours are the same.
    assert {dates(alice.delete(tick, fragment=True).text)} == after
