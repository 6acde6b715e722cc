"""Snapshots: one row per day with changed figures, whenever and however often the job runs."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from roadmap.core.database import db
from roadmap.evidence import actions as evidence
from roadmap.momentum.actions import find_due, take_snapshots
from roadmap.momentum.models import Snapshot
from roadmap.people.models import User
from roadmap.readiness.actions import refresh_changed
from tests.readiness.fact_writer import BEGIN, DOCUMENT, KEYS, FactWriter

DAY = dt.timedelta(days=1)


@pytest.fixture
def writer(app, cast):
    with app.app_context():
        yield FactWriter(db.session, cast)
        db.session.rollback()


def run_job(writer: FactWriter) -> dict[str, int]:
    """Run the snapshot job and return claimed hours by day."""
    refresh_changed(writer.session)
    while take_snapshots(writer.session, writer.alice.id):
        pass
    return claimed_hours_by_day(writer)


def claimed_hours_by_day(writer: FactWriter) -> dict[str, int]:
    found = writer.session.execute(
        sa.select(Snapshot.day, Snapshot.claimed_hours).order_by(Snapshot.day)
    )
    return {str(day): hours for day, hours in found}


def hours(*places: int) -> int:
    return sum(HOURS[KEYS[place]] for place in places)


HOURS = {
    milestone["key"]: milestone["hours"]
    for stage in DOCUMENT["stages"]
    for objective in stage["objectives"]
    for milestone in objective["milestones"]
}


def test_only_days_with_changes_are_written_once(writer):
    writer.status(0, "done")
    first = run_job(writer)
    assert first == {"2026-03-02": hours(0)} == run_job(writer)
    writer.now += 3 * DAY
    writer.plan(1)
    assert run_job(writer) == first
    writer.status(1, "done")
    assert run_job(writer) == {**first, "2026-03-05": hours(0, 1)}
    assert find_due(writer.session) == []


def test_missed_days_are_reconstructed_from_history(writer):
    for place in range(3):
        writer.status(place, "done")
        writer.now += 2 * DAY
    assert run_job(writer) == {
        "2026-03-02": hours(0), "2026-03-04": hours(0, 1), "2026-03-06": hours(0, 1, 2),
    }  # fmt: skip


def test_change_after_last_run_counts_for_its_day(writer):
    writer.session.execute(sa.update(User).values(timezone="Asia/Kathmandu"))
    writer.now = dt.datetime(2026, 3, 2, 17, 0, tzinfo=dt.UTC)  # 22:45 in Kathmandu
    run_job(writer)
    writer.now = dt.datetime(2026, 3, 2, 18, 10, tzinfo=dt.UTC)  # 23:55 in Kathmandu
    writer.status(0, "done")
    refresh_changed(writer.session)
    writer.now = dt.datetime(2026, 3, 2, 18, 20, tzinfo=dt.UTC)  # 00:05 in Kathmandu
    writer.status(1, "done")
    assert run_job(writer) == {"2026-03-02": hours(0), "2026-03-03": hours(0, 1)}


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        # Both changes of daylight saving time, and a leap day.
        ("Europe/Stockholm", "2026-03-29T21:30+00:00", "2026-03-29"),
        ("Europe/Stockholm", "2026-03-29T22:00+00:00", "2026-03-30"),
        ("Europe/Stockholm", "2026-10-25T22:59+00:00", "2026-10-25"),
        ("America/Los_Angeles", "2028-03-01T07:59+00:00", "2028-02-29"),
    ],
)
def test_day_ends_at_midnight_in_users_time_zone(writer, zone, at, day):
    writer.session.execute(sa.update(User).values(timezone=zone))
    writer.now = dt.datetime.fromisoformat(at)
    writer.status(0, "done")
    assert run_job(writer)[day] == hours(0)
    assert [each for each in claimed_hours_by_day(writer) if each > "2026-03-02"] == [day]


def test_snapshot_survives_deletion_of_evidence(writer):
    writer.evidence(0, "talk", "team", None)
    writer.status(0, "done")
    run_job(writer)
    writer.now += DAY
    (piece,) = writer.pieces()
    evidence.delete(writer.session, piece, by=writer.alice, now=writer.now)
    run_job(writer)
    before, after = writer.session.scalars(sa.select(Snapshot).order_by(Snapshot.day))
    assert (before.evidenced_hours, after.evidenced_hours) == (hours(0), 0)
    assert before.score > after.score


def test_deleted_evidence_makes_missed_figures_unknown(writer):
    writer.evidence(0, "talk", "team", None)
    writer.status(0, "done")
    writer.now += DAY
    (piece,) = writer.pieces()
    evidence.delete(writer.session, piece, by=writer.alice, now=writer.now)
    run_job(writer)
    before, after = writer.session.scalars(sa.select(Snapshot).order_by(Snapshot.day))
    assert (before.claimed_hours, before.evidenced_hours, before.score) == (hours(0), None, None)
    assert after.evidenced_hours == 0


def test_evidence_counts_through_its_expiry_date(writer):
    writer.evidence(0, "certification", "team", 10)
    writer.status(0, "done")
    writer.now += 20 * DAY
    writer.status(1, "in_progress")
    run_job(writer)
    found = writer.session.execute(
        sa.select(Snapshot.day, Snapshot.evidenced_hours).order_by(Snapshot.day)
    )
    assert [(str(day), count) for day, count in found] == [
        ("2026-03-02", hours(0)),
        ("2026-03-13", 0),
    ]


def test_long_history_is_processed_in_batches(writer, monkeypatch):
    monkeypatch.setattr("roadmap.momentum.actions.MAX_DAYS", 3)
    for place in range(8):
        writer.status(place, "done")
        writer.now += DAY
    refresh_changed(writer.session)
    runs = 1
    while take_snapshots(writer.session, writer.alice.id):
        assert find_due(writer.session) == [writer.alice.id], "the next run continues"
        runs += 1
    assert runs == 3
    assert len(claimed_hours_by_day(writer)) == 8
    assert find_due(writer.session, after=writer.alice.id) == []


def test_first_snapshot_is_on_day_of_enrollment(writer):
    assert run_job(writer) == {BEGIN.date().isoformat(): 0}
