"""Who may review what, and what a review confirms."""

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
def waiting(session, cast, now):
    """Alice's design document, submitted, linked to two milestones that it proves and one not."""
    evidence = add_evidence(session, cast, cast.alice, now, milestones=[LEVELS, MENTOR, DESIGN])
    submit_evidence(session, cast, evidence, now)
    return evidence


def confirmed(session):
    return set(session.scalars(sa.select(Confirmation.milestone_key)))


def test_verified_confirms_all_that_fit(session, cast, now, waiting):
    review = review_evidence(session, cast, waiting, now)
    assert (waiting.state, waiting.verified_version_id) == ("verified", waiting.current_id)
    assert confirmed(session) == {LEVELS, DESIGN}
    assert (review.reviewer_name, review.comment) == ("Bob", "Read twice.")


def test_verified_confirms_only_what_is_named(session, cast, now, waiting):
    review_evidence(session, cast, waiting, now, milestones=[DESIGN])
    assert confirmed(session) == {DESIGN}


@pytest.mark.parametrize("key", [MENTOR, "cloud-ml-certification", "no-such-milestone"])
def test_what_does_not_fit_or_is_not_linked_cannot_be_confirmed(session, cast, now, waiting, key):
    with pytest.raises(Refused, match="does_not_fit"):
        review_evidence(session, cast, waiting, now, milestones=[DESIGN, key])
    assert waiting.state == "submitted"


def test_a_returned_piece_counts_for_nothing_verified(session, cast, now, waiting):
    alice = cast.actor(session, cast.alice)
    review_evidence(session, cast, waiting, now)
    actions.edit(session, waiting, evidence_input(role="Lead"), by=alice, now=now)
    assert waiting.verified_version_id is not None
    review_evidence(session, cast, waiting, now, decision="returned")
    assert (waiting.state, waiting.verified_version_id) == ("returned", None)


