"""/work-log: short entries of work done, and creating evidence from them."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from roadmap.core.stale_forms import RowDeleted
from roadmap.evidence.models import Evidence
from roadmap.people.models import HistoryEntry
from roadmap.people.private_rows import change_row
from roadmap.work_log.actions import add_entry, delete_entry
from roadmap.work_log.models import WorkLogEntry
from tests.support.statements import record_session_statements

PAGE = "/work-log"


@pytest.fixture
def alice(cast, browser_of):
    return browser_of(cast.alice)


def entries(session) -> list[WorkLogEntry]:
    session.rollback()
    return list(session.scalars(sa.select(WorkLogEntry).order_by(WorkLogEntry.created_at)))


def test_dashboard_saves_and_shows_entry_of_this_week(alice, session, now):
    alice.post("/roadmaps/senior-ml-engineer/enrollment", {"hours_per_week": "5"})
    assert "What did you ship? Whom did you help?" in alice.get("/").text
    answer = alice.post(PAGE, {"text": "Helped Carol to cut p99", "from": "dashboard"})
    assert (answer.status_code, answer.location) == (303, "/#week-line")
    assert "Helped Carol to cut p99" in alice.get("/").text
    (entry,) = entries(session)
    assert entry.day == now.date()
    # The dashboard shows only entries of this week.
    entry.day -= dt.timedelta(weeks=1)
    session.commit()
    assert "Helped Carol to cut p99" not in alice.get("/").text
    assert "Helped Carol to cut p99" in alice.get(PAGE).text


def test_entry_creates_one_complete_draft(alice, cast, session, now):
    text = "Interviewed two candidates " + "and wrote it all down " * 9
    key = add_entry(session, cast.alice, dt.date(2026, 2, 3), text.strip(), now=now).id
    session.commit()
    answers = [alice.put(f"{PAGE}/{key}/evidence") for _attempt in range(2)]
    (piece,) = session.scalars(sa.select(Evidence)).all()
    assert {each.location for each in answers} == {f"/evidence/{piece.id}/edit#q"}
    version = piece.current
    assert (version.kind, version.occurred_on, piece.state, piece.visibility) == (
        "interviewing", "2026-02-03", "draft", "team"
    )  # fmt: skip
    assert 190 < len(piece.title) <= 200
    assert piece.title.endswith("…")
    assert version.description == text.strip()
    assert f'href="/evidence/{piece.id}"' in alice.get(PAGE).text
    # After the evidence is deleted, the entry offers to create evidence again.
    assert alice.delete(f"/evidence/{piece.id}").status_code == 303
    assert "Make it evidence" in alice.get(PAGE).text


def test_entry_with_link_is_parsed_like_captured_text(alice, cast, session, now):
    link = "https://github.com/acme/ranker/pull/950"
    text = f"Shipped ranker v3 on 2 Feb 2026, {link}; helped Ines with her review"
    key = add_entry(session, cast.alice, dt.date(2026, 2, 4), text, now=now).id
    talk = add_entry(session, cast.alice, dt.date(2026, 2, 4), f"{link}?token=abc", now=now).id
    session.commit()
    alice.put(f"{PAGE}/{key}/evidence")
    (piece,) = session.scalars(sa.select(Evidence)).all()
    assert piece.title == "Shipped ranker v3 on 2 Feb 2026; helped Ines with her review"
    assert (piece.current.url, piece.current.description) == (link, "")
    assert (piece.current.kind, piece.current.occurred_on) == ("open_source", "2026-02-02")
    page = alice.get(f"/evidence/{piece.id}/edit").text
    assert "A draft is saved with the link from the line." in page
    alice.put(f"{PAGE}/{talk}/evidence")
    assert "access token (token)" in alice.get("/evidence").text


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"text": " "}, "Write what you did."),
        ({"text": "x" * 501}, "At most 500 characters."),
        ({"text": "Kept", "day": "2999-01-01"}, "This day is in the future."),
        ({"text": "Kept", "day": "0206-01-01"}, "This is before 2000"),
        ({"text": "Kept", "day": "tomorrow"}, "Enter the date as year-month-day"),
    ],
    ids=["empty", "too long", "future day", "early day", "malformed day"],
)
def test_invalid_entry_is_rejected_and_text_is_kept(alice, session, fields, message):
    answer = alice.post(PAGE, fields)
    assert answer.status_code == 422
    assert message in answer.text
    assert 'value="Kept"' in answer.text or "Kept" not in fields["text"]
    assert entries(session) == []


def test_entry_is_edited_unless_form_is_stale(alice, cast, session, now):
    key = add_entry(session, cast.alice, now.date(), "First", now=now).id
    session.commit()
    seen = re.search(r'name="seen"[^>]*value="(\w+)"', alice.get(f"{PAGE}/{key}").text)[1]
    day = now.date().isoformat()
    assert alice.put(f"{PAGE}/{key}", {"text": "Second", "day": day}).status_code == 303
    stale = alice.put(f"{PAGE}/{key}", {"text": "Third", "day": day, "seen": seen})
    assert stale.status_code == 409
    assert "Second" in stale.text
    assert "Third" in stale.text
    assert alice.delete(f"{PAGE}/{key}").status_code == 303
    assert entries(session) == []


def test_entry_is_not_recorded_in_history(alice, session):
    before = session.scalar(sa.select(sa.func.count()).select_from(HistoryEntry))
    alice.post(PAGE, {"text": "Nobody's business"})
    session.rollback()
    assert session.scalar(sa.select(sa.func.count()).select_from(HistoryEntry)) == before


def test_entries_are_paginated_with_constant_statement_count(alice, cast, session, now):
    add_entry(session, cast.alice, now.date(), "One", now=now)
    session.commit()
    with record_session_statements(session) as one:
        alice.get(PAGE)
    for back in range(120):
        add_entry(session, cast.alice, now.date() - dt.timedelta(days=back), f"No. {back}", now=now)
    session.commit()
    with record_session_statements(session) as many:
        page = alice.get(PAGE).text
    assert len(many) == len(one)
    assert 'rel="next"' in page
    assert "No. 119" not in page
    assert "No. 119" in alice.get(f"{PAGE}?page=2").text


def test_deleted_entry_cannot_be_changed_or_deleted(alice, cast, session, now):
    entry = add_entry(session, cast.alice, now.date(), "Gone", now=now)
    key = entry.id
    session.commit()
    assert alice.delete(f"{PAGE}/{key}").status_code == 303
    with pytest.raises(RowDeleted):
        delete_entry(session, entry)
    with pytest.raises(RowDeleted):
        change_row(session, entry, {"text": "Kept"}, seen="")
    assert alice.put(f"{PAGE}/{key}", {"text": "Kept"}).status_code == 404
