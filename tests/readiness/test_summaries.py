"""The stored summary row equals a fresh computation after any sequence of writes.

This includes passing dates and new revisions. Nothing is committed: rows are refreshed as before a
commit, compared, and rolled back.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadmap.catalog import actions as catalog
from roadmap.core.database import db
from roadmap.evidence import actions as evidence
from roadmap.evidence import review_actions
from roadmap.evidence.actions import evidence_input
from roadmap.evidence.models import Confirmation
from roadmap.people.locks import lock_user
from roadmap.progress.models import MilestoneStatus
from roadmap.readiness.actions import compute_summary, recompute_all, refresh_changed
from roadmap.readiness.models import ReadinessSummary
from roadmap.readiness.queries import person_record
from tests.readiness.fact_writer import BEGIN, DESIGN, KEYS, FactWriter, operation
from tests.support.catalog import OTHER
from tests.support.statements import record_session_statements


@pytest.fixture
def people(cast):
    return cast


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(st.tuples(operation, st.booleans()), max_size=18), later=st.integers(0, 400))
def test_kept_equals_recomputed(app, people, steps, later):
    with app.app_context():
        session = db.session
        story = FactWriter(session, people)
        for step, is_last_of_transaction in steps:
            story.do(step)
            if is_last_of_transaction:
                refresh_changed(session)
        refresh_changed(session)
        row = session.scalars(
            sa.select(ReadinessSummary).execution_options(populate_existing=True)
        ).one()
        # As kept, on the day of the last look, and on any later day that the row is valid for.
        moments = [story.now]
        then = story.now + dt.timedelta(days=later)
        if row.valid_until is None or then.date() < row.valid_until:
            moments.append(then)
        for moment in moments:
            fresh = compute_summary(
                session, person_record(session, people.alice), row.revision_id, moment
            )
            _assert_summary(row, fresh, moment)
        session.rollback()


def test_each_of_several_pieces_counts_in_the_row(app, people):
    with app.app_context():
        story = FactWriter(db.session, people)
        for kind in ("design_doc", "case_study", "case_study", "talk"):
            story.evidence(DESIGN, kind, "team", None)
        refresh_changed(db.session)
        row = db.session.scalars(sa.select(ReadinessSummary)).one()
        counted = {"design_doc": 1, "case_study": 2, "talk": 1}
        assert row.counted["own"]["evidenced"] == counted
        record = person_record(db.session, people.alice)
        _assert_summary(row, compute_summary(db.session, record, row.revision_id, story.now), BEGIN)
        db.session.rollback()


def _assert_summary(row: ReadinessSummary, fresh: dict, moment: dt.datetime) -> None:
    for name in (
        "own",
        "shared",
        "own_last_activity_on",
        "shared_last_activity_on",
        "valid_until",
    ):
        assert getattr(row, name) == fresh[name], (name, moment)
    assert _in_order(row.counted) == _in_order(json.loads(json.dumps(fresh["counted"]))), moment
    assert row.own_score == fresh["own_score"].quantize(Decimal("0.0001"))
    assert row.shared_score == fresh["shared_score"].quantize(Decimal("0.0001"))


def _in_order(counted: dict) -> dict:
    """Return counted facts with their proofs in order: pieces are loaded in none."""
    return counted | {
        half: {**counted[half], "proofs": sorted(counted[half]["proofs"])}
        for half in ("own", "shared")
        if counted[half]
    }


@pytest.fixture
def proven(app, people):
    """Alice with a verified design document, whose summary row is of the write just before."""
    with app.app_context():
        story = FactWriter(db.session, people)
        story.evidence(DESIGN, "design_doc", "team", 30)
        story.submit(0)
        story.decide(0, "verified")
        refresh_changed(db.session)
        yield story
        db.session.rollback()


def _tick(story: FactWriter) -> tuple[bool, dict, dict]:
    """Tick a milestone: whether evidence was read for it, and the kept and the computed figures."""
    story.session.flush()
    with record_session_statements(story.session) as seen:
        story.status(DESIGN, "done")
        refresh_changed(story.session)
    was_read = any("FROM evidence_milestone" in statement for statement in seen)
    assert len(seen) <= 14, "a request adds the actor and the enrollment"
    session = story.session
    query = sa.select(ReadinessSummary).execution_options(populate_existing=True)
    row = session.scalars(query).one()
    record = person_record(session, story.alice.id)
    return was_read, row.shared, compute_summary(session, record, row.revision_id, story.now)


def test_a_tick_reads_no_evidence(proven):
    was_read, kept, computed = _tick(proven)
    assert not was_read
    assert kept == computed["shared"]
    assert kept["tones"] == {KEYS[DESIGN]: "verified"}


def _write_of_another_release(story: FactWriter) -> None:
    """Take the confirmations away under the lock, as code does that knows no counted facts."""
    lock_user(story.session, story.alice.id)
    story.session.execute(sa.delete(Confirmation))


def _counted_by_another_release(story: FactWriter) -> None:
    (row,) = story.session.scalars(sa.select(ReadinessSummary))
    row.counted = row.counted | {"release": "0.0.1", "own": {}, "shared": {}}
    story.session.execute(sa.delete(Confirmation))


def _row_of_the_release_before(story: FactWriter) -> None:
    story.session.execute(sa.update(ReadinessSummary).values(counted=None, person_version=None))
    story.session.execute(sa.delete(Confirmation))


def _lapse(story: FactWriter) -> None:
    story.now += dt.timedelta(days=31)


def _plan(story: FactWriter) -> None:
    story.plan(0)


@pytest.mark.parametrize(
    "meanwhile",
    [
        _write_of_another_release,
        _counted_by_another_release,
        _row_of_the_release_before,
        _lapse,
        _plan,
    ],
)
def test_a_tick_reads_the_evidence_where_the_row_may_not_say_it(proven, meanwhile):
    meanwhile(proven)
    was_read, kept, computed = _tick(proven)
    assert was_read
    assert kept == computed["shared"]


def test_a_tick_in_one_transaction_with_evidence_reads_it(proven):
    proven.evidence(1, "talk", "team", None)
    proven.status(1, "in_progress")
    was_read, kept, computed = _tick(proven)
    assert was_read
    assert kept == computed["shared"]


def test_a_revision_of_a_roadmap_one_is_not_on_counts_at_once(proven):
    """Alice's piece is confirmed for a milestone of another roadmap, which her kind proved."""
    session, elsewhere = proven.session, "of-another-roadmap"
    document = {**proven.document, "slug": OTHER}
    stage = document["stages"][0] = copy.deepcopy(document["stages"][0])
    milestones = stage["objectives"][0]["milestones"]
    new = {**milestones[0], "key": elsewhere, "evidence": ["design_doc"]}
    milestones.append(new)
    catalog.publish(session, document, now=proven.now)
    (piece,) = proven.pieces()
    evidence.edit(
        session, piece, evidence_input(piece), milestones=[elsewhere], by=proven.alice,
        now=proven.now,
    )  # fmt: skip
    review_actions.decide(
        session, piece, "verified", version_id=piece.current_id, by=proven.bob, now=proven.now
    )
    refresh_changed(session)
    assert _counted(session)["own"]["verified"] == {"design_doc": 1}
    new["evidence"] = ["talk"]
    catalog.publish(session, document, now=proven.now)
    refresh_changed(session)
    assert _counted(session)["own"]["verified"] == {}
    was_read, kept, computed = _tick(proven)
    assert not was_read
    assert kept == computed["shared"]


