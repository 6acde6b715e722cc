"""What readiness is told of a person's evidence."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from roadmap.evidence import actions
from roadmap.evidence.item import Impact
from roadmap.evidence.queries import CountedEvidence, list_counted
from tests.evidence.builders import (
    DESIGN,
    LATENCY,
    LEVELS,
    add_evidence,
    evidence_input,
    review_evidence,
    submit_evidence,
)
from tests.support.statements import record_statements


def test_a_draft_counts_as_it_is(session, cast, now):
    evidence = add_evidence(
        session,
        cast,
        cast.alice,
        now,
        milestones=[LEVELS, DESIGN],
        impacts=(LATENCY, Impact("team", "onboarding", "", "2", "weeks")),
    )
    assert list_counted(session, cast.alice) == [
        CountedEvidence(
            id=str(evidence.id),
            title="Feature store design",
            kind="design_doc",
            occurred_on=dt.date(2026, 3, 2),
            expires_on=None,
            state="draft",
            visibility="portfolio",
            verified=False,
            milestones=(LEVELS, DESIGN),
            confirmed=frozenset(),
            impacts=(("scale", "p99 latency", "45", "ms"), ("team", "onboarding", "2", "weeks")),
        )
    ]


def test_the_last_verified_version_counts_until_the_next_is_judged(session, cast, now):
    alice = cast.actor(session, cast.alice)
    evidence = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN], impacts=(LATENCY,))
    submit_evidence(session, cast, evidence, now)
    review_evidence(session, cast, evidence, now)
    changed = evidence_input(kind="talk", occurred_on=dt.date(2026, 5, 1))
    actions.edit(session, evidence, changed, milestones=[DESIGN, LEVELS], by=alice, now=now)
    (piece,) = list_counted(session, cast.alice)
    assert (piece.kind, piece.occurred_on, piece.state) == (
        "design_doc",
        dt.date(2026, 3, 2),
        "submitted",
    )
    assert (piece.verified, piece.confirmed) == (True, {DESIGN})
    assert (piece.milestones, len(piece.impacts)) == ((DESIGN, LEVELS), 1)
    review_evidence(session, cast, evidence, now, decision="returned")
    (piece,) = list_counted(session, cast.alice)
    assert (piece.kind, piece.verified, piece.confirmed) == ("talk", False, frozenset())


def test_pieces_come_in_the_order_they_were_made_and_only_ones_own(session, cast, now):
    for day in range(3):
        add_evidence(session, cast, cast.alice, now - dt.timedelta(days=day), title=f"Piece {day}")
    add_evidence(session, cast, cast.carol, now, title="Carol's")
    assert [piece.title for piece in list_counted(session, cast.alice)] == [
        "Piece 2",
        "Piece 1",
        "Piece 0",
    ]
    assert list_counted(session, cast.mallory) == []


@pytest.mark.parametrize("many", [1, 8])
def test_one_statement_however_much_there_is(session, cast, now, many):
    for _ in range(many):
        add_evidence(
            session, cast, cast.alice, now, milestones=[DESIGN, LEVELS], impacts=(LATENCY,)
        )
    bind: sa.Engine = session.get_bind()
    with record_statements(bind) as sent:
        list_counted(session, cast.alice)
    assert len(sent) == 1
