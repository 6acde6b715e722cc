"""Evidence actions: versions, links, review requests, deletion, history."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
import sqlalchemy as sa

from roadmap.core.dates import PartialDate
from roadmap.evidence import actions, review_actions
from roadmap.evidence.actions import evidence_input as stored_input
from roadmap.evidence.item import Audience
from roadmap.evidence.loader import load_item, load_items
from roadmap.evidence.models import (
    Confirmation,
    Evidence,
    EvidenceMilestone,
    EvidenceVersion,
    Impact,
    Review,
)
from roadmap.evidence.rules import InvalidInput, Refused, Stale
from roadmap.people.models import HistoryEntry
from tests.evidence.builders import (
    DESIGN,
    LATENCY,
    LEVELS,
    MENTOR,
    add_evidence,
    evidence_input,
    review_evidence,
    submit_evidence,
)


def history(session, person):
    rows = session.scalars(
        sa.select(HistoryEntry).where(HistoryEntry.user_id == person).order_by(HistoryEntry.id)
    )
    return [row.action for row in rows]


@pytest.fixture
def alice(session, cast):
    return cast.actor(session, cast.alice)


def test_what_is_saved_comes_back(session, cast, now):
    piece = evidence_input(
        impacts=(LATENCY,), issuer="Example", expires_on=PartialDate("2030-01-01")
    )
    evidence = add_evidence(
        session,
        cast,
        cast.alice,
        now,
        milestones=[LEVELS, DESIGN],
        skills=["mlops", "mentoring"],
        impacts=(LATENCY,),
        issuer="Example",
        expires_on=PartialDate("2030-01-01"),
    )
    session.expire_all()
    again = session.get_one(Evidence, evidence.id)
    assert stored_input(again) == piece
    assert [row.milestone_key for row in again.links] == [LEVELS, DESIGN]
    assert [row.skill_key for row in again.skills] == ["mentoring", "mlops"]
    assert (again.state, again.revision, again.current.number) == ("draft", 1, 1)
    assert history(session, cast.alice) == ["evidence.created"]


def test_texts_are_cleaned_before_they_are_judged(session, cast, now):
    evidence = add_evidence(
        session, cast, cast.alice, now, title="  A\0 title\ud800 ", description="a\0b"
    )
    assert evidence.title == "A title"
    assert evidence.current.description == "ab"


def test_an_incomplete_piece_is_not_saved(session, cast, now, alice):
    with pytest.raises(InvalidInput) as refused:
        actions.create(
            session,
            cast.alice,
            evidence_input(title="\0 ", url="", description=""),
            by=alice,
            now=now,
        )
    assert [fault.field for fault in refused.value.faults] == ["url", "title"]
    session.rollback()
    assert session.scalar(sa.select(sa.func.count(Evidence.id))) == 0


def test_today_is_the_persons_own(session, cast):
    """Late on New Year's Eve in London it is already next year in Auckland."""
    moment = dt.datetime(2026, 12, 31, 22, 0, tzinfo=dt.UTC)
    there, here = (cast.actor(session, cast.alice) for _ in range(2))
    there.timezone = "Pacific/Auckland"
    tomorrow = evidence_input(occurred_on=PartialDate("2027-01-01"))
    actions.create(session, cast.alice, tomorrow, by=there, now=moment)
    with pytest.raises(InvalidInput, match="date_in_future"):
        actions.create(session, cast.alice, tomorrow, by=here, now=moment)


@pytest.mark.parametrize("keys", [["no-such-milestone"], [DESIGN, "no-such-milestone"]])
def test_an_unknown_milestone_is_refused(session, cast, now, alice, keys):
    with pytest.raises(InvalidInput, match="unknown_milestone"):
        actions.create(session, cast.alice, evidence_input(), milestones=keys, by=alice, now=now)


def test_an_unknown_skill_is_refused(session, cast, now, alice):
    with pytest.raises(InvalidInput, match="unknown_skill"):
        actions.create(
            session, cast.alice, evidence_input(), skills=["juggling"], by=alice, now=now
        )


def test_at_most_five_milestones(session, cast, now, alice):
    keys = [
        "optimizers-from-scratch",
        "derive-backpropagation",
        "calibrate-a-classifier",
        DESIGN,
        LEVELS,
        MENTOR,
    ]
    evidence = add_evidence(session, cast, cast.alice, now, milestones=keys[:5])
    with pytest.raises(InvalidInput, match="too_many_milestones"):
        actions.link(session, evidence, MENTOR, by=alice, now=now)


