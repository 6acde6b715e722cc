"""/activity: all changes by day, with filters in the URL, and as a file."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from html import unescape

import pytest
import sqlalchemy as sa

from roadmap.activity import routes
from roadmap.activity.queries import PAGE_SIZE
from roadmap.evidence import review_actions
from roadmap.people.models import HistoryEntry, User
from roadmap.progress import actions as progress
from tests.evidence.builders import add_evidence, review_evidence, submit_evidence
from tests.support.catalog import enroll
from tests.support.statements import statements_of

PAGE = "/activity"
EXPORT = f"{PAGE}/export/csv"
SLUG = "senior-ml-engineer"
KEY = "design-doc-for-complex-system"
OTHER_KEY = "hold-ml-service-levels"


@pytest.fixture
def alice(cast, browser_of):
    return browser_of(cast.alice)


@pytest.fixture
def piece(session, cast, now):
    """Evidence of Alice that Bob verified, and her enrollment."""
    enroll(session, cast.alice, now, SLUG)
    made = add_evidence(session, cast, cast.alice, now, title="A design", milestones=[KEY])
    submit_evidence(session, cast, made, now)
    review_evidence(session, cast, made, now)
    return made


def lines(page) -> list[str]:
    found = re.findall(r'class="title wrap-any"[^>]*>(.*?)</', page.text, re.S)
    return [unescape(text.strip()) for text in found]


def days(page) -> list[str]:
    return re.findall(r'id="day-([0-9-]+)"', page.text)


def add_entries(session, cast, *moments, key="k", status="done", by=None):
    """Add entries to Alice's history at these moments."""
    session.execute(
        sa.insert(HistoryEntry),
        [
            {
                "user_id": cast.alice, "actor_id": by or cast.alice, "at": at,
                "action": "status.set", "subject": key,
                "data": {"status": status, "reason": ""},
            }
            for at in moments
        ],
    )  # fmt: skip
    session.commit()


def test_page_lists_changes_by_everyone_to_own_records(alice, piece):
    page = alice.get(PAGE)
    assert [text.split(":")[0] for text in lines(page)] == [
        "Verified", "Submitted for review", "Recorded", "Roadmap started"
    ]  # fmt: skip
    assert f'href="/evidence/{piece.id}"' in page.text
    assert "<span>Bob</span>" in page.text
    assert "<span>You</span>" in page.text


def test_empty_pages_say_so(alice):
    assert "No activity yet" in alice.get(PAGE).text
    assert "No activity matches" in alice.get(f"{PAGE}?kind=reviews").text
    assert "Nothing changed since then" in alice.get(f"{PAGE}/since").text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=reviews", ["Verified"]),
        ("kind=evidence", ["Submitted for review", "Recorded"]),
        ("who=others", ["Verified"]),
        ("who=me&kind=roadmaps", ["Roadmap started"]),
        (f"roadmap={SLUG}", ["Verified", "Submitted for review", "Recorded", "Roadmap started"]),
        ("roadmap=staff-ml-engineer", []),
        ("roadmap=no-such", []),
        ("milestone=no-such", []),
        ("to=2001-01-01", []),
        ("on=2001-01-01", []),
        ("since=2001-01-01&kind=reviews", ["Verified"]),
        ("kind=unknown&who=unknown&to=", [
            "Verified", "Submitted for review", "Recorded", "Roadmap started"]),
    ],
    ids=[
        "reviews", "evidence", "by others", "own, roadmaps", "roadmap", "other roadmap",
        "unknown roadmap", "unknown milestone", "to", "on", "since and reviews", "unknown values",
    ],
)  # fmt: skip
def test_query_filters_page_and_export(alice, piece, query, expected):
    page = alice.get(f"{PAGE}?{query}")
    assert [text.split(":")[0] for text in lines(page)] == expected
    rows = list(csv.reader(io.StringIO(alice.get(f"{EXPORT}?{query}").text.lstrip("\ufeff"))))
    assert [row[3] for row in rows[1:]] == lines(page)


