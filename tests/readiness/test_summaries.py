"""The stored summary equals a recomputed one after any writes, dates and new revisions.

Nothing is committed: rows are refreshed as before a commit, compared, and rolled back.
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
def writer(app, cast):
    """Return a writer of facts about Alice; they are rolled back."""
    with app.app_context():
        yield FactWriter(db.session, cast)
        db.session.rollback()


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(st.tuples(operation, st.booleans()), max_size=18), later=st.integers(0, 400))
def test_stored_summary_equals_recomputed_summary(app, cast, steps, later):
    with app.app_context():
        session = db.session
        writer = FactWriter(session, cast)
        for step, is_last_of_transaction in steps:
            writer.do(step)
            if is_last_of_transaction:
                refresh_changed(session)
        refresh_changed(session)
        row = session.scalars(
            sa.select(ReadinessSummary).execution_options(populate_existing=True)
        ).one()
        # The row is right today and on any later day until it expires.
        moments = [writer.now]
        later_moment = writer.now + dt.timedelta(days=later)
        if row.valid_until is None or later_moment.date() < row.valid_until:
            moments.append(later_moment)
        for moment in moments:
            fresh = compute_summary(
                session, person_record(session, cast.alice), row.revision_id, moment
            )
            _assert_summary(row, fresh, moment)
        session.rollback()


def test_summary_counts_evidence_by_kind(writer):
    for kind in ("design_doc", "case_study", "case_study", "talk"):
        writer.evidence(DESIGN, kind, "team", None)
    refresh_changed(db.session)
    row = db.session.scalars(sa.select(ReadinessSummary)).one()
    counted = {"design_doc": 1, "case_study": 2, "talk": 1}
    assert row.counted["own"]["evidenced"] == counted
    record = person_record(db.session, writer.alice.id)
    _assert_summary(row, compute_summary(db.session, record, row.revision_id, writer.now), BEGIN)


def _assert_summary(row: ReadinessSummary, fresh: dict, moment: dt.datetime) -> None:
    for name in (
        "own",
        "shared",
        "own_last_activity_on",
        "shared_last_activity_on",
        "valid_until",
    ):
        assert getattr(row, name) == fresh[name], (name, moment)
    assert _sorted_proofs(row.counted) == _sorted_proofs(
        json.loads(json.dumps(fresh["counted"]))
    ), moment
    assert row.own_score == fresh["own_score"].quantize(Decimal("0.0001"))
    assert row.shared_score == fresh["shared_score"].quantize(Decimal("0.0001"))


def _sorted_proofs(counted: dict) -> dict:
    """Return counted facts with sorted proofs, because evidence is loaded in no fixed order."""
    return counted | {
        half: {**counted[half], "proofs": sorted(counted[half]["proofs"])}
        for half in ("own", "shared")
        if counted[half]
    }


@pytest.fixture
def verified_writer(writer):
    """Write a verified design document of Alice, and refresh her summary."""
    writer.evidence(DESIGN, "design_doc", "team", 30)
    writer.submit(0)
    writer.decide(0, "verified")
    refresh_changed(db.session)
    return writer


def _complete_milestone(writer: FactWriter) -> tuple[bool, dict, dict]:
    """Return whether this read evidence, and the stored and the recomputed summary."""
    writer.session.flush()
    with record_session_statements(writer.session) as statements:
        writer.status(DESIGN, "done")
        refresh_changed(writer.session)
    was_read = any("FROM evidence_milestone" in statement for statement in statements)
    assert len(statements) <= 14, "a request adds the actor and the enrollment"
    session = writer.session
    query = sa.select(ReadinessSummary).execution_options(populate_existing=True)
    row = session.scalars(query).one()
    record = person_record(session, writer.alice.id)
    return was_read, row.shared, compute_summary(session, record, row.revision_id, writer.now)


def test_status_change_reads_no_evidence(verified_writer):
    was_read, stored, computed = _complete_milestone(verified_writer)
    assert not was_read
    assert stored == computed["shared"]
    assert stored["tones"] == {KEYS[DESIGN]: "verified"}


def _write_of_another_release(writer: FactWriter) -> None:
    """Delete the confirmations under the lock, like a release without counted facts."""
    lock_user(writer.session, writer.alice.id)
    writer.session.execute(sa.delete(Confirmation))


def _counts_of_another_release(writer: FactWriter) -> None:
    (row,) = writer.session.scalars(sa.select(ReadinessSummary))
    row.counted = row.counted | {"release": "0.0.1", "own": {}, "shared": {}}
    writer.session.execute(sa.delete(Confirmation))


def _row_without_counts(writer: FactWriter) -> None:
    writer.session.execute(sa.update(ReadinessSummary).values(counted=None, person_version=None))
    writer.session.execute(sa.delete(Confirmation))


def _evidence_lapses(writer: FactWriter) -> None:
    writer.now += dt.timedelta(days=31)


def _plan(writer: FactWriter) -> None:
    writer.plan(0)


def _evidence_in_same_transaction(writer: FactWriter) -> None:
    writer.evidence(1, "talk", "team", None)
    writer.status(1, "in_progress")


@pytest.mark.parametrize(
    "change",
    [
        _write_of_another_release,
        _counts_of_another_release,
        _row_without_counts,
        _evidence_lapses,
        _plan,
        _evidence_in_same_transaction,
    ],
    ids=lambda change: change.__name__.strip("_").replace("_", " "),
)
def test_status_change_reads_evidence_when_stored_counts_may_be_stale(verified_writer, change):
    change(verified_writer)
    was_read, stored, computed = _complete_milestone(verified_writer)
    assert was_read
    assert stored == computed["shared"]


def test_new_revision_of_other_roadmap_updates_counts(verified_writer):
    """Alice's evidence is confirmed for a milestone of another roadmap, which then changes."""
    session, other_key = verified_writer.session, "of-another-roadmap"
    document = {**verified_writer.document, "slug": OTHER}
    stage = document["stages"][0] = copy.deepcopy(document["stages"][0])
    milestones = stage["objectives"][0]["milestones"]
    new = {**milestones[0], "key": other_key, "evidence": ["design_doc"]}
    milestones.append(new)
    catalog.publish(session, document, now=verified_writer.now)
    (piece,) = verified_writer.pieces()
    evidence.edit(
        session, piece, evidence_input(piece), milestones=[other_key], by=verified_writer.alice,
        now=verified_writer.now,
    )  # fmt: skip
    review_actions.decide(
        session,
        piece,
        "verified",
        version_id=piece.current_id,
        by=verified_writer.bob,
        now=verified_writer.now,
    )
    refresh_changed(session)
    assert _counted(session)["own"]["verified"] == {"design_doc": 1}
    new["evidence"] = ["talk"]
    catalog.publish(session, document, now=verified_writer.now)
    refresh_changed(session)
    assert _counted(session)["own"]["verified"] == {}
    was_read, stored, computed = _complete_milestone(verified_writer)
    assert not was_read
    assert stored == computed["shared"]