def test_a_draft_is_edited_in_place(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now, impacts=(LATENCY,))
    version = evidence.current_id
    assert actions.edit(session, evidence, evidence_input(role="Reviewer"), by=alice, now=now)
    assert (evidence.current_id, evidence.state, evidence.revision) == (version, "draft", 2)
    assert evidence.current.impacts == []
    assert session.scalar(sa.select(sa.func.count(Impact.id))) == 0


def test_saving_without_a_change_changes_nothing(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    assert not actions.edit(
        session, evidence, evidence_input(), milestones=[DESIGN], skills=[], by=alice, now=now
    )
    assert evidence.revision == 1
    assert history(session, cast.alice) == ["evidence.created"]


@pytest.mark.parametrize("state", ["submitted", "in_review", "verified"])
def test_an_edit_of_substance_makes_a_new_version_that_waits(session, cast, now, alice, state):
    evidence = add_evidence(session, cast, cast.alice, now, impacts=(LATENCY,))
    submit_evidence(session, cast, evidence, now)
    first = evidence.current_id
    if state == "in_review":
        bob = cast.actor(session, cast.bob)
        review_actions.begin_review(session, evidence, version_id=first, by=bob, now=now)
    if state == "verified":
        review_evidence(session, cast, evidence, now)
    later = now + dt.timedelta(hours=1)
    actions.edit(session, evidence, evidence_input(role="Reviewer"), by=alice, now=later)
    assert (evidence.state, evidence.current.number) == ("submitted", 2)
    assert evidence.current.submitted_at
    assert evidence.submitted_at == (later if state == "verified" else now), "it keeps its place"
    assert evidence.current.submitted_at == later
    assert evidence.verified_version_id == (first if state == "verified" else None)
    frozen = session.get_one(EvidenceVersion, first)
    assert (frozen.role, [row.metric for row in frozen.impacts]) == ("Author", ["p99 latency"])


def test_title_visibility_and_links_are_no_substance(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now)
    submit_evidence(session, cast, evidence, now)
    review_evidence(session, cast, evidence, now)
    piece = evidence_input(title="Another title", visibility="team")
    actions.edit(session, evidence, piece, milestones=[DESIGN], skills=["mlops"], by=alice, now=now)
    assert (evidence.state, evidence.current.number) == ("verified", 1)


def test_an_expiry_cannot_be_edited_into_a_verified_certificate(session, cast, now, alice):
    certificate = {
        "kind": "certification",
        "issuer": "Example",
        "expires_on": PartialDate("2026-06-01"),
    }
    evidence = add_evidence(session, cast, cast.alice, now, **certificate)
    submit_evidence(session, cast, evidence, now)
    review_evidence(session, cast, evidence, now)
    certificate["expires_on"] = PartialDate("2036-06-01")
    actions.edit(session, evidence, evidence_input(**certificate), by=alice, now=now)
    assert evidence.state == "submitted"
    verified = session.get_one(EvidenceVersion, evidence.verified_version_id)
    assert verified.expires_on == PartialDate("2026-06-01")


def test_a_returned_piece_stays_so_until_it_is_resubmitted(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now)
    submit_evidence(session, cast, evidence, now)
    review_evidence(session, cast, evidence, now, decision="returned")
    for role in ("Reviewer", "Lead"):
        actions.edit(session, evidence, evidence_input(role=role), by=alice, now=now)
        assert (evidence.state, evidence.current.number) == ("returned", 2)
    assert not evidence.current.submitted_at
    actions.submit(session, evidence, by=alice, now=now)
    assert (evidence.state, evidence.current.submitted_at) == ("submitted", now)


def test_a_withdrawn_version_stays_frozen(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now)
    submit_evidence(session, cast, evidence, now)
    actions.withdraw(session, evidence, by=alice, now=now)
    assert (evidence.state, evidence.submitted_at) == ("draft", None)
    actions.edit(session, evidence, evidence_input(role="Reviewer"), by=alice, now=now)
    assert (evidence.state, evidence.current.number) == ("draft", 2)


def test_asking_and_taking_back_twice_is_the_same_as_once(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now)
    assert actions.submit(session, evidence, by=alice, now=now)
    assert not actions.submit(session, evidence, by=alice, now=now)
    assert actions.withdraw(session, evidence, by=alice, now=now)
    assert not actions.withdraw(session, evidence, by=alice, now=now)
    assert history(session, cast.alice)[1:] == ["evidence.submitted", "evidence.withdrawn"]


def test_what_is_private_is_never_reviewed(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now, visibility="private")
    with pytest.raises(Refused, match="private"):
        actions.submit(session, evidence, by=alice, now=now)


def test_making_a_waiting_piece_private_withdraws_it(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now)
    submit_evidence(session, cast, evidence, now)
    actions.edit(session, evidence, evidence_input(visibility="private"), by=alice, now=now)
    assert (evidence.state, evidence.submitted_at) == ("draft", None)
    assert not evidence.is_shared


def test_a_verified_piece_stays_verified_when_it_becomes_private(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now)
    submit_evidence(session, cast, evidence, now)
    review_evidence(session, cast, evidence, now)
    actions.edit(session, evidence, evidence_input(visibility="private"), by=alice, now=now)
    assert (evidence.state, evidence.is_shared) == ("verified", False)
    actions.edit(
        session, evidence, evidence_input(visibility="private", role="Lead"), by=alice, now=now
    )
    assert (evidence.state, evidence.verified_version_id is not None) == ("draft", True)


def test_a_stale_edit_is_refused(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now)
    actions.edit(session, evidence, evidence_input(role="Lead"), revision=1, by=alice, now=now)
    with pytest.raises(Stale):
        actions.edit(session, evidence, evidence_input(role="Other"), revision=1, by=alice, now=now)
    assert evidence.current.role == "Lead"


def test_links_keep_their_order_and_can_be_taken_away(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now)
    actions.link(session, evidence, LEVELS, by=alice, now=now)
    actions.link(session, evidence, DESIGN, by=alice, now=now)
    assert not actions.link(session, evidence, DESIGN, by=alice, now=now)
    actions.edit(session, evidence, evidence_input(), milestones=[DESIGN], by=alice, now=now)
    assert [row.milestone_key for row in evidence.links] == [DESIGN]
    linked = ["evidence.linked"] * 2
    assert history(session, cast.alice) == ["evidence.created", *linked, "evidence.edited"]


def test_a_later_link_never_inherits_a_confirmation(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN, LEVELS])
    submit_evidence(session, cast, evidence, now)
    review_evidence(session, cast, evidence, now)
    actions.edit(session, evidence, evidence_input(), milestones=[LEVELS], by=alice, now=now)
    actions.link(session, evidence, DESIGN, by=alice, now=now)
    session.commit()
    assert session.scalars(sa.select(Confirmation.milestone_key)).all() == [LEVELS]