def test_a_new_version_starts_without_confirmations(session, cast, now, waiting):
    alice = cast.actor(session, cast.alice)
    review_evidence(session, cast, waiting, now)
    actions.edit(session, waiting, evidence_input(role="Lead"), by=alice, now=now)
    review_evidence(session, cast, waiting, now, milestones=[LEVELS])
    rows = session.scalars(
        sa.select(Confirmation.milestone_key).where(
            Confirmation.version_id == waiting.verified_version_id
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
def test_only_a_manager_of_a_team_of_the_author_may_judge(session, cast, now, waiting, who, reason):
    actor = cast.actor(session, getattr(cast, who))
    for attempt in (
        lambda: review_actions.decide(
            session, waiting, "verified", version_id=waiting.current_id, by=actor, now=now
        ),
        lambda: review_actions.begin_review(
            session, waiting, version_id=waiting.current_id, by=actor, now=now
        ),
    ):
        with pytest.raises(Refused, match=reason):
            attempt()
    assert (waiting.state, session.scalar(sa.select(sa.func.count(Review.id)))) == ("submitted", 0)


def test_nobody_judges_their_own_even_as_a_manager(session, cast, now):
    evidence = add_evidence(session, cast, cast.bob, now)
    submit_evidence(session, cast, evidence, now)
    with pytest.raises(Refused, match="own"):
        review_evidence(session, cast, evidence, now)


def test_the_right_ends_with_the_membership_and_the_judgement_stays(session, cast, now, waiting):
    review_evidence(session, cast, waiting, now)
    session.execute(sa.delete(Membership).where(Membership.user_id == cast.bob))
    other = add_evidence(session, cast, cast.alice, now)
    submit_evidence(session, cast, other, now)
    with pytest.raises(Refused, match="not_entitled"):
        review_evidence(session, cast, other, now)
    session.refresh(waiting)
    assert (waiting.state, confirmed(session)) == ("verified", {LEVELS, DESIGN})


@pytest.mark.parametrize("state", ["draft", "private", "verified", "returned"])
def test_only_what_waits_is_judged(session, cast, now, state):
    evidence = add_evidence(
        session, cast, cast.alice, now, visibility="private" if state == "private" else "team"
    )
    if state in ("verified", "returned"):
        submit_evidence(session, cast, evidence, now)
        review_evidence(session, cast, evidence, now, decision=state)
    with pytest.raises(Refused, match=r"not_entitled|not_waiting|already_verified"):
        review_evidence(session, cast, evidence, now)


def test_a_version_that_was_edited_meanwhile_is_not_judged(session, cast, now, waiting):
    read = waiting.current_id
    alice, bob = cast.actor(session, cast.alice), cast.actor(session, cast.bob)
    actions.edit(session, waiting, evidence_input(role="Lead"), by=alice, now=now)
    with pytest.raises(Stale):
        review_actions.decide(session, waiting, "verified", version_id=read, by=bob, now=now)


def test_what_is_in_review_cannot_be_withdrawn(session, cast, now, waiting):
    alice, bob = cast.actor(session, cast.alice), cast.actor(session, cast.bob)
    begun = {"version_id": waiting.current_id, "by": bob, "now": now}
    assert review_actions.begin_review(session, waiting, **begun)
    assert not review_actions.begin_review(session, waiting, **begun)
    with pytest.raises(Refused, match="in_review"):
        actions.withdraw(session, waiting, by=alice, now=now)
    review_evidence(session, cast, waiting, now)
    assert waiting.state == "verified"


def test_the_last_word_on_a_version_counts(session, cast, now, waiting):
    review_evidence(session, cast, waiting, now, decision="returned")
    submit_evidence(session, cast, waiting, now)
    review_evidence(session, cast, waiting, now + dt.timedelta(days=1), milestones=[DESIGN])
    assert confirmed(session) == {DESIGN}
    assert session.scalar(sa.select(sa.func.count(Review.id))) == 2


def test_a_verified_version_is_confirmed_for_what_was_linked_since(session, cast, now, waiting):
    alice = cast.actor(session, cast.alice)
    actions.edit(session, waiting, evidence_input(), milestones=[DESIGN], by=alice, now=now)
    first = review_evidence(session, cast, waiting, now)
    actions.link(session, waiting, LEVELS, by=alice, now=now)
    session.commit()
    assert confirmed(session) == {DESIGN}  # the later link inherits nothing
    second = review_evidence(session, cast, waiting, now + dt.timedelta(days=1))
    assert confirmed(session) == {DESIGN, LEVELS}
    assert (waiting.state, waiting.verified_version_id) == ("verified", waiting.current_id)
    rows = session.execute(sa.select(Confirmation.milestone_key, Confirmation.review_id))
    assert dict(rows.all()) == {DESIGN: first.id, LEVELS: second.id}
    entry = session.scalars(sa.select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
    assert (entry.action, entry.data) == (
        "evidence.verified",
        {"version": 1, "milestones": [LEVELS], "besides": True},
    )
    assert session.scalar(sa.select(sa.func.count(AuditEntry.id))) == 2


@pytest.mark.parametrize("asked", [None, [], [DESIGN]])
def test_another_word_that_adds_nothing_is_refused(session, cast, now, waiting, asked):
    review_evidence(session, cast, waiting, now)
    with pytest.raises(Refused, match="already_verified"):
        review_evidence(session, cast, waiting, now, milestones=asked)


def test_a_verified_version_is_not_returned_without_an_edit(session, cast, now, waiting):
    review_evidence(session, cast, waiting, now)
    with pytest.raises(Refused, match="not_waiting"):
        review_evidence(session, cast, waiting, now, decision="returned")
    assert confirmed(session) == {LEVELS, DESIGN}


def test_another_word_takes_a_reviewer_and_a_milestone_that_fits(session, cast, now, waiting):
    review_evidence(session, cast, waiting, now, milestones=[DESIGN])
    for who, key, reason in (("dave", LEVELS, "not_entitled"), ("bob", MENTOR, "does_not_fit")):
        with pytest.raises(Refused, match=reason):
            review_actions.decide(
                session,
                waiting,
                "verified",
                "",
                [key],
                version_id=waiting.current_id,
                by=cast.actor(session, getattr(cast, who)),
                now=now,
            )
    assert confirmed(session) == {DESIGN}


def test_an_older_verified_version_gets_no_further_word(session, cast, now, waiting):
    """Once a newer version waits, that one is to be judged."""
    review_evidence(session, cast, waiting, now, milestones=[DESIGN])
    verified = waiting.verified_version_id
    alice, bob = cast.actor(session, cast.alice), cast.actor(session, cast.bob)
    actions.edit(session, waiting, evidence_input(role="Lead"), by=alice, now=now)
    with pytest.raises(Stale):
        review_actions.decide(
            session, waiting, "verified", "", [LEVELS], version_id=verified, by=bob, now=now
        )


def test_an_unknown_decision_is_refused(session, cast, now, waiting):
    with pytest.raises(Refused, match="no_such_decision"):
        review_evidence(session, cast, waiting, now, decision="praised")


def test_a_judgement_stands_in_the_history_and_in_the_audit_log(session, cast, now, waiting):
    review_evidence(session, cast, waiting, now)
    entry = session.scalars(
        sa.select(HistoryEntry).where(HistoryEntry.action == "evidence.verified")
    ).one()
    assert (entry.user_id, entry.actor_id) == (cast.alice, cast.bob)
    assert entry.data == {"version": 1, "milestones": [LEVELS, DESIGN]}
    line = session.scalars(sa.select(AuditEntry)).one()
    assert (line.action, line.target) == ("evidence.verified", str(waiting.id))


@pytest.mark.parametrize("state", ["draft", "submitted", "in_review", "verified", "returned"])
@pytest.mark.parametrize("visibility", ["private", "team", "portfolio"])
def test_a_manager_reads_only_what_is_shared(session, cast, now, state, visibility):
    evidence = add_evidence(session, cast, cast.alice, now, visibility=visibility)
    evidence.state = state
    shared = state != "draft" and visibility != "private"
    for who in ("alice", "bob", "carol", "dave", "erin", "mallory"):
        actor = cast.actor(session, getattr(cast, who))
        expected = who == "alice" or (who == "bob" and shared)
        assert can(actor, "evidence.read", evidence) is expected
        assert can(actor, "evidence.write", evidence) is (who == "alice")
        assert can(actor, "evidence.review", evidence) is (who == "bob" and shared)
