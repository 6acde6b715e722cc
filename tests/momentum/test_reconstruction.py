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
few = st.integers(0, 2)
# The milestones that pieces are linked to: a design document proves one of them.
place = st.sampled_from([0, DESIGN])
kind = st.sampled_from(["design_doc", "talk"])
# Few pieces and milestones, so that what is done to them meets.
meeting = st.one_of(
    st.tuples(st.just("days"), st.integers(1, 40)),
    st.tuples(st.just("status"), place, st.just("done")),
    st.tuples(st.just("evidence"), place, kind, st.just("team"), st.sampled_from([None, 20])),
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

    def link(self, at: int) -> None:
        if (piece := self._one(at)) is not None:
            evidence.link(self.session, piece, KEYS[DESIGN], by=self.alice, now=self.now)

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
        past = load_past_facts(db.session, diary.alice.id, UTC)
        row = db.session.scalars(sa.select(ReadinessSummary)).one()
        contents = load_contents(db.session, row.roadmap_id, UTC)
        was_lost = any(step[0] in ("delete", "edit") for step in steps)
        for day, computed in diary.written.items():
            (_day, found) = next(reconstruct_days(past, contents, day, day))
            assert (found.hours, found.claimed_hours) == (computed.hours, computed.claimed_hours)
            if found.score is not None:
                assert found == computed, day
            else:
                assert was_lost, "only what is gone or was overwritten cannot be told"
        db.session.rollback()


# What is done to one piece, a day each; each line of the rule is needed for one of them.
STORIES = {
    "taken back": "evidence judge midnight take_back days",
    "verified, returned after an edit, taken back": (
        "evidence judge days edit submit decide_returned midnight take_back days"
    ),
    "unlinked and linked again": "evidence judge days unlink_all days link days",
    "verified once more": "evidence judge days link_another days judge_again days",
    "a draft that is changed": "evidence days edit days",
    "an expiry that passes": "expiring days days days",
    "a position that goes": "position days leave_position days",
}


class Chapter(Diary):
    """The steps of the stories, about one design document."""

    def tell(self, story: str) -> None:
        self.now = self.now.replace(hour=23, minute=55)
        self.status(DESIGN, "done")
        for step in story.split():
            if step == "days":
                self.days(8)
            elif step == "midnight":
                # A review can only be taken back soon.
                self.write_down()
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
        progress.set_status(
            self.session, self.alice.id, another, "done", by=self.alice.id, now=self.now
        )

    def do_judge_again(self) -> None:
        (piece,) = self.pieces()
        review_actions.decide(
            self.session, piece, "verified", version_id=piece.current_id, by=self.bob, now=self.now
        )

    def do_position(self) -> None:
        self.position(401, is_ml=True)

    def do_leave_position(self) -> None:
        self.leave_position()


@pytest.mark.parametrize("story", STORIES)
def test_each_turn_of_a_piece_is_worked_out(app, people, story):
    with app.app_context():
        chapter = Chapter(db.session, people)
        chapter.tell(STORIES[story])
        past = load_past_facts(db.session, chapter.alice.id, UTC)
        row = db.session.scalars(sa.select(ReadinessSummary)).one()
        contents = load_contents(db.session, row.roadmap_id, UTC)
        told = {day: next(reconstruct_days(past, contents, day, day))[1] for day in chapter.written}
        unknown = [day for day, found in told.items() if found.score is None]
        assert len(unknown) == (story == "a draft that is changed")
        assert {day: told[day] for day in told if day not in unknown} == {
            day: chapter.written[day] for day in told if day not in unknown
        }
        assert len({found.score for found in told.values()}) > 1, "something happened"
        db.session.rollback()