def _counted(session) -> dict:
    return session.scalars(sa.select(ReadinessSummary.counted)).one()


def test_a_draft_changes_no_byte_of_what_is_shared(app, people):
    with app.app_context():
        story = FactWriter(db.session, people)
        story.status(0, "done")
        refresh_changed(db.session)
        before = _shared(db.session)
        story.evidence(0, "design_doc", "portfolio", None)
        story.evidence(1, "talk", "private", 3)
        refresh_changed(db.session)
        assert _shared(db.session) == before
        db.session.rollback()


def test_another_reason_moves_nothing_for_others(app, people):
    """Why something is left out is not shared unless its person says so: nor is that it changed."""
    with app.app_context():
        story = FactWriter(db.session, people)
        story.status(0, "not_applicable")
        refresh_changed(db.session)
        before, since = _shared(db.session), _status_changed_at(db.session)
        story.days(3)
        story.status(0, "not_applicable")
        refresh_changed(db.session)
        assert _shared(db.session) == before
        assert _status_changed_at(db.session) == since
        reasons = db.session.scalars(sa.select(MilestoneStatus.reason)).all()
        assert reasons == ["reason 2"], "the reason itself is new"
        story.status(0, "done")
        refresh_changed(db.session)
        assert _status_changed_at(db.session) == story.now
        db.session.rollback()


def test_a_submission_is_activity_for_both_and_a_review_for_neither(app, people):
    with app.app_context():
        story = FactWriter(db.session, people)
        story.evidence(0, "design_doc", "team", None)
        story.submit(0)
        asked = story.now.date()
        story.days(5)
        (piece,) = story.pieces()
        review_actions.decide(
            db.session, piece, "returned", version_id=piece.current_id, by=story.bob, now=story.now
        )
        refresh_changed(db.session)
        row = db.session.scalars(sa.select(ReadinessSummary)).one()
        assert row.own_last_activity_on == row.shared_last_activity_on == asked
        # What its author makes private moved nothing that others see.
        hidden = replace(evidence_input(piece), visibility="private")
        evidence.edit(db.session, piece, hidden, by=story.alice, now=story.now)
        refresh_changed(db.session)
        row = db.session.scalars(
            sa.select(ReadinessSummary).execution_options(populate_existing=True)
        ).one()
        assert row.shared_last_activity_on is None
        db.session.rollback()


def _status_changed_at(session) -> dt.datetime:
    return session.execute(sa.select(MilestoneStatus.changed_at)).scalar_one()


def _shared(session):
    row = session.execute(
        sa.select(
            ReadinessSummary.shared,
            ReadinessSummary.shared_score,
            ReadinessSummary.shared_last_activity_on,
        )
    ).one()
    return tuple(row)


def test_the_command_recomputes_them_all(app, people):
    with app.app_context():
        story = FactWriter(db.session, people)
        story.status(3, "done")
        refresh_changed(db.session)
        before = _shared(db.session)
        db.session.execute(sa.delete(ReadinessSummary))
        assert recompute_all(db.session, now=story.now) == 1
        assert _shared(db.session) == before
        db.session.rollback()


def _valid_until(session) -> dt.date | None:
    return session.scalar(sa.select(ReadinessSummary.valid_until))


def test_a_row_runs_out_when_a_fact_changes_by_itself(app, people):
    with app.app_context():
        story = FactWriter(db.session, people)
        today = BEGIN.date()
        assert _valid_until(db.session) is None
        story.evidence(0, "certification", "portfolio", 30)
        refresh_changed(db.session)
        assert _valid_until(db.session) == today + dt.timedelta(days=31)
        story.position(1001, is_ml=True)  # goes on, so the years grow every day
        refresh_changed(db.session)
        assert _valid_until(db.session) == today + dt.timedelta(days=1)
        db.session.rollback()
