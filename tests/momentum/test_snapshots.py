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
def story(app, cast):
    with app.app_context():
        yield FactWriter(db.session, cast)
        db.session.rollback()


def take(story: FactWriter) -> dict[str, int]:
    """Let the job come now: claimed hours by day afterwards."""
    refresh_changed(story.session)
    while take_snapshots(story.session, story.alice.id):
        pass
    return rows(story)


def rows(story: FactWriter) -> dict[str, int]:
    found = story.session.execute(
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


def test_a_day_is_written_once_and_a_quiet_one_not_at_all(story):
    story.status(0, "done")
    first = take(story)
    assert first == {"2026-03-02": hours(0)} == take(story)
    story.now += 3 * DAY
    story.plan(1)
    assert take(story) == first
    story.status(1, "done")
    assert take(story) == {**first, "2026-03-05": hours(0, 1)}
    assert find_due(story.session) == []


def test_days_on_which_no_job_ran_come_from_the_history(story):
    for place in range(3):
        story.status(place, "done")
        story.now += 2 * DAY
    assert take(story) == {
        "2026-03-02": hours(0), "2026-03-04": hours(0, 1), "2026-03-06": hours(0, 1, 2),
    }  # fmt: skip


def test_a_tick_after_the_last_run_of_a_day_still_belongs_to_it(story):
    story.session.execute(sa.update(User).values(timezone="Asia/Kathmandu"))
    story.now = dt.datetime(2026, 3, 2, 17, 0, tzinfo=dt.UTC)  # 22:45 there
    take(story)
    story.now = dt.datetime(2026, 3, 2, 18, 10, tzinfo=dt.UTC)  # 23:55 there
    story.status(0, "done")
    refresh_changed(story.session)
    story.now = dt.datetime(2026, 3, 2, 18, 20, tzinfo=dt.UTC)  # 00:05 there
    story.status(1, "done")
    assert take(story) == {"2026-03-02": hours(0), "2026-03-03": hours(0, 1)}


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        # The clocks are put forward at 1:00 UTC, and back again.
        ("Europe/Stockholm", "2026-03-29T21:30+00:00", "2026-03-29"),
        ("Europe/Stockholm", "2026-03-29T22:00+00:00", "2026-03-30"),
        ("Europe/Stockholm", "2026-10-25T22:59+00:00", "2026-10-25"),
        ("America/Los_Angeles", "2028-03-01T07:59+00:00", "2028-02-29"),
    ],
)
def test_a_day_ends_at_midnight_of_ones_own_zone(story, zone, at, day):
    story.session.execute(sa.update(User).values(timezone=zone))
    story.now = dt.datetime.fromisoformat(at)
    story.status(0, "done")
    assert take(story)[day] == hours(0)
    assert [each for each in rows(story) if each > "2026-03-02"] == [day]


def test_what_was_seen_stays_when_it_can_no_longer_be_told(story):
    story.evidence(0, "talk", "team", None)
    story.status(0, "done")
    take(story)
    story.now += DAY
    (piece,) = story.pieces()
    evidence.delete(story.session, piece, by=story.alice, now=story.now)
    take(story)
    before, after = story.session.scalars(sa.select(Snapshot).order_by(Snapshot.day))
    assert (before.evidenced_hours, after.evidenced_hours) == (hours(0), 0)
    assert before.score > after.score


def test_what_cannot_be_told_is_not_made_up(story):
    story.evidence(0, "talk", "team", None)
    story.status(0, "done")
    story.now += DAY
    (piece,) = story.pieces()
    evidence.delete(story.session, piece, by=story.alice, now=story.now)
    take(story)
    before, after = story.session.scalars(sa.select(Snapshot).order_by(Snapshot.day))
    assert (before.claimed_hours, before.evidenced_hours, before.score) == (hours(0), None, None)
    assert after.evidenced_hours == 0


def test_a_piece_counts_through_its_last_day(story):
    story.evidence(0, "certification", "team", 10)
    story.status(0, "done")
    story.now += 20 * DAY
    story.status(1, "in_progress")
    take(story)
    found = story.session.execute(
        sa.select(Snapshot.day, Snapshot.evidenced_hours).order_by(Snapshot.day)
    )
    assert [(str(day), count) for day, count in found] == [
        ("2026-03-02", hours(0)),
        ("2026-03-13", 0),
    ]


def test_a_long_history_is_worked_out_in_parts(story, monkeypatch):
    monkeypatch.setattr("roadmap.momentum.actions.MAX_DAYS", 3)
    for place in range(8):
        story.status(place, "done")
        story.now += DAY
    refresh_changed(story.session)
    runs = 1
    while take_snapshots(story.session, story.alice.id):
        assert find_due(story.session) == [story.alice.id], "the next run goes on"
        runs += 1
    assert runs == 3
    assert len(rows(story)) == 8
    assert find_due(story.session, after=story.alice.id) == []


def test_the_first_day_is_that_of_the_roadmap(story):
    assert take(story) == {BEGIN.date().isoformat(): 0}
