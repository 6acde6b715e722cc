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


def recorded_actions(session, person):
    rows = session.scalars(
        sa.select(HistoryEntry).where(HistoryEntry.user_id == person).order_by(HistoryEntry.id)
    )
    return [row.action for row in rows]


@pytest.fixture
def alice(session, cast):
    return cast.actor(session, cast.alice)


def test_created_evidence_is_loaded_unchanged(session, cast, now):
    values = evidence_input(
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
    loaded = session.get_one(Evidence, evidence.id)
    assert stored_input(loaded) == values
    assert [row.milestone_key for row in loaded.links] == [LEVELS, DESIGN]
    assert [row.skill_key for row in loaded.skills] == ["mentoring", "mlops"]
    assert (loaded.state, loaded.revision, loaded.current.number) == ("draft", 1, 1)
    assert recorded_actions(session, cast.alice) == ["evidence.created"]


def test_control_characters_are_removed_from_texts(session, cast, now):
    evidence = add_evidence(
        session, cast, cast.alice, now, title="  A\0 title\ud800 ", description="a\0b"
    )
    assert evidence.title == "A title"
    assert evidence.current.description == "ab"


def test_incomplete_evidence_is_not_saved(session, cast, now, alice):
    with pytest.raises(InvalidInput) as refused:
        actions.create(
            session,
            cast.alice,
            evidence_input(title="\0 ", url="", description=""),
            by=alice,
            now=now,
        )
    assert [fault.field for fault in refused.value.errors] == ["url", "title"]
    session.rollback()
    assert session.scalar(sa.select(sa.func.count(Evidence.id))) == 0


def test_date_limit_uses_author_timezone(session, cast):
    """Late on New Year's Eve in London it is already next year in Auckland."""
    moment = dt.datetime(2026, 12, 31, 22, 0, tzinfo=dt.UTC)
    in_auckland, in_london = (cast.actor(session, cast.alice) for _ in range(2))
    in_auckland.timezone = "Pacific/Auckland"
    tomorrow = evidence_input(occurred_on=PartialDate("2027-01-01"))
    actions.create(session, cast.alice, tomorrow, by=in_auckland, now=moment)
    with pytest.raises(InvalidInput, match="date_in_future"):
        actions.create(session, cast.alice, tomorrow, by=in_london, now=moment)


@pytest.mark.parametrize(
    ("links", "error"),
    [
        ({"milestones": ["no-such-milestone"]}, "unknown_milestone"),
        ({"milestones": [DESIGN, "no-such-milestone"]}, "unknown_milestone"),
        ({"skills": ["juggling"]}, "unknown_skill"),
    ],
    ids=["milestone", "one of two milestones", "skill"],
)
def test_create_rejects_unknown_milestone_or_skill(session, cast, now, alice, links, error):
    with pytest.raises(InvalidInput, match=error):
        actions.create(session, cast.alice, evidence_input(), **links, by=alice, now=now)


def test_link_rejects_sixth_milestone(session, cast, now, alice):
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


def test_edit_of_draft_keeps_its_version(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now, impacts=(LATENCY,))
    version = evidence.current_id
    assert actions.edit(session, evidence, evidence_input(role="Reviewer"), by=alice, now=now)
    assert (evidence.current_id, evidence.state, evidence.revision) == (version, "draft", 2)
    assert evidence.current.impacts == []
    assert session.scalar(sa.select(sa.func.count(Impact.id))) == 0


def test_edit_without_changes_records_nothing(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    assert not actions.edit(
        session, evidence, evidence_input(), milestones=[DESIGN], skills=[], by=alice, now=now
    )
    assert evidence.revision == 1
    assert recorded_actions(session, cast.alice) == ["evidence.created"]


@pytest.mark.parametrize("state", ["submitted", "in_review", "verified"])
def test_content_edit_of_submitted_evidence_submits_new_version(session, cast, now, alice, state):
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
    # Evidence that was already waiting keeps its place in the queue.
    assert evidence.submitted_at == (later if state == "verified" else now)
    assert evidence.current.submitted_at == later
    assert evidence.verified_version_id == (first if state == "verified" else None)
    frozen = session.get_one(EvidenceVersion, first)
    assert (frozen.role, [row.metric for row in frozen.impacts]) == ("Author", ["p99 latency"])


def test_edit_of_title_visibility_or_links_keeps_verified_version(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now)
    submit_evidence(session, cast, evidence, now)
    review_evidence(session, cast, evidence, now)
    values = evidence_input(title="Another title", visibility="team")
    actions.edit(
        session, evidence, values, milestones=[DESIGN], skills=["mlops"], by=alice, now=now
    )
    assert (evidence.state, evidence.current.number) == ("verified", 1)


def test_expiry_edit_of_verified_certificate_requires_new_review(session, cast, now, alice):
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


def test_edited_evidence_stays_returned_until_resubmitted(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now)
    submit_evidence(session, cast, evidence, now)
    review_evidence(session, cast, evidence, now, decision="returned")
    for role in ("Reviewer", "Lead"):
        actions.edit(session, evidence, evidence_input(role=role), by=alice, now=now)
        assert (evidence.state, evidence.current.number) == ("returned", 2)
    assert not evidence.current.submitted_at
    actions.submit(session, evidence, by=alice, now=now)
    assert (evidence.state, evidence.current.submitted_at) == ("submitted", now)


def test_edit_after_withdrawal_creates_new_version(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now)
    submit_evidence(session, cast, evidence, now)
    actions.withdraw(session, evidence, by=alice, now=now)
    assert (evidence.state, evidence.submitted_at) == ("draft", None)
    actions.edit(session, evidence, evidence_input(role="Reviewer"), by=alice, now=now)
    assert (evidence.state, evidence.current.number) == ("draft", 2)


def test_submit_and_withdraw_are_idempotent(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now)
    assert actions.submit(session, evidence, by=alice, now=now)
    assert not actions.submit(session, evidence, by=alice, now=now)
    assert actions.withdraw(session, evidence, by=alice, now=now)
    assert not actions.withdraw(session, evidence, by=alice, now=now)
    assert recorded_actions(session, cast.alice)[1:] == ["evidence.submitted", "evidence.withdrawn"]


def test_private_evidence_cannot_be_submitted(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now, visibility="private")
    with pytest.raises(Refused, match="private"):
        actions.submit(session, evidence, by=alice, now=now)


def test_making_submitted_evidence_private_withdraws_it(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now)
    submit_evidence(session, cast, evidence, now)
    actions.edit(session, evidence, evidence_input(visibility="private"), by=alice, now=now)
    assert (evidence.state, evidence.submitted_at) == ("draft", None)
    assert not evidence.is_shared


def test_verified_evidence_stays_verified_when_made_private(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now)
    submit_evidence(session, cast, evidence, now)
    review_evidence(session, cast, evidence, now)
    actions.edit(session, evidence, evidence_input(visibility="private"), by=alice, now=now)
    assert (evidence.state, evidence.is_shared) == ("verified", False)
    actions.edit(
        session, evidence, evidence_input(visibility="private", role="Lead"), by=alice, now=now
    )
    assert (evidence.state, evidence.verified_version_id is not None) == ("draft", True)


def test_edit_rejects_stale_revision(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now)
    actions.edit(session, evidence, evidence_input(role="Lead"), revision=1, by=alice, now=now)
    with pytest.raises(Stale):
        actions.edit(session, evidence, evidence_input(role="Other"), revision=1, by=alice, now=now)
    assert evidence.current.role == "Lead"


def test_milestone_links_keep_order_and_can_be_removed(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now)
    actions.link(session, evidence, LEVELS, by=alice, now=now)
    actions.link(session, evidence, DESIGN, by=alice, now=now)
    assert not actions.link(session, evidence, DESIGN, by=alice, now=now)
    actions.edit(session, evidence, evidence_input(), milestones=[DESIGN], by=alice, now=now)
    assert [row.milestone_key for row in evidence.links] == [DESIGN]
    linked = ["evidence.linked"] * 2
    assert recorded_actions(session, cast.alice) == ["evidence.created", *linked, "evidence.edited"]


def test_relinked_milestone_is_not_confirmed(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN, LEVELS])
    submit_evidence(session, cast, evidence, now)
    review_evidence(session, cast, evidence, now)
    actions.edit(session, evidence, evidence_input(), milestones=[LEVELS], by=alice, now=now)
    actions.link(session, evidence, DESIGN, by=alice, now=now)
    session.commit()
    assert session.scalars(sa.select(Confirmation.milestone_key)).all() == [LEVELS]


def test_delete_removes_all_rows_except_history(session, cast, now, alice):
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
    assert recorded_actions(session, cast.alice)[-1] == "evidence.deleted"


def test_submit_of_deleted_evidence_is_refused(session, cast, now, alice):
    evidence = add_evidence(session, cast, cast.alice, now)
    session.execute(sa.delete(Evidence).execution_options(synchronize_session=False))
    with pytest.raises(Refused, match="gone"):
        actions.submit(session, evidence, by=alice, now=now)


def test_link_credentials_are_removed_on_create(session, cast, now):
    secret = "https://me:hunter2@example.org/a?token=abc"
    texts = {"url": secret, "description": f"See {secret}", "title": f"At {secret}", "role": secret}
    impact = replace(LATENCY, source_url=secret)
    stored = stored_input(add_evidence(session, cast, cast.alice, now, impacts=(impact,), **texts))
    assert "hunter2" not in repr(stored)
    assert stored.url == stored.impacts[0].source_url == "https://example.org/a?token=abc"


def test_stored_link_credentials_are_hidden_and_removed_on_edit(session, cast, now):
    secret = "https://me:hunter2@example.org/a?token=abc"
    evidence = add_evidence(session, cast, cast.alice, now, visibility="portfolio")
    evidence.title = secret
    evidence.current.url = secret
    evidence.current.description = f"See {secret}"
    session.commit()
    for item in (
        load_item(session, Audience.PUBLIC, evidence.id),
        *load_items(session, Audience.PUBLIC, [evidence.id]),
    ):
        assert item.title == item.counted.url == "https://example.org/a"
        assert item.counted.description == "See https://example.org/a"
    actions.edit(
        session, evidence, stored_input(evidence), by=cast.actor(session, cast.alice), now=now
    )
    assert "hunter2" not in repr(stored_input(evidence))
    assert evidence.current.url == "https://example.org/a?token=abc"
