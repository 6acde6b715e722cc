"""Permissions to review evidence, and the confirmations of a review."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from roadmap.evidence import actions, review_actions
from roadmap.evidence.models import Confirmation, Review
from roadmap.evidence.rules import Refused, Stale
from roadmap.people.models import AuditEntry, HistoryEntry, Membership
from roadmap.people.permissions import can
from tests.evidence.builders import (
    DESIGN,
    LEVELS,
    MENTOR,
    add_evidence,
    evidence_input,
    review_evidence,
    submit_evidence,
)


@pytest.fixture
def submitted(session, cast, now):
    """Submit Alice's design document, linked to two milestones that it proves and one that not."""
    evidence = add_evidence(session, cast, cast.alice, now, milestones=[LEVELS, MENTOR, DESIGN])
    submit_evidence(session, cast, evidence, now)
    return evidence


def confirmed_milestones(session):
    return set(session.scalars(sa.select(Confirmation.milestone_key)))


def test_verification_confirms_all_provable_milestones(session, cast, now, submitted):
    review = review_evidence(session, cast, submitted, now)
    assert (submitted.state, submitted.verified_version_id) == ("verified", submitted.current_id)
    assert confirmed_milestones(session) == {LEVELS, DESIGN}
    assert (review.reviewer_name, review.comment) == ("Bob", "Read twice.")


def test_verification_confirms_only_selected_milestones(session, cast, now, submitted):
    review_evidence(session, cast, submitted, now, milestones=[DESIGN])
    assert confirmed_milestones(session) == {DESIGN}


@pytest.mark.parametrize(
    "key",
    [MENTOR, "cloud-ml-certification", "no-such-milestone"],
    ids=["unprovable", "unlinked", "unknown"],
)
def test_unprovable_or_unlinked_milestone_cannot_be_confirmed(session, cast, now, submitted, key):
    with pytest.raises(Refused, match="does_not_fit"):
        review_evidence(session, cast, submitted, now, milestones=[DESIGN, key])
    assert submitted.state == "submitted"


def test_returned_evidence_has_no_verified_version(session, cast, now, submitted):
    alice = cast.actor(session, cast.alice)
    review_evidence(session, cast, submitted, now)
    actions.edit(session, submitted, evidence_input(role="Lead"), by=alice, now=now)
    assert submitted.verified_version_id is not None
    review_evidence(session, cast, submitted, now, decision="returned")
    assert (submitted.state, submitted.verified_version_id) == ("returned", None)


def test_new_version_inherits_no_confirmations(session, cast, now, submitted):
    alice = cast.actor(session, cast.alice)
    review_evidence(session, cast, submitted, now)
    actions.edit(session, submitted, evidence_input(role="Lead"), by=alice, now=now)
    review_evidence(session, cast, submitted, now, milestones=[LEVELS])
    rows = session.scalars(
        sa.select(Confirmation.milestone_key).where(
            Confirmation.version_id == submitted.verified_version_id
        )
    )
    assert rows.all() == [LEVELS]


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ("alice", "own"),
        ("carol", "not_entitled"),
        ("dave", "not_entitled"),
        ("erin", "not_entitled"),
    ],
)
def test_only_managers_of_the_author_can_review(session, cast, now, submitted, who, reason):
    actor = cast.actor(session, getattr(cast, who))
    for attempt in (
        lambda: review_actions.decide(
            session, submitted, "verified", version_id=submitted.current_id, by=actor, now=now
        ),
        lambda: review_actions.begin_review(
            session, submitted, version_id=submitted.current_id, by=actor, now=now
        ),
    ):
        with pytest.raises(Refused, match=reason):
            attempt()
    assert (submitted.state, session.scalar(sa.select(sa.func.count(Review.id)))) == (
        "submitted",
        0,
    )


def test_manager_cannot_review_own_evidence(session, cast, now):
    evidence = add_evidence(session, cast, cast.bob, now)
    submit_evidence(session, cast, evidence, now)
    with pytest.raises(Refused, match="own"):
        review_evidence(session, cast, evidence, now)


def test_former_manager_cannot_review_and_old_review_remains(session, cast, now, submitted):
    review_evidence(session, cast, submitted, now)
    session.execute(sa.delete(Membership).where(Membership.user_id == cast.bob))
    other = add_evidence(session, cast, cast.alice, now)
    submit_evidence(session, cast, other, now)
    with pytest.raises(Refused, match="not_entitled"):
        review_evidence(session, cast, other, now)
    session.refresh(submitted)
    assert (submitted.state, confirmed_milestones(session)) == ("verified", {LEVELS, DESIGN})


@pytest.mark.parametrize("state", ["draft", "private", "verified", "returned"])
def test_only_submitted_evidence_can_be_reviewed(session, cast, now, state):
    evidence = add_evidence(
        session, cast, cast.alice, now, visibility="private" if state == "private" else "team"
    )
    if state in ("verified", "returned"):
        submit_evidence(session, cast, evidence, now)
        review_evidence(session, cast, evidence, now, decision=state)
    with pytest.raises(Refused, match=r"not_entitled|not_waiting|already_verified"):
        review_evidence(session, cast, evidence, now)


def test_outdated_version_cannot_be_reviewed(session, cast, now, submitted):
    first_version = submitted.current_id
    alice, bob = cast.actor(session, cast.alice), cast.actor(session, cast.bob)
    actions.edit(session, submitted, evidence_input(role="Lead"), by=alice, now=now)
    with pytest.raises(Stale):
        review_actions.decide(
            session, submitted, "verified", version_id=first_version, by=bob, now=now
        )