def test_milestone_page_shows_history_of_milestone_and_evidence(session, cast, now, alice, piece):
    key = KEY
    progress.set_status(session, cast.alice, key, "done", now=now)
    progress.set_status(session, cast.alice, OTHER_KEY, "done", now=now)
    session.commit()
    listed = lines(alice.get(f"{PAGE}?milestone={key}"))
    assert [text.rpartition(": ")[2] for text in listed[:1]] == ["not started → done"]
    assert [text.split(":")[0] for text in listed[1:]] == [
        "Verified", "Submitted for review", "Recorded"
    ]  # fmt: skip
    page = alice.get(f"/roadmaps/{SLUG}/milestones/{key}")
    assert lines(page) == listed
    assert "History of this milestone" in page.text
    assert "All of its history" not in page.text
    add_entries(session, cast, *[now] * 10, key=key)
    page = alice.get(f"/roadmaps/{SLUG}/milestones/{key}")
    assert len(lines(page)) == 10
    assert f'href="/activity?milestone={key}"' in page.text
    # The row in the roadmap page omits the history.
    row = alice.get(f"/roadmaps/{SLUG}/milestones/{key}", fragment=True)
    assert "History of this milestone" not in row.text


def test_days_are_in_the_readers_time_zone(session, cast, alice):
    """Entries around midnight, and around a day with 25 hours."""
    session.get_one(User, cast.alice).timezone = "America/New_York"
    utc = dt.UTC
    add_entries(
        session, cast,
        dt.datetime(2026, 11, 1, 3, 59, tzinfo=utc),  # 23:59 on 31 October
        dt.datetime(2026, 11, 1, 4, 0, tzinfo=utc),  # 0:00 on 1 November
        dt.datetime(2026, 11, 2, 4, 59, tzinfo=utc),  # 23:59, after the end of daylight saving time
        dt.datetime(2026, 11, 2, 5, 0, tzinfo=utc),
    )  # fmt: skip
    assert days(alice.get(PAGE)) == ["2026-11-02", "2026-11-01", "2026-10-31"]
    for query, number in (
        ("on=2026-11-01", 2), ("from=2026-11-01&to=2026-11-01", 2), ("since=2026-11-02", 1),
        ("to=2026-10-31", 1), ("from=2026-10-31", 4),
    ):  # fmt: skip
        assert len(lines(alice.get(f"{PAGE}?{query}"))) == number, query
    assert '"2026-11-01T23:59:00-05:00"' in alice.get(EXPORT).text


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("from=yesterday", "“yesterday” is not a day"),
        ("on=2026-02-30", "“2026-02-30” is not a day"),
        ("since=0001-01-01", "“0001-01-01” is not a day"),
        ("to=9999-12-31", "“9999-12-31” is not a day"),
        ("from=2026-02-02&to=2026-02-01", "Swap the two"),
    ],
    ids=["word", "no such day", "first day", "last day", "reversed range"],
)
def test_invalid_dates_are_reported(alice, query, message):
    page = alice.get(f"{PAGE}?{query}")
    assert message in unescape(page.text)
    assert page.status_code == 200
    assert alice.get(f"{EXPORT}?{query}").location.startswith(PAGE)


def test_older_page_continues_where_the_previous_one_ended(session, cast, now, alice):
    """Entries at the same moment and newer entries cause neither repetition nor loss."""
    same = now - dt.timedelta(days=3)
    add_entries(session, cast, *[same] * (PAGE_SIZE + 10), status="done")
    first = alice.get(PAGE)
    assert len(lines(first)) == PAGE_SIZE
    older = unescape(re.search(r'rel="next" href="([^"]+)"', first.text)[1])
    add_entries(session, cast, *[now] * 5, status="in_progress")
    second = alice.get(older)
    assert len(lines(second)) == 10
    assert 'rel="next"' not in second.text
    assert f'href="{PAGE}">Newest' in second.text
    assert alice.get(f"{PAGE}?before=wrong").status_code == 404
    assert alice.get(f"{PAGE}?before=ü").status_code == 404


