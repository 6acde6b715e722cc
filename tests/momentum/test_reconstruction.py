"""What is worked out of earlier days equals what was computed on them, or is not told."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadmap.career import actions as career
from roadmap.career.models import Position
from roadmap.core.database import db
from roadmap.core.dates import PartialDate
from roadmap.evidence import actions as evidence
from roadmap.evidence import review_actions
from roadmap.evidence.actions import evidence_input
from roadmap.evidence.models import Review
from roadmap.evidence.rules import Refused
from roadmap.momentum.queries import load_contents, load_past
from roadmap.momentum.reconstruction import history_days
from roadmap.momentum.rules import Figures, figures_of_summary
from roadmap.progress import actions as progress
from roadmap.readiness.actions import refresh_changed
from roadmap.readiness.models import ReadinessSummary
from tests.readiness.fact_writer import FactWriter, operation
from tests.support.catalog import fitting_milestone

UTC = ZoneInfo("UTC")
few = st.integers(0, 2)
kind = st.sampled_from(["design_doc", "talk"])
# Few pieces and milestones, so that what is done to them meets.
meeting = st.one_of(
    st.tuples(st.just("days"), st.integers(1, 40)),
    st.tuples(st.just("tick"), kind),
    st.tuples(st.just("evidence"), few, kind, st.just("team"), st.sampled_from([None, 20])),
    st.tuples(st.just("judge"), few),
    st.tuples(st.just("decide"), few, st.just("returned")),
    st.tuples(st.just("take_back"), few),
    st.tuples(st.just("unlink"), few),
    st.tuples(st.just("link"), few),
    st.tuples(st.just("edit"), few, kind),
    st.tuples(st.just("position"), st.integers(0, 400), st.just(True)),
    st.tuples(st.just("leave_position")),
)


@pytest.fixture
def people(cast):
    return cast


class Diary(FactWriter):
    """Writes down, as each day ends, what was computed on it."""

    def __init__(self, session, cast) -> None:
        super().__init__(session, cast)
        self.written: dict[dt.date, Figures] = {}

    def days(self, count: int) -> None:
        self.write_down()
        super().days(count)

    def tick(self, kind: str) -> None:
        key = fitting_milestone(self.session, kind)
        progress.set_status(
            self.session, self.alice.id, key, "done", by=self.alice.id, now=self.now
        )

    def link(self, at: int) -> None:
        if (piece := self._one(at)) is not None:
            key = fitting_milestone(self.session, piece.current.kind)
            evidence.link(self.session, piece, key, by=self.alice, now=self.now)

    def edit(self, at: int, kind: str) -> None:
        """Change kind and expiry: of a draft in place, of what was judged in a new version."""
        if (piece := self._one(at)) is not None:
            expires_on = PartialDate(self.now.date() + dt.timedelta(days=at))
            changed = replace(evidence_input(piece), kind=kind, expires_on=expires_on)
            evidence.edit(self.session, piece, changed, by=self.alice, now=self.now)

    def take_back(self, at: int) -> None:
        if (piece := self._one(at)) is not None:
            latest = sa.select(Review).where(Review.evidence_id == piece.id)
            review = self.session.scalars(latest.order_by(Review.decided_at.desc())).first()
            if review is not None:
                with suppress(Refused):
                    review_actions.withdraw_review(
                        self.session, piece, review.id, "A mistake", by=self.bob, now=self.now
                    )

    def judge(self, at: int) -> None:
        """Verify what a draft proves, whatever came before."""
        self.submit(at)
        self.decide(at, "verified")

    def leave_position(self) -> None:
        position = self.session.scalars(sa.select(Position)).first()
        if position is not None:
            career.remove(self.session, position, by=self.alice.id, now=self.now)

    def write_down(self) -> None:
        refresh_changed(self.session)
        row = self.session.scalars(
            sa.select(ReadinessSummary).execution_options(populate_existing=True)
        ).one()
        if row.valid_until is None or self.now.date() < row.valid_until:
            self.written[self.now.date()] = figures_of_summary(row.own)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    steps=st.one_of(st.lists(operation, max_size=20), st.lists(meeting, min_size=15, max_size=40))
)
def test_an_earlier_day_is_worked_out_as_it_was_computed(app, people, steps):
    with app.app_context():
        diary = Diary(db.session, people)
        for step in steps:
            diary.do(step)
        diary.write_down()
        past = load_past(db.session, diary.alice.id, UTC)
        row = db.session.scalars(sa.select(ReadinessSummary)).one()
        contents = load_contents(db.session, row.roadmap_id, UTC)
        was_lost = any(step[0] in ("delete", "edit") for step in steps)
        for day, computed in diary.written.items():
            (_day, found) = next(history_days(past, contents, day, day))
            assert (found.hours, found.claimed_hours) == (computed.hours, computed.claimed_hours)
            if found.score is not None:
                assert found == computed, day
            else:
                assert was_lost, "only what is gone or was overwritten cannot be told"
        db.session.rollback()