def _counted(session) -> dict:
    return session.scalars(sa.select(ReadinessSummary.counted)).one()


def test_draft_does_not_change_shared_summary(writer):
    writer.status(0, "done")
    refresh_changed(db.session)
    before = _shared(db.session)
    writer.evidence(0, "design_doc", "portfolio", None)
    writer.evidence(1, "talk", "private", 3)
    refresh_changed(db.session)
    assert _shared(db.session) == before


def test_new_reason_does_not_change_shared_summary(writer):
    """A reason is not shared by default, nor is the time of its change."""
    writer.status(0, "not_applicable")
    refresh_changed(db.session)
    before, changed_at = _shared(db.session), _status_changed_at(db.session)
    writer.days(3)
    writer.status(0, "not_applicable")
    refresh_changed(db.session)
    assert _shared(db.session) == before
    assert _status_changed_at(db.session) == changed_at
    reasons = db.session.scalars(sa.select(MilestoneStatus.reason)).all()
    assert reasons == ["reason 2"], "the new reason is stored"
    writer.status(0, "done")
    refresh_changed(db.session)
    assert _status_changed_at(db.session) == writer.now


def test_submission_counts_as_activity_and_review_does_not(writer):
    writer.evidence(0, "design_doc", "team", None)
    writer.submit(0)
    submitted_on = writer.now.date()
    writer.days(5)
    (piece,) = writer.pieces()
    review_actions.decide(
        db.session, piece, "returned", version_id=piece.current_id, by=writer.bob, now=writer.now
    )
    refresh_changed(db.session)
    row = db.session.scalars(sa.select(ReadinessSummary)).one()
    assert row.own_last_activity_on == row.shared_last_activity_on == submitted_on
    # Evidence made private is no shared activity.
    hidden = replace(evidence_input(piece), visibility="private")
    evidence.edit(db.session, piece, hidden, by=writer.alice, now=writer.now)
    refresh_changed(db.session)
    row = db.session.scalars(
        sa.select(ReadinessSummary).execution_options(populate_existing=True)
    ).one()
    assert row.shared_last_activity_on is None


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


def test_recompute_all_restores_deleted_summaries(writer):
    writer.status(3, "done")
    refresh_changed(db.session)
    before = _shared(db.session)
    db.session.execute(sa.delete(ReadinessSummary))
    assert recompute_all(db.session, now=writer.now) == 1
    assert _shared(db.session) == before


def _valid_until(session) -> dt.date | None:
    return session.scalar(sa.select(ReadinessSummary.valid_until))


def test_summary_is_valid_until_next_change_by_date(writer):
    today = BEGIN.date()
    assert _valid_until(db.session) is None
    writer.evidence(0, "certification", "portfolio", 30)
    refresh_changed(db.session)
    assert _valid_until(db.session) == today + dt.timedelta(days=31)
    writer.position(1001, is_ml=True)  # a current position: its years grow every day
    refresh_changed(db.session)
    assert _valid_until(db.session) == today + dt.timedelta(days=1)
