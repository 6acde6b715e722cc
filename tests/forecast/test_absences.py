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


def absences(session) -> list[tuple[str, str, str]]:
    session.rollback()
    rows = session.scalars(sa.select(Absence).order_by(Absence.starts_on))
    return [(str(each.starts_on), str(each.ends_on), each.note) for each in rows]


def test_empty_page_says_no_time_off(alice):
    assert "No time off yet" in alice.get(PAGE).text


def test_absence_is_added_edited_and_deleted(alice, session):
    assert alice.post(PAGE, SUMMER).location == PAGE
    assert alice.post(PAGE, {"starts_on": "2026-12-24"}).status_code == 303
    assert absences(session) == [
        ("2026-07-06", "2026-07-24", "Summer"),
        ("2026-12-24", "2026-12-24", ""),
    ]
    page = alice.get(PAGE).text
    assert "Summer" in page
    key = re.findall(r'id="absence-([^"]+)"', page)[1]  # the latest comes first
    assert alice.put(f"{PAGE}/{key}", {**SUMMER, "note": "Alps"}).status_code == 303
    assert absences(session)[0] == ("2026-07-06", "2026-07-24", "Alps")
    assert alice.delete(f"{PAGE}/{key}").status_code == 303
    assert len(absences(session)) == 1
    assert alice.get(f"{PAGE}/{key}").status_code == 404


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"starts_on": ""}, "Enter the first day off."),
        ({"starts_on": "soon"}, "Enter the date as year-month-day"),
        ({"ends_on": "2026-07-01"}, "The last day is before the first."),
        ({"starts_on": "0202-07-06"}, "This is before 2000"),
        ({"starts_on": "2999-07-06", "ends_on": ""}, "more than ten years ahead"),
        ({"ends_on": "2036-07-01"}, "At most five years at once."),
        ({"note": "x" * 201}, "At most 200 characters."),
    ],
    ids=["no start", "not a date", "end before start", "past", "future", "too long", "long note"],
)
def test_invalid_absence_is_rejected_with_its_input(alice, session, changes, message):
    answer = alice.post(PAGE, {**SUMMER, **changes})
    assert answer.status_code == 422
    assert message in answer.text
    assert "Summer" in answer.text or "note" in changes
    assert absences(session) == []


def test_stale_edit_shows_both_versions(alice, cast, session, now):
    days = Span(dt.date(2026, 7, 6), dt.date(2026, 7, 24))
    key = actions.add_absence(session, cast.alice, days, "First", now=now).id
    session.commit()
    seen = re.search(r'name="seen"[^>]*value="(\w+)"', alice.get(f"{PAGE}/{key}").text)[1]
    assert alice.put(f"{PAGE}/{key}", {**SUMMER, "note": "Second"}).status_code == 303
    late = alice.put(f"{PAGE}/{key}", {**SUMMER, "note": "Third", "seen": seen})
    assert late.status_code == 409
    assert "Second" in late.text
    assert "Third" in late.text


def test_editing_deleted_absence_raises(cast, session, now):
    days = Span(dt.date(2026, 7, 6), dt.date(2026, 7, 24))
    absence = actions.add_absence(session, cast.alice, days, "", now=now)
    session.commit()
    session.execute(sa.delete(Absence))
    with pytest.raises(RowDeleted):
        actions.edit_absence(session, absence, days, "Late", now=now)


def test_history_records_absence_changes_without_dates(alice, session):
    alice.post(PAGE, SUMMER)
    key = re.search(r'id="absence-([^"]+)"', alice.get(PAGE).text)[1]
    alice.put(f"{PAGE}/{key}", {**SUMMER, "note": "Alps"})
    alice.delete(f"{PAGE}/{key}")
    page = alice.get("/activity?kind=roadmaps").text
    for text in ("Time off added", "Time off changed", "Time off deleted"):
        assert text in page
    session.rollback()
    is_absence = HistoryEntry.action.like("absence.%")
    assert session.scalars(sa.select(HistoryEntry.data).where(is_absence)).all() == [{}, {}, {}]


def test_all_forecasts_skip_absences(alice):
    """The dashboard, roadmap, forecast page and completion response show the same dates."""
    roadmap = "/roadmaps/senior-ml-engineer"
    alice.post(f"{roadmap}/enrollment", {"hours_per_week": "5"})

    def dates(text):
        return re.search(r"you finish between (.*?)\.", " ".join(text.split()))[1]

    pages = (roadmap, "/", f"{roadmap}/forecast")
    before = {dates(alice.get(page).text) for page in pages}
    cached_headers = {"If-None-Match": alice.get(roadmap).headers["ETag"]}
    alice.get("/absences")
    off = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=7)
    absence = {"starts_on": off.isoformat(), "ends_on": (off + dt.timedelta(days=69)).isoformat()}
    assert alice.post(PAGE, absence).status_code == 303
    alice.get(PAGE)
    assert alice.get(roadmap, headers=cached_headers).status_code == 200
    after = {dates(alice.get(page).text) for page in pages}
    assert len(before) == len(after) == 1
    assert before != after
    tick = f"{roadmap}/milestones/bachelors-degree-or-equivalent/completion"
    alice.put(tick, fragment=True)
    # Revert the completion, so that the remaining hours are the same.
    assert {dates(alice.delete(tick, fragment=True).text)} == after