def test_entries_are_ordered_by_date_not_by_id(session, cast, now, alice):
    """Imported entries are older but have higher ids."""
    add_entries(session, cast, now)
    add_entries(session, cast, now - dt.timedelta(days=400))
    assert len(days(alice.get(PAGE))) == 2
    assert days(alice.get(PAGE)) == sorted(days(alice.get(PAGE)), reverse=True)


def test_activity_is_visible_to_its_owner_only(cast, browser_of, piece):
    """Others see their own history at this URL."""
    for person in (cast.bob, cast.erin, cast.mallory):
        browser = browser_of(person)
        for path in (PAGE, f"{PAGE}?milestone={KEY}", EXPORT, f"{PAGE}/since"):
            assert "A design" not in browser.get(path).text


def test_statement_count_does_not_grow_with_entries(app, session, cast, now, alice):
    enroll(session, cast.alice, now, SLUG)

    def add_changes(times):
        for number in range(times):
            made = add_evidence(session, cast, cast.alice, now, title=f"{number}", milestones=[KEY])
            submit_evidence(session, cast, made, now)
            review_evidence(session, cast, made, now)
            review_actions.add_comment(
                session, made, "Good.", by=cast.actor(session, cast.bob), now=now
            )
            progress.set_status(
                session, cast.alice, OTHER_KEY, ("done", "in_progress")[number % 2], now=now
            )
        session.commit()

    add_changes(1)
    pages = (PAGE, f"{PAGE}?roadmap={SLUG}", f"{PAGE}?milestone={OTHER_KEY}", f"{PAGE}/since")
    pages += (f"/roadmaps/{SLUG}/milestones/{OTHER_KEY}",)
    few = [len(statements_of(app, lambda page=page: alice.get(page))) for page in pages]
    add_changes(3)
    add_entries(session, cast, *[now - dt.timedelta(days=400)] * 100, key=OTHER_KEY)
    many = [len(statements_of(app, lambda page=page: alice.get(page))) for page in pages]
    assert all(later <= first for later, first in zip(many, few, strict=True)), (few, many)
    assert max(few[:4]) <= 9


def test_export_escapes_formulas(alice, session, cast, now):
    add_evidence(session, cast, cast.alice, now, title='=HYPERLINK("http://evil.example")')
    session.get_one(User, cast.alice).name = "=1+1"
    session.commit()
    answer = alice.get(EXPORT)
    assert answer.mimetype == "text/csv"
    assert re.search(r"activity-\d{4}-\d\d-\d\d\.csv", answer.headers["Content-Disposition"])
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert rows[0] == ["When", "Who", "Kind", "What", "Address"]
    assert rows[1][1:4] == ["You", "Evidence", 'Recorded: =HYPERLINK("http://evil.example")']
    assert re.fullmatch(r"http://localhost/evidence/[0-9a-f-]{36}", rows[1][4])
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_too_large_export_is_refused_with_a_hint(alice, session, cast, now, monkeypatch):
    monkeypatch.setattr(routes, "MAX_EXPORTED", 2)
    add_entries(session, cast, *[now] * 3)
    answer = alice.get(EXPORT)
    assert answer.status_code == 422
    assert "Choose a shorter period" in answer.text
    assert alice.get(f"{EXPORT}?kind=reviews").status_code == 200


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ("user_id = :a ORDER BY at DESC, id DESC LIMIT 51", "ix_history_entry_user_id_at"),
        (
            "user_id = :a AND (at, id) < ('2026', 7) ORDER BY at DESC, id DESC LIMIT 51",
            "ix_history_entry_user_id_at",
        ),
        (
            "user_id = :a AND subject = 'k' AND id < 7 ORDER BY id DESC LIMIT 1",
            "ix_history_entry_user_id_subject",
        ),
    ],
    ids=["page", "older page", "milestone"],
)
def test_history_queries_use_an_index(session, condition, index):
    """With 50,000 entries, a page takes 120 ms on SQLite without the indexes and 3 ms with them."""
    plan = session.execute(
        sa.text(f"EXPLAIN QUERY PLAN SELECT id FROM history_entry WHERE {condition}"), {"a": "x"}
    )
    query_plan = " ".join(row[-1] for row in plan)
    assert index in query_plan
    assert "TEMP B-TREE" not in query_plan
