"""Managers see submitted versions of evidence, and nothing else."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
import sqlalchemy as sa

from roadmap.core.dates import PartialDate
from roadmap.evidence import actions
from roadmap.evidence.audience_sql import is_visible
from roadmap.evidence.constants import STATES, VISIBILITIES
from roadmap.evidence.item import Audience, Impact
from roadmap.evidence.loader import load_item, load_user_items
from roadmap.evidence.models import Evidence
from roadmap.evidence.queries import load_detail
from roadmap.readiness.queries import person_record
from tests.evidence.builders import (
    DESIGN,
    LATENCY,
    LEVELS,
    add_evidence,
    evidence_input,
    review_evidence,
    submit_evidence,
)
from tests.support.catalog import fitting_milestone

LATER = PartialDate("2026-05-01")
CONVERSION = Impact("business", "conversion", "1", "2", "%")


@pytest.fixture
def alice(session, cast):
    return cast.actor(session, cast.alice)


@pytest.fixture
def edited_after_return(session, cast, now, alice) -> Evidence:
    """Return returned evidence whose content was edited but not resubmitted."""
    evidence = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN], impacts=(LATENCY,))
    submit_evidence(session, cast, evidence, now)
    review_evidence(session, cast, evidence, now, decision="returned")
    changed = evidence_input(
        kind="talk",
        occurred_on=LATER,
        url="https://example.org/unsubmitted",
        description="unsubmitted",
        expires_on=PartialDate("2026-06-01"),
        impacts=(CONVERSION,),
    )
    actions.edit(session, evidence, changed, by=alice, now=now)
    session.commit()
    return evidence


def test_managers_see_no_draft_private_or_withdrawn_evidence(session, cast, now, alice):
    add_evidence(session, cast, cast.alice, now, title="Draft")
    private = add_evidence(session, cast, cast.alice, now, title="Private", visibility="team")
    submit_evidence(session, cast, private, now)
    actions.edit(
        session, private, evidence_input(title="Private", visibility="private"), by=alice, now=now
    )
    withdrawn = add_evidence(session, cast, cast.alice, now, title="Withdrawn")
    submit_evidence(session, cast, withdrawn, now)
    actions.withdraw(session, withdrawn, by=alice, now=now)
    for visibility in ("team", "portfolio"):
        submit_evidence(
            session,
            cast,
            add_evidence(session, cast, cast.alice, now, title=visibility, visibility=visibility),
            now,
        )
    assert {piece.title for piece in load_user_items(session, Audience.MANAGER, cast.alice)} == {
        "team",
        "portfolio",
    }
    assert load_user_items(session, Audience.MANAGER, cast.carol) == []


def test_managers_see_returned_version_not_later_edit(session, cast, edited_after_return):
    (piece,) = load_user_items(session, Audience.MANAGER, cast.alice)
    version = piece.version
    assert (version.number, version.kind) == (1, "design_doc")
    assert (version.occurred_on, version.impacts) == (PartialDate("2026-03-02"), (LATENCY,))
    assert (piece.counted.expires_on, piece.milestones) == (None, (DESIGN,))
    assert "unsubmitted" not in repr(piece)
    seen = load_item(session, Audience.MANAGER, edited_after_return.id)
    assert (seen.version.number, seen.version.description) == (
        1,
        "How features reach *training* and serving alike.",
    )
    for audience, numbers in ((Audience.OWNER, [2, 1]), (Audience.MANAGER, [1])):
        detail = load_detail(session, audience, edited_after_return.id)
        assert [version.number for version in detail.item.versions] == numbers


def test_readiness_for_managers_uses_returned_version(session, cast, edited_after_return):
    found = person_record(session, cast.alice)
    (own,), (shared,) = found.own.pieces, found.shared.pieces
    own, shared = own.counted, shared.counted
    assert (own.kind, own.occurred_on, own.impacts[0].type) == ("talk", LATER, "business")
    assert (shared.kind, shared.occurred_on) == ("design_doc", PartialDate("2026-03-02"))
    assert (shared.expires_on, [impact.type for impact in shared.impacts]) == (None, ["scale"])
    assert found.has_hidden_facts()


def test_managers_see_new_version_after_resubmission(
    session, cast, now, alice, edited_after_return
):
    actions.link(
        session, edited_after_return, fitting_milestone(session, "talk"), by=alice, now=now
    )
    actions.submit(session, edited_after_return, by=alice, now=now)
    session.commit()
    (piece,) = load_user_items(session, Audience.MANAGER, cast.alice)
    version = piece.version
    assert (version.number, version.kind, version.occurred_on) == (2, "talk", LATER)
    assert not person_record(session, cast.alice).has_hidden_facts()


def test_managers_see_new_version_while_verified_version_counts(session, cast, now, alice):
    until = PartialDate("2027-01-01")
    evidence = add_evidence(
        session,
        cast,
        cast.alice,
        now,
        milestones=[DESIGN],
        impacts=(LATENCY,),
        expires_on=until,
    )
    submit_evidence(session, cast, evidence, now)
    review_evidence(session, cast, evidence, now)
    actions.edit(
        session,
        evidence,
        evidence_input(kind="case_study", impacts=(CONVERSION, LATENCY)),
        milestones=[DESIGN, LEVELS],
        by=alice,
        now=now,
    )
    session.commit()
    (piece,) = load_user_items(session, Audience.MANAGER, cast.alice)
    assert (piece.version.number, piece.verified_number, piece.state) == (2, 1, "submitted")
    assert (piece.version.kind, piece.counted.kind, piece.version.impacts) == (
        "case_study",
        "design_doc",
        (CONVERSION, LATENCY),
    )
    assert piece.counted.expires_on == until
    assert (piece.milestones, piece.confirmed) == ((DESIGN, LEVELS), {DESIGN})
    assert piece.proves(DESIGN, ["design_doc"])
    assert not piece.proves(DESIGN, ["talk"])
    assert not piece.proves(LEVELS, ["design_doc"])
    assert piece.tone(until.last) == "verified"
    assert piece.tone(until.last + dt.timedelta(days=1)) == "lapsed"


def test_managers_see_current_title_links_and_visibility(
    session, cast, now, alice, edited_after_return
):
    """These fields are not reviewed, so changes need no submission."""
    values = evidence_input(title="Renamed", visibility="portfolio")
    actions.edit(
        session,
        edited_after_return,
        values,
        milestones=[LEVELS],
        skills=["mlops"],
        by=alice,
        now=now,
    )
    session.commit()
    assert edited_after_return.state == "returned"
    (shown,) = load_user_items(session, Audience.MANAGER, cast.alice)
    assert (shown.title, shown.visibility) == ("Renamed", "portfolio")
    assert shown.milestones == (LEVELS,)
    assert shown.version.number == 1


def test_shared_evidence_is_the_same_in_python_sql_and_readiness(session, cast, now):
    pieces = []
    for state, visibility in itertools.product(STATES, VISIBILITIES):
        piece = add_evidence(session, cast, cast.alice, now, title=f"{state} {visibility}")
        piece.state, piece.visibility, piece.current.submitted_at = state, visibility, now
        pieces.append(piece)
    session.commit()
    expected = {
        str(piece.id)
        for piece in pieces
        if piece.title.split()[0] != "draft" and piece.title.split()[1] != "private"
    }
    assert len(expected) == 8
    assert {str(piece.id) for piece in pieces if piece.is_shared} == expected
    rows = session.scalars(sa.select(Evidence.id).where(is_visible(Audience.MANAGER)))
    assert {str(key) for key in rows} == expected
    shared = person_record(session, cast.alice).shared.pieces
    assert {str(piece.id) for piece in shared} == expected
