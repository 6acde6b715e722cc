"""PUT and DELETE …/completion, …/status and …/last-change: completing a milestone."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
import time_machine

from roadmap.catalog.queries import published_roadmap
from roadmap.core.database import db
from roadmap.people.models import HistoryEntry
from roadmap.progress.actions import set_status
from roadmap.progress.models import Enrollment, MilestonePlan, MilestoneStatus
from roadmap.readiness.models import ReadinessSummary
from tests.support.browser_client import BrowserClient

SLUG = "senior-ml-engineer"
KEY = "bachelors-degree-or-equivalent"
OTHER = "algorithms-ml-systems-use"
PATH = f"/roadmaps/{SLUG}/milestones/{KEY}"


@pytest.fixture
def alice(cast, browser_of):
    browser = browser_of(cast.alice)
    answer = browser.post(f"/roadmaps/{SLUG}/enrollment", {"hours_per_week": "5"})
    assert answer.status_code == 303
    return browser


def status_of(app, person) -> str:
    with app.app_context():
        return db.session.scalar(
            sa.select(MilestoneStatus.status).where(MilestoneStatus.user_id == person)
        )


def test_completion_returns_updated_row(app, alice, cast):
    answer = alice.put(f"{PATH}/completion", fragment=True)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert answer.text.count("<li") == 1
    assert "Claimed" in answer.text
    assert "1 of 16 done, 0 verified" in answer.text
    assert status_of(app, cast.alice) == "done"


def test_score_change_by_expiry_is_not_credited_to_completion(app, alice, cast):
    """Evidence expired last night, and the job process has not updated the summary yet."""
    alice.put(f"/roadmaps/{SLUG}/milestones/{OTHER}/completion", fragment=True)
    with app.app_context():
        yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
        db.session.execute(sa.update(ReadinessSummary).values(own_score=90, valid_until=yesterday))
        db.session.commit()
    answer = alice.put(f"{PATH}/completion", fragment=True)
    assert "readiness" not in answer.headers["HX-Trigger"]
    answer = alice.delete(f"{PATH}/completion", fragment=True)
    assert "Change in readiness" in answer.headers["HX-Trigger"]


def test_completion_works_without_javascript(app, alice, cast):
    answer = alice.post(f"{PATH}/completion", {"_method": "PUT"})
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"/roadmaps/{SLUG}#m")
    assert status_of(app, cast.alice) == "done"
    page = alice.get(f"/roadmaps/{SLUG}").text
    assert "Undo" in page


def test_last_change_can_be_undone_for_ten_minutes(app, alice, cast):
    alice.put(f"{PATH}/completion", fragment=True)
    stage = f"/roadmaps/{SLUG}/foundations"
    for page in (f"/roadmaps/{SLUG}", stage):
        assert alice.get(page).text.count("row-undo") == 1, page
    # Only the last change is offered.
    alice.put(f"{PATH}/completion".replace(KEY, OTHER), fragment=True)
    assert alice.get(stage).text.count("row-undo") == 1
    with app.app_context():
        earlier = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=11)
        db.session.execute(sa.update(MilestoneStatus).values(changed_at=earlier))
        db.session.commit()
    for page in (f"/roadmaps/{SLUG}", stage):
        assert "row-undo" not in alice.get(page).text, page


def test_undo_returns_to_milestone_page(app, alice, cast):
    alice.put(f"{PATH}/status", {"status": "in_progress", "back": "page"})
    form = alice.get(PATH).text.partition("/last-change")[2].partition("</form>")[0]
    assert 'name="back" value="page"' in form
    answer = alice.post(f"{PATH}/last-change", {"_method": "DELETE", "back": "page"})
    assert answer.location == f"{PATH}#main"


def test_second_completion_changes_nothing(app, alice, cast):
    alice.put(f"{PATH}/completion")
    with app.app_context():
        first = db.session.scalar(sa.select(MilestoneStatus.changed_at))
    alice.put(f"{PATH}/completion")
    with app.app_context():
        assert db.session.scalar(sa.select(MilestoneStatus.changed_at)) == first


@pytest.mark.parametrize("submits", [1, 2])
def test_undo_restores_status_before_completion(app, alice, cast, submits):
    alice.put(f"{PATH}/status", {"status": "in_progress"})
    for _ in range(submits):
        alice.put(f"{PATH}/completion", fragment=True)
    answer = alice.delete(f"{PATH}/last-change", fragment=True)
    assert answer.status_code == 200
    assert status_of(app, cast.alice) == "in_progress"


@pytest.mark.parametrize("fragment", [True, False])
def test_second_undo_changes_nothing(app, alice, cast, fragment):
    """The first response may have been lost."""
    alice.put(f"{PATH}/status", {"status": "in_progress"})
    alice.put(f"{PATH}/completion", fragment=fragment)
    undo = re.search(r'formaction="(\S+/last-change\S*)"', alice.get(f"/roadmaps/{SLUG}").text)
    for _ in range(2):
        assert alice.delete(undo[1], fragment=fragment).status_code in (200, 303)
        assert status_of(app, cast.alice) == "in_progress"


def test_undo_in_message_names_undone_status(alice):
    alice.put(f"{PATH}/completion")
    assert f'action="{PATH}/last-change?status=done"' in alice.get(f"/roadmaps/{SLUG}").text
    alice.put(f"{PATH}/status", {"status": "in_progress"})
    assert "/last-change?status=in_progress" in alice.get(f"/roadmaps/{SLUG}").text


def test_second_completion_is_not_activity(app, session, alice, cast, now):
    alice.put(f"{PATH}/completion")
    with time_machine.travel(now + dt.timedelta(days=2)):
        later = BrowserClient.of(app, cast.alice)
        later.put(f"{PATH}/completion")
        later.delete(f"/roadmaps/{SLUG}/milestones/{OTHER}/completion")
    days = session.execute(
        sa.select(ReadinessSummary.own_last_activity_on, ReadinessSummary.shared_last_activity_on)
    ).one()
    assert set(days) == {now.date()}


@pytest.mark.parametrize("fragment", [True, False], ids=["fragment", "page"])
def test_first_and_second_completion_take_few_statements(alice, statements, fragment):
    alice.csrf()
    for _ in range(2):
        with statements() as seen:
            answer = alice.put(f"{PATH}/completion", fragment=fragment)
        assert answer.status_code == (200 if fragment else 303)
        if fragment:
            assert "1 of 16 done" in answer.text
        assert len(seen) <= 16, seen


def test_reverted_completion_keeps_note_and_target_date(alice):
    alice.put(f"{PATH}/plan", {"note": "ask the registrar", "target_on": "2030-05-01"})
    alice.put(f"{PATH}/completion")
    alice.delete(f"{PATH}/completion")
    page = alice.get(PATH).text
    assert "ask the registrar" in page
    assert "2030-05-01" in page


def test_target_date_must_be_future_or_unchanged(session, alice, cast):
    """Other fields can be saved with an unchanged old date, of a milestone and of a roadmap."""
    for path, more in ((f"{PATH}/plan", {"note": "x"}), (f"/roadmaps/{SLUG}/enrollment", {})):
        rejected = alice.put(path, {**more, "target_on": "2025-01-01"})
        assert rejected.status_code == 422
        assert "Choose a day after today." in rejected.text
        # The error summary links to the field.
        assert re.search(r'href="#(target_on[^"]*)"(?s:.*) id="\1"', rejected.text)
        assert alice.put(path, {**more, "target_on": "2040-01-01"}).status_code == 303
    old = {"target_on": dt.date(2025, 1, 1)}
    session.execute(sa.update(MilestonePlan).values(old))
    session.execute(sa.update(Enrollment).values(old))
    session.commit()
    for path, more in (
        (f"{PATH}/plan", {"note": "y"}),
        (f"/roadmaps/{SLUG}/enrollment", {"hours_per_week": "7"}),
    ):
        assert alice.put(path, {**more, "target_on": "2025-01-01"}).status_code == 303
        assert alice.put(path, {**more, "target_on": "2025-01-02"}).status_code == 422
        assert alice.put(path, {**more, "target_on": ""}).status_code == 303


def test_not_applicable_requires_reason(app, alice, cast):
    rejected = alice.put(f"{PATH}/status", {"status": "not_applicable", "reason": " "})
    assert rejected.status_code == 422
    assert (
        f'<a href="#reason-{KEY}">Reason, in one sentence</a>: Say in a sentence' in rejected.text
    )
    assert f'id="reason-{KEY}"' in rejected.text
    assert status_of(app, cast.alice) is None
    accepted = alice.put(f"{PATH}/status", {"status": "not_applicable", "reason": "self-taught"})
    assert accepted.status_code == 303
    assert "self-taught" in alice.get(PATH).text


def test_completion_requires_enrollment(app, alice, cast, browser_of):
    alice.put(f"{PATH}/completion")
    # Carol is not enrolled.
    assert browser_of(cast.carol).put(f"{PATH}/completion").status_code == 404
    with app.app_context():
        rows = db.session.scalars(sa.select(MilestoneStatus.user_id)).all()
    assert rows == [cast.alice]


def test_completion_rejects_unknown_keys_and_statuses(alice):
    unknown = f"/roadmaps/{SLUG}/milestones/no-such-key/completion"
    assert alice.put(unknown).status_code == 404
    assert alice.put("/roadmaps/nowhere/milestones/x/completion").status_code == 404
    assert alice.put(f"{PATH}/status", {"status": "half done"}).status_code == 422


def test_status_changes_are_recorded_in_history(app, alice, cast):
    alice.put(f"{PATH}/completion")
    alice.delete(f"{PATH}/completion")
    with app.app_context():
        entries = db.session.execute(
            sa.select(HistoryEntry.action, HistoryEntry.data)
            .where(HistoryEntry.user_id == cast.alice, HistoryEntry.action == "status.set")
            .order_by(HistoryEntry.id)
        ).all()
    assert [entry.data["status"] for entry in entries] == ["done", "not_started"]


def test_completion_updates_readiness_summary(app, alice, cast):
    alice.put(f"{PATH}/completion")
    with app.app_context():
        row = db.session.scalars(sa.select(ReadinessSummary)).one()
    assert row.own["tones"] == {KEY: "claimed"}
    assert row.own_score > 0


def test_statement_count_is_independent_of_completed_milestones(app, alice, cast, now, statements):
    alice.csrf()
    with statements() as before:
        alice.put(f"{PATH}/completion", fragment=True)
    with app.app_context():
        keys = [each.key for each in published_roadmap(db.session, SLUG).content.milestones]
        for key in keys[:30]:
            if key != KEY:
                set_status(db.session, cast.alice, key, "done", now=now)
        db.session.commit()
    with statements() as after:
        alice.put(f"/roadmaps/{SLUG}/milestones/{keys[40]}/completion", fragment=True)
    assert len(after) == len(before)
