"""PUT and DELETE …/completion, …/status and …/last-change: completing a milestone."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
import time_machine

from roadmap.core.database import db
from roadmap.people.models import HistoryEntry
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


def test_it_works(app, alice, cast):
    answer = alice.put(f"{PATH}/completion", fragment=True)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert answer.text.count("<li") == 1
    assert "Claimed" in answer.text
    assert "1 of 16 done, 0 verified" in answer.text
    assert status_of(app, cast.alice) == "done"


def test_what_changed_by_itself_is_no_gain_of_a_tick(app, alice, cast):
    """A piece that lapsed last night, before the job process has looked."""
    alice.put(f"/roadmaps/{SLUG}/milestones/{OTHER}/completion", fragment=True)
    with app.app_context():
        yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
        db.session.execute(sa.update(ReadinessSummary).values(own_score=90, valid_until=yesterday))
        db.session.commit()
    answer = alice.put(f"{PATH}/completion", fragment=True)
    assert "Readiness" not in answer.headers["HX-Trigger"]
    answer = alice.delete(f"{PATH}/completion", fragment=True)
    assert "Readiness" in answer.headers["HX-Trigger"]


def test_it_works_as_a_plain_form(app, alice, cast):
    answer = alice.post(f"{PATH}/completion", {"_method": "PUT"})
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"/roadmaps/{SLUG}#m")
    assert status_of(app, cast.alice) == "done"
    page = alice.get(f"/roadmaps/{SLUG}").text
    assert "Undo" in page


def test_a_row_offers_to_undo_for_ten_minutes(app, alice, cast):
    alice.put(f"{PATH}/completion", fragment=True)
    stage = f"/roadmaps/{SLUG}/foundations"
    for page in (f"/roadmaps/{SLUG}", stage):
        assert alice.get(page).text.count("row-undo") == 1, page
    # Only the last change is offered.
    alice.put(f"{PATH}/completion".replace(KEY, OTHER), fragment=True)
    assert alice.get(stage).text.count("row-undo") == 1
    with app.app_context():
        ago = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=11)
        db.session.execute(sa.update(MilestoneStatus).values(changed_at=ago))
        db.session.commit()
    for page in (f"/roadmaps/{SLUG}", stage):
        assert "row-undo" not in alice.get(page).text, page


def test_undo_leads_back_to_the_page_of_the_milestone(app, alice, cast):
    alice.put(f"{PATH}/status", {"status": "in_progress", "back": "page"})
    form = alice.get(PATH).text.partition("/last-change")[2].partition("</form>")[0]
    assert 'name="back" value="page"' in form
    answer = alice.post(f"{PATH}/last-change", {"_method": "DELETE", "back": "page"})
    assert answer.location == f"{PATH}#main"


def test_ticking_twice_changes_nothing(app, alice, cast):
    alice.put(f"{PATH}/completion")
    with app.app_context():
        first = db.session.scalar(sa.select(MilestoneStatus.changed_at))
    alice.put(f"{PATH}/completion")
    with app.app_context():
        assert db.session.scalar(sa.select(MilestoneStatus.changed_at)) == first


def test_a_tick_that_was_sent_twice_is_undone_at_once(app, alice, cast):
    alice.put(f"{PATH}/status", {"status": "in_progress"})
    alice.put(f"{PATH}/completion")
    alice.put(f"{PATH}/completion", fragment=True)
    alice.delete(f"{PATH}/last-change")
    assert status_of(app, cast.alice) == "in_progress"


def test_a_second_tick_is_no_movement(app, session, alice, cast, now):
    alice.put(f"{PATH}/completion")
    with time_machine.travel(now + dt.timedelta(days=2)):
        later = BrowserClient.of(app, cast.alice)
        later.put(f"{PATH}/completion")
        later.delete(f"/roadmaps/{SLUG}/milestones/{OTHER}/completion")
    moved = session.execute(
        sa.select(ReadinessSummary.own_last_activity_on, ReadinessSummary.shared_last_activity_on)
    ).one()
    assert set(moved) == {now.date()}


@pytest.mark.parametrize("fragment", [True, False])
def test_a_second_tick_takes_no_more_statements(alice, statements, fragment):
    for _ in range(2):
        with statements() as seen:
            answer = alice.put(f"{PATH}/completion", fragment=fragment)
        assert answer.status_code == (200 if fragment else 303)
        if fragment:
            assert "1 of 16 done" in answer.text
    assert len(seen) <= 16, seen


def test_unticking_keeps_note_and_target(alice):
    alice.put(f"{PATH}/plan", {"note": "ask the registrar", "target_on": "2030-05-01"})
    alice.put(f"{PATH}/completion")
    alice.delete(f"{PATH}/completion")
    page = alice.get(PATH).text
    assert "ask the registrar" in page
    assert "2030-05-01" in page


def test_a_target_date_lies_ahead_or_was_saved_before(session, alice, cast):
    """The same for a milestone and for the roadmap: what stands beside an old date can change."""
    for path, more in ((f"{PATH}/plan", {"note": "x"}), (f"/roadmaps/{SLUG}/enrollment", {})):
        refused = alice.put(path, {**more, "target_on": "2025-01-01"})
        assert refused.status_code == 422
        assert "Choose a day after today: a target lies ahead." in refused.text
        # At the top, with a way to the field.
        assert re.search(r'href="#(target_on[^"]*)"(?s:.*) id="\1"', refused.text)
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


def test_undo_puts_back_what_was_before(app, alice, cast):
    alice.put(f"{PATH}/status", {"status": "in_progress"})
    alice.put(f"{PATH}/completion")
    answer = alice.delete(f"{PATH}/last-change", fragment=True)
    assert answer.status_code == 200
    assert status_of(app, cast.alice) == "in_progress"


def test_not_applicable_asks_for_a_reason(app, alice, cast):
    refused = alice.put(f"{PATH}/status", {"status": "not_applicable", "reason": " "})
    assert refused.status_code == 422
    assert (
        f'<a href="#reason-{KEY}">The reason, in a sentence</a>: Say in a sentence' in refused.text
    )
    assert f'id="reason-{KEY}"' in refused.text
    assert status_of(app, cast.alice) is None
    accepted = alice.put(f"{PATH}/status", {"status": "not_applicable", "reason": "self-taught"})
    assert accepted.status_code == 303
    assert "self-taught" in alice.get(PATH).text


def test_it_needs_sign_in(browser_of, cast):
    answer = browser_of().put(f"{PATH}/completion")
    assert answer.status_code in (303, 401)


def test_it_hides_what_is_foreign(app, alice, cast, browser_of):
    alice.put(f"{PATH}/completion")
    # Carol is on no roadmap, and nothing of Alice's is reachable by an address of hers.
    assert browser_of(cast.carol).put(f"{PATH}/completion").status_code == 404
    with app.app_context():
        rows = db.session.scalars(sa.select(MilestoneStatus.user_id)).all()
    assert rows == [cast.alice]


def test_it_rejects_bad_input(alice):
    unknown = f"/roadmaps/{SLUG}/milestones/no-such-key/completion"
    assert alice.put(unknown).status_code == 404
    assert alice.put("/roadmaps/nowhere/milestones/x/completion").status_code == 404
    assert alice.put(f"{PATH}/status", {"status": "half done"}).status_code == 422


def test_it_needs_the_csrf_token(alice):
    answer = alice.client.put(f"{PATH}/completion")
    assert answer.status_code == 400


def test_every_tick_is_in_the_history(app, alice, cast):
    alice.put(f"{PATH}/completion")
    alice.delete(f"{PATH}/completion")
    with app.app_context():
        entries = db.session.execute(
            sa.select(HistoryEntry.action, HistoryEntry.data)
            .where(HistoryEntry.user_id == cast.alice, HistoryEntry.action == "status.set")
            .order_by(HistoryEntry.id)
        ).all()
    assert [entry.data["status"] for entry in entries] == ["done", "not_started"]


def test_the_summary_moves_in_the_same_transaction(app, alice, cast):
    alice.put(f"{PATH}/completion")
    with app.app_context():
        row = db.session.scalars(sa.select(ReadinessSummary)).one()
    assert row.own["tones"] == {KEY: "claimed"}
    assert row.own_score > 0


def test_a_tick_takes_few_statements(app, alice, statements):
    alice.csrf()
    with statements() as seen:
        alice.put(f"{PATH}/completion", fragment=True)
    assert len(seen) <= 16, seen


def test_statements_do_not_grow_with_what_is_ticked(app, alice, statements):
    alice.csrf()
    with statements() as before:
        alice.put(f"{PATH}/completion", fragment=True)
    from roadmap.catalog.queries import published_roadmap

    with app.app_context():
        keys = [m.key for m in published_roadmap(db.session, SLUG).content.milestones]
    for key in keys[:30]:
        alice.put(f"/roadmaps/{SLUG}/milestones/{key}/completion", fragment=True)
    with statements() as after:
        alice.put(f"/roadmaps/{SLUG}/milestones/{keys[40]}/completion", fragment=True)
    assert len(after) == len(before)
