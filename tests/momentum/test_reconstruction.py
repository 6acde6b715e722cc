"""Reconstructed past figures equal those computed on the day, or are omitted."""

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
from roadmap.catalog.models import Milestone
from roadmap.core.database import db
from roadmap.core.dates import PartialDate
from roadmap.evidence import actions as evidence
from roadmap.evidence import review_actions
from roadmap.evidence.actions import evidence_input
from roadmap.evidence.models import Review
from roadmap.evidence.rules import Refused
from roadmap.momentum.queries import load_contents, load_past_facts
from roadmap.momentum.reconstruction import reconstruct_days
from roadmap.momentum.rules import Figures, figures_of_summary
from roadmap.progress import actions as progress
from roadmap.readiness.actions import refresh_changed
from roadmap.readiness.models import ReadinessSummary
from tests.readiness.fact_writer import DESIGN, KEYS, FactWriter, operation

UTC = ZoneInfo("UTC")
INDEXES = st.integers(0, 2)
# Milestones to link evidence to; a design document proves only DESIGN.
MILESTONES = st.sampled_from([0, DESIGN])
KINDS = st.sampled_from(["design_doc", "talk"])
# Few pieces and milestones, so that several events affect the same piece.
EVENTS = st.one_of(
    st.tuples(st.just("days"), st.integers(1, 40)),
    st.tuples(st.just("status"), MILESTONES, st.just("done")),
    st.tuples(st.just("evidence"), MILESTONES, KINDS, st.just("team"), st.sampled_from([None, 20])),
    st.tuples(st.just("judge"), INDEXES),
    st.tuples(st.just("decide"), INDEXES, st.just("returned")),
    st.tuples(st.just("take_back"), INDEXES),
    st.tuples(st.just("unlink"), INDEXES),
    st.tuples(st.just("link"), INDEXES),
    st.tuples(st.just("edit"), INDEXES, KINDS),
    st.tuples(st.just("position"), st.integers(0, 400), st.just(True)),
    st.tuples(st.just("leave_position")),
)


class RecordingWriter(FactWriter):
    """Record the figures computed at the end of each day."""

    def __init__(self, session, cast) -> None:
        super().__init__(session, cast)
        self.recorded: dict[dt.date, Figures] = {}

    def days(self, count: int) -> None:
        self.record_figures()
        super().days(count)

    def link(self, at: int) -> None:
        if (piece := self._one(at)) is not None:
            evidence.link(self.session, piece, KEYS[DESIGN], by=self.alice, now=self.now)

    def edit(self, at: int, kind: str) -> None:
        """Change kind and expiry of a draft, or of judged evidence in a new version."""
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
        """Submit and verify evidence in any state."""
        self.submit(at)
        self.decide(at, "verified")

    def leave_position(self) -> None:
        position = self.session.scalars(sa.select(Position)).first()
        if position is not None:
            career.remove(self.session, position, now=self.now)

    def record_figures(self) -> None:
        refresh_changed(self.session)
        row = self.session.scalars(
            sa.select(ReadinessSummary).execution_options(populate_existing=True)
        ).one()
        if row.valid_until is None or self.now.date() < row.valid_until:
            self.recorded[self.now.date()] = figures_of_summary(row.own)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    steps=st.one_of(st.lists(operation, max_size=20), st.lists(EVENTS, min_size=15, max_size=40))
)
def test_reconstructed_days_match_recorded_figures(app, cast, steps):
    with app.app_context():
        writer = RecordingWriter(db.session, cast)
        for step in steps:
            writer.do(step)
        writer.record_figures()
        past = load_past_facts(db.session, writer.alice.id, UTC)
        row = db.session.scalars(sa.select(ReadinessSummary)).one()
        contents = load_contents(db.session, row.roadmap_id, UTC)
        was_lost = any(step[0] in ("delete", "edit") for step in steps)
        for day, computed in writer.recorded.items():
            (_day, found) = next(reconstruct_days(past, contents, day, day))
            assert (found.hours, found.claimed_hours) == (computed.hours, computed.claimed_hours)
            if found.score is not None:
                assert found == computed, day
            else:
                assert was_lost, "only deleted or overwritten facts are unknown"
        db.session.rollback()


