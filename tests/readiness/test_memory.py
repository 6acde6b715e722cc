"""What a process remembers of a person never makes a kept row differ from one computed anew.

A process is its memory here: each has one of its own, and they write to the same database in turn.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadmap.core.database import db
from roadmap.people.models import User
from roadmap.progress.models import MilestoneStatus
from roadmap.readiness import memory
from roadmap.readiness.actions import compute_summary, refresh_stale_summaries
from roadmap.readiness.models import ReadinessSummary
from roadmap.readiness.queries import person_record
from tests.conftest import wipe
from tests.readiness.test_summaries import KEYS, FactWriter, _assert_summary, operation
from tests.support.cast import Cast
from tests.support.catalog import restore_shipped
from tests.support.statements import record_statements

# Ticks are what memory is for, so there are more of them than of anything else.
tick = st.tuples(
    st.just("status"),
    st.integers(0, 6),
    st.sampled_from(["done", "done", "in_progress", "not_applicable", "not_started"]),
)
turn = st.tuples(
    st.integers(0, 1), st.one_of(tick, tick, operation), st.sampled_from(["commit"] * 3 + ["undo"])
)


@pytest.fixture(autouse=True)
def _only_shipped(app) -> Iterator[None]:
    """Takes back what the stories published: they change the shipped roadmap, and commit it."""
    yield
    with app.app_context():
        wipe(db.engine)
        restore_shipped(db.session)


class Processes:
    """Two processes over one database, and one person whose story they write."""

    def __init__(self, app) -> None:
        self.app = app
        self.memories: list[dict] = [{}, {}]
        with app.app_context():
            wipe(db.engine)
            self.cast = Cast.create(db.session)
            self.story = FactWriter(db.session, self.cast)
            db.session.commit()

    @contextlib.contextmanager
    def of(self, number: int) -> Iterator[FactWriter]:
        """A request in one of the two; commit in it what should stay."""
        with pytest.MonkeyPatch.context() as patch, self.app.app_context():
            patch.setattr(memory, "_records", self.memories[number])
            self.story.session = db.session
            self.story.alice = self.cast.actor(db.session, self.cast.alice)
            self.story.bob = self.cast.actor(db.session, self.cast.bob)
            yield self.story

    def do(self, number: int, *step) -> list[str]:
        """Does a step and commits; returns the statements that it took."""
        with self.of(number) as story, record_statements(db.engine) as statements:
            story.do(step)
            db.session.commit()
        return statements

    def check(self) -> None:
        with self.app.app_context():
            row = db.session.scalars(sa.select(ReadinessSummary)).one()
            found = person_record(db.session, self.cast.alice)
            fresh = compute_summary(db.session, found, row.revision_id, self.story.now)
            _assert_summary(row, fresh, self.story.now)
            for remembered in self.memories:
                name, kept = remembered.get(self.cast.alice, ("", None))
                if name == row.own["made_of"]:
                    assert kept == found


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(turns=st.lists(turn, max_size=10))
def test_two_processes_that_write_in_turn(app, turns):
    processes = Processes(app)
    for number, step, ending in turns:
        with processes.of(number) as story:
            before = story.now
            story.do(step)
            refresh_stale_summaries(db.session)
            if ending == "commit":
                db.session.commit()
            else:
                # What was undone is in memory now, under a name that is nowhere else.
                db.session.rollback()
                story.now = before
        processes.check()


def reads_evidence(statements: list[str]) -> bool:
    return any("FROM evidence" in each for each in statements)


def test_a_second_tick_reads_nothing_anew(app):
    processes = Processes(app)
    assert reads_evidence(processes.do(0, "status", 0, "done"))
    assert not reads_evidence(processes.do(0, "status", 1, "done"))
    assert not reads_evidence(processes.do(0, "status", 0, "not_started"))
    processes.check()


@pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 0)])
def test_what_another_process_wrote_is_read(app, first, second):
    processes = Processes(app)
    processes.do(first, "status", 0, "done")
    processes.do(second, "evidence", 0, "design_doc", "team", None)
    assert reads_evidence(processes.do(first, "status", 1, "done"))
    processes.check()
    assert reads_evidence(processes.do(second, "status", 2, "done"))
    processes.check()


@pytest.mark.parametrize(
    "step",
    [
        ("evidence", 0, "talk", "private", 5),
        ("assess", 0, 4, True),
        ("position", 700, True),
        ("degree", "master"),
        ("publish", 3),
    ],
)
def test_anything_but_a_tick_is_read_anew(app, step):
    processes = Processes(app)
    processes.do(0, "status", 0, "done")
    assert reads_evidence(processes.do(0, *step))
    processes.check()


def test_a_time_zone_that_changed_counts(app):
    processes = Processes(app)
    processes.do(0, "status", 0, "done")
    with app.app_context():
        db.session.execute(sa.update(User).values(timezone="Pacific/Kiritimati"))
        db.session.commit()
    assert reads_evidence(processes.do(0, "status", 1, "done"))
    processes.check()


def test_a_backup_that_was_put_back_is_believed(app):
    """Versions and times repeat then; the name of a record does not."""
    processes = Processes(app)
    processes.do(0, "status", 0, "done")
    tables = [MilestoneStatus.__table__, ReadinessSummary.__table__]
    with app.app_context():
        kept = [[row._asdict() for row in db.session.execute(sa.select(each))] for each in tables]
        db.session.rollback()
    processes.do(0, "status", 1, "done")
    with app.app_context():
        for table, rows in zip(tables, kept, strict=True):
            db.session.execute(sa.delete(table))
            db.session.execute(sa.insert(table), rows)
        db.session.commit()
    processes.check()
    assert reads_evidence(processes.do(0, "status", 2, "done"))
    processes.check()
    with app.app_context():
        keys = set(db.session.scalars(sa.select(MilestoneStatus.milestone_key)))
    assert keys == {KEYS[0], KEYS[2]}


def test_a_savepoint_that_was_taken_back(app):
    processes = Processes(app)
    processes.do(0, "status", 0, "done")
    with processes.of(0) as story:
        story.do(("status", 1, "done"))
        savepoint = db.session.begin_nested()
        story.do(("status", 2, "done"))
        savepoint.rollback()
        db.session.commit()
    processes.check()
    processes.do(0, "status", 3, "done")
    processes.check()


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(memory, "MOST_RECORDS", 3)
    monkeypatch.setattr(memory, "_records", {})
    for number in range(5):
        memory.remember_record(number, "name", None)
        memory.remember_record(2, "again", None)
    assert list(memory._records) == [3, 4, 2]


def test_the_same_day_of_another_month_is_another_day(app):
    """What follows from the pieces is remembered by day: a certificate lapses meanwhile."""
    processes = Processes(app)
    processes.do(0, "evidence", 0, "certification", "team", 3)
    processes.do(0, "status", 0, "done")
    processes.story.now += dt.timedelta(days=10)
    processes.do(0, "status", 1, "done")
    processes.check()