def test_deleting_takes_everything_but_the_history(session, cast, now, alice):
    evidence = add_evidence(
        session, cast, cast.alice, now, milestones=[DESIGN], skills=["mlops"], impacts=(LATENCY,)
    )
    submit_evidence(session, cast, evidence, now)
    review_evidence(session, cast, evidence, now)
    actions.edit(session, evidence, evidence_input(role="Lead"), by=alice, now=now)
    actions.delete(session, evidence, by=alice, now=now)
    session.commit()
    for model in (Evidence, EvidenceVersion, EvidenceMilestone, Impact, Review, Confirmation):
        assert session.scalar(sa.select(sa.func.count()).select_from(model)) == 0
    assert history(session, cast.alice)[-1] == "evidence.deleted"


def test_what_is_gone_is_said_to_be_gone(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now)
    session.execute(sa.delete(Evidence).execution_options(synchronize_session=False))
    with pytest.raises(Refused, match="gone"):
        actions.submit(session, evidence, by=alice, now=now)


def test_a_password_in_a_link_is_in_no_piece_whoever_writes_it(session, cast, now):
    """Forms, API, agents and importers all write by this action."""
    secret = "https://me:hunter2@example.org/a?token=abc"
    said = {"url": secret, "description": f"See {secret}", "title": f"At {secret}", "role": secret}
    impact = replace(LATENCY, source_url=secret)
    piece = add_evidence(session, cast, cast.alice, now, impacts=(impact,), **said)
    stored = stored_input(piece)
    assert "hunter2" not in repr(stored)
    assert stored.url == stored.impacts[0].source_url == "https://example.org/a?token=abc"


def test_an_old_password_is_not_published_and_the_next_edit_removes_it(session, cast, now):
    secret = "https://me:hunter2@example.org/a?token=abc"
    piece = add_evidence(session, cast, cast.alice, now, visibility="portfolio")
    piece.title = secret
    piece.current.url = secret
    piece.current.description = f"See {secret}"
    session.commit()
    for load in (load_items, lambda *asked: [load_item(session, asked[1], piece.id)]):
        (seen,) = load(session, Audience.PUBLIC, [piece.id])
        assert seen.title == seen.counted.url == "https://example.org/a"
        assert seen.counted.description == "See https://example.org/a"
    actions.edit(session, piece, stored_input(piece), by=cast.actor(session, cast.alice), now=now)
    assert "hunter2" not in repr(stored_input(piece))
    assert piece.current.url == "https://example.org/a?token=abc"
