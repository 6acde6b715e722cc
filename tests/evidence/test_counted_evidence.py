"""Which version of evidence counts for its author."""

from __future__ import annotations

import datetime as dt

from roadmap.core.dates import PartialDate
from roadmap.evidence import actions
from roadmap.evidence.item import Audience, Impact
from roadmap.evidence.loader import load_user_items
from tests.evidence.builders import (
    DESIGN,
    LATENCY,
    LEVELS,
    add_evidence,
    evidence_input,
    review_evidence,
    submit_evidence,
)


def test_draft_counts_with_current_content(session, cast, now):
    evidence = add_evidence(
        session,
        cast,
        cast.alice,
        now,
        milestones=[LEVELS, DESIGN],
        impacts=(LATENCY, Impact("team", "onboarding", "", "2", "weeks")),
    )
    (item,) = load_user_items(session, Audience.OWNER, cast.alice, texts=False)
    assert (item.id, item.title, item.state) == (evidence.id, "Feature store design", "draft")
    assert (item.visibility, item.verified) == ("portfolio", False)
    assert (item.milestones, item.confirmed) == ((LEVELS, DESIGN), frozenset())
    counted = item.counted
    assert (counted.kind, counted.occurred_on) == ("design_doc", PartialDate("2026-03-02"))
    assert (counted.expires_on, counted.impacts) == (
        None,
        (LATENCY, Impact("team", "onboarding", "", "2", "weeks")),
    )


def test_verified_version_counts_until_next_review(session, cast, now):
    alice = cast.actor(session, cast.alice)
    evidence = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN], impacts=(LATENCY,))
    submit_evidence(session, cast, evidence, now)
    review_evidence(session, cast, evidence, now)
    changed = evidence_input(kind="case_study", occurred_on=PartialDate("2026-05-01"))
    actions.edit(session, evidence, changed, milestones=[DESIGN, LEVELS], by=alice, now=now)
    (piece,) = load_user_items(session, Audience.OWNER, cast.alice)
    assert (piece.counted.kind, piece.counted.occurred_on, piece.state) == (
        "design_doc",
        PartialDate("2026-03-02"),
        "submitted",
    )
    assert (piece.verified, piece.confirmed) == (True, {DESIGN})
    assert (piece.milestones, len(piece.counted.impacts)) == ((DESIGN, LEVELS), 1)
    review_evidence(session, cast, evidence, now, decision="returned")
    (piece,) = load_user_items(session, Audience.OWNER, cast.alice)
    assert (piece.counted.kind, piece.verified) == ("case_study", False)
    assert piece.confirmed == frozenset()


def test_user_evidence_is_loaded_in_creation_order(session, cast, now):
    for day in range(3):
        add_evidence(session, cast, cast.alice, now - dt.timedelta(days=day), title=f"Piece {day}")
    add_evidence(session, cast, cast.carol, now, title="Carol's")
    assert [piece.title for piece in load_user_items(session, Audience.OWNER, cast.alice)] == [
        "Piece 2",
        "Piece 1",
        "Piece 0",
    ]
    assert load_user_items(session, Audience.OWNER, cast.mallory) == []