# Events of one piece of evidence or position. Each part of the rule is needed for one scenario.
SCENARIOS = {
    "withdrawn": "evidence judge midnight take_back days",
    "withdrawn after return": (
        "evidence judge days edit submit decide_returned midnight take_back days"
    ),
    "relinked": "evidence judge days unlink_all days link days",
    "verified again": "evidence judge days link_another days judge_again days",
    "edited draft": "evidence days edit days",
    "expired": "expiring days days days",
    "deleted position": "position days leave_position days",
}


class ScenarioWriter(RecordingWriter):
    """The steps of the scenarios, about one design document."""

    def run(self, scenario: str) -> None:
        self.now = self.now.replace(hour=23, minute=55)
        self.status(DESIGN, "done")
        for step in scenario.split():
            if step == "days":
                self.days(8)
            elif step == "midnight":
                # A review can only be withdrawn shortly after its decision.
                self.record_figures()
                self.now = self.now.replace(hour=0, minute=5) + dt.timedelta(days=1)
            else:
                getattr(self, f"do_{step}")()

    def do_evidence(self) -> None:
        self.evidence(DESIGN, "design_doc", "team", None)

    def do_expiring(self) -> None:
        self.evidence(DESIGN, "design_doc", "team", 10)
        self.judge(0)

    def do_judge(self) -> None:
        self.judge(0)

    def do_edit(self) -> None:
        self.edit(20, "talk")

    def do_submit(self) -> None:
        self.edit(30, "design_doc")
        self.submit(0)

    def do_decide_returned(self) -> None:
        self.decide(0, "returned")

    def do_take_back(self) -> None:
        self.take_back(0)

    def do_link(self) -> None:
        self.link(0)

    def do_unlink_all(self) -> None:
        self.unlink(0)
        self.unlink(0)

    def do_link_another(self) -> None:
        (piece,) = self.pieces()
        (another,) = self.session.scalars(
            sa.select(Milestone.key)
            .where(
                Milestone.kinds.contains(",design_doc,"),
                Milestone.key.not_in(piece.milestone_keys),
                Milestone.key.in_(KEYS),
            )
            .order_by(Milestone.key)
            .limit(1)
        )
        evidence.link(self.session, piece, another, by=self.alice, now=self.now)
        progress.set_status(self.session, self.alice.id, another, "done", now=self.now)

    def do_judge_again(self) -> None:
        (piece,) = self.pieces()
        review_actions.decide(
            self.session, piece, "verified", version_id=piece.current_id, by=self.bob, now=self.now
        )

    def do_position(self) -> None:
        self.position(401, is_ml=True)

    def do_leave_position(self) -> None:
        self.leave_position()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_evidence_and_position_events_are_reconstructed(app, cast, scenario):
    with app.app_context():
        writer = ScenarioWriter(db.session, cast)
        writer.run(SCENARIOS[scenario])
        past = load_past_facts(db.session, writer.alice.id, UTC)
        row = db.session.scalars(sa.select(ReadinessSummary)).one()
        contents = load_contents(db.session, row.roadmap_id, UTC)
        reconstructed = {
            day: next(reconstruct_days(past, contents, day, day))[1] for day in writer.recorded
        }
        unknown = [day for day, found in reconstructed.items() if found.score is None]
        assert len(unknown) == (scenario == "edited draft")
        assert {day: reconstructed[day] for day in reconstructed if day not in unknown} == {
            day: writer.recorded[day] for day in reconstructed if day not in unknown
        }
        assert len({found.score for found in reconstructed.values()}) > 1, (
            "the scenario changes the score"
        )
        db.session.rollback()