def test_evidence_in_review_cannot_be_withdrawn(session, cast, now, submitted):
    alice, bob = cast.actor(session, cast.alice), cast.actor(session, cast.bob)
    begin = {"version_id": submitted.current_id, "by": bob, "now": now}
    assert review_actions.begin_review(session, submitted, **begin)
    assert not review_actions.begin_review(session, submitted, **begin)
    with pytest.raises(Refused, match="in_review"):
        actions.withdraw(session, submitted, by=alice, now=now)
    review_evidence(session, cast, submitted, now)
    assert submitted.state == "verified"


def test_latest_review_of_version_counts(session, cast, now, submitted):
    review_evidence(session, cast, submitted, now, decision="returned")
    submit_evidence(session, cast, submitted, now)
    review_evidence(session, cast, submitted, now + dt.timedelta(days=1), milestones=[DESIGN])
    assert confirmed_milestones(session) == {DESIGN}
    assert session.scalar(sa.select(sa.func.count(Review.id))) == 2


def test_second_review_confirms_milestone_linked_later(session, cast, now, submitted):
    alice = cast.actor(session, cast.alice)
    actions.edit(session, submitted, evidence_input(), milestones=[DESIGN], by=alice, now=now)
    first = review_evidence(session, cast, submitted, now)
    actions.link(session, submitted, LEVELS, by=alice, now=now)
    session.commit()
    assert confirmed_milestones(session) == {DESIGN}
    second = review_evidence(session, cast, submitted, now + dt.timedelta(days=1))
    assert confirmed_milestones(session) == {DESIGN, LEVELS}
    assert (submitted.state, submitted.verified_version_id) == ("verified", submitted.current_id)
    rows = session.execute(sa.select(Confirmation.milestone_key, Confirmation.review_id))
    assert dict(rows.all()) == {DESIGN: first.id, LEVELS: second.id}
    entry = session.scalars(sa.select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
    assert (entry.action, entry.data) == (
        "evidence.verified",
        {"version": 1, "milestones": [LEVELS], "besides": True},
    )
    assert session.scalar(sa.select(sa.func.count(AuditEntry.id))) == 2


@pytest.mark.parametrize("milestones", [None, [], [DESIGN]], ids=["default", "none", "confirmed"])
def test_second_review_without_new_confirmation_is_refused(
    session, cast, now, submitted, milestones
):
    review_evidence(session, cast, submitted, now)
    with pytest.raises(Refused, match="already_verified"):
        review_evidence(session, cast, submitted, now, milestones=milestones)


def test_verified_version_cannot_be_returned(session, cast, now, submitted):
    review_evidence(session, cast, submitted, now)
    with pytest.raises(Refused, match="not_waiting"):
        review_evidence(session, cast, submitted, now, decision="returned")
    assert confirmed_milestones(session) == {LEVELS, DESIGN}


def test_second_review_requires_reviewer_and_provable_milestone(session, cast, now, submitted):
    review_evidence(session, cast, submitted, now, milestones=[DESIGN])
    for who, key, reason in (("dave", LEVELS, "not_entitled"), ("bob", MENTOR, "does_not_fit")):
        with pytest.raises(Refused, match=reason):
            review_actions.decide(
                session,
                submitted,
                "verified",
                "",
                [key],
                version_id=submitted.current_id,
                by=cast.actor(session, getattr(cast, who)),
                now=now,
            )
    assert confirmed_milestones(session) == {DESIGN}


def test_superseded_verified_version_cannot_be_reviewed(session, cast, now, submitted):
    review_evidence(session, cast, submitted, now, milestones=[DESIGN])
    verified = submitted.verified_version_id
    alice, bob = cast.actor(session, cast.alice), cast.actor(session, cast.bob)
    actions.edit(session, submitted, evidence_input(role="Lead"), by=alice, now=now)
    with pytest.raises(Stale):
        review_actions.decide(
            session, submitted, "verified", "", [LEVELS], version_id=verified, by=bob, now=now
        )


def test_unknown_decision_is_refused(session, cast, now, submitted):
    with pytest.raises(Refused, match="no_such_decision"):
        review_evidence(session, cast, submitted, now, decision="praised")


def test_review_is_recorded_in_history_and_audit_log(session, cast, now, submitted):
    review_evidence(session, cast, submitted, now)
    entry = session.scalars(
        sa.select(HistoryEntry).where(HistoryEntry.action == "evidence.verified")
    ).one()
    assert (entry.user_id, entry.actor_id) == (cast.alice, cast.bob)
    assert entry.data == {"version": 1, "milestones": [LEVELS, DESIGN]}
    line = session.scalars(sa.select(AuditEntry)).one()
    assert (line.action, line.target) == ("evidence.verified", str(submitted.id))


@pytest.mark.parametrize("state", ["draft", "submitted", "in_review", "verified", "returned"])
@pytest.mark.parametrize("visibility", ["private", "team", "portfolio"])
def test_only_author_and_managers_of_shared_evidence_have_access(
    session, cast, now, state, visibility
):
    evidence = add_evidence(session, cast, cast.alice, now, visibility=visibility)
    evidence.state = state
    shared = state != "draft" and visibility != "private"
    for who in ("alice", "bob", "carol", "dave", "erin", "mallory"):
        actor = cast.actor(session, getattr(cast, who))
        expected = who == "alice" or (who == "bob" and shared)
        assert can(actor, "evidence.read", evidence) is expected
        assert can(actor, "evidence.write", evidence) is (who == "alice")
        assert can(actor, "evidence.review", evidence) is (who == "bob" and shared)
