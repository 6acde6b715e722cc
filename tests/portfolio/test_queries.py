"""Contents of a portfolio document."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from sqlalchemy.orm import Session

from roadmap.career.models import Degree, Position
from roadmap.core.dates import PartialDate
from roadmap.evidence.models import Evidence, ImportedReview
from roadmap.portfolio import labels
from roadmap.portfolio.queries import EXCERPT_LENGTH, MAX_DOCUMENT_LENGTH, load_document
from roadmap.progress.models import MilestoneStatus
from roadmap.skills import actions as skills
from tests.portfolio import evidence_rows
from tests.support.cast import Cast
from tests.support.statements import record_session_statements

TODAY = dt.date(2026, 11, 23)
DESIGN = "design-doc-for-complex-system"
KEYS = ("trace-inference-request", "point-in-time-sql")
TITLES = (
    "Trace one inference request from the socket to the accelerator and back",
    "Build a point-in-time correct training set in SQL",
)


def test_document_of_person_without_data_is_empty(session: Session, cast: Cast) -> None:
    document = load_document(session, cast.alice, TODAY)

    assert document.name == "Alice"
    assert (document.items, document.email, document.skills) == ((), None, ())


def test_document_of_unknown_person_raises_lookup_error(session: Session) -> None:
    with pytest.raises(LookupError):
        load_document(session, uuid.uuid4(), TODAY)


def test_items_have_chosen_order_and_all_fields(session: Session, cast: Cast) -> None:
    evidence_rows.add(session, cast.alice, "Second", at=7)
    evidence_rows.add(
        session,
        cast.alice,
        "First",
        at=3,
        url="https://example.org/design",
        description="*How*",
        role="Lead",
        milestones=KEYS,
        skills=("mlops",),
        impacts=(
            {"type": "scale", "metric": "p99", "baseline": "420", "result": "180", "unit": "ms"},
            {"type": "team", "metric": "mentored", "result": "3", "unit": "people"},
        ),
    )
    evidence_rows.add(session, cast.alice, "Not chosen")
    evidence_rows.add(session, cast.carol, "Carol's", at=0)

    first, second = load_document(session, cast.alice, TODAY).items

    assert (first.title, second.title) == ("First", "Second")
    assert (first.url, first.role, first.tone) == (
        "https://example.org/design",
        "Lead",
        "unverified",
    )
    assert first.kind_label == "Design document"
    assert [impact.metric for impact in first.impacts] == ["p99", "mentored"]
    assert first.skills == ("MLOps",)


@pytest.mark.parametrize("visibility", ["private", "team"])
def test_item_is_hidden_after_visibility_change(
    session: Session, cast: Cast, visibility: str
) -> None:
    piece = evidence_rows.add(session, cast.alice, at=0)
    assert len(load_document(session, cast.alice, TODAY).items) == 1

    piece.visibility = visibility
    session.flush()

    assert load_document(session, cast.alice, TODAY).items == ()


def test_verified_version_is_shown_while_newer_one_awaits_review(
    session: Session, cast: Cast
) -> None:
    piece = evidence_rows.add(
        session, cast.alice, at=0, description="As verified", milestones=KEYS,
        kind="case_study",
        impacts=({"type": "scale", "metric": "old", "result": "1", "unit": "ms"},),
    )  # fmt: skip
    evidence_rows.verify(session, piece, cast.bob, milestones=KEYS[1:], comment="Between us")
    newer = evidence_rows.version(
        session, piece, number=2, description="Unseen claim", kind="case_study",
        impacts=({"type": "scale", "metric": "new"},),
    )  # fmt: skip
    piece.current_id = newer.id
    piece.state = "submitted"
    piece.submitted_at = evidence_rows.MOMENT + dt.timedelta(days=2)
    session.flush()

    (item,) = load_document(session, cast.alice, TODAY).items

    assert item.description == "As verified"
    assert [impact.metric for impact in item.impacts] == ["old"]
    assert (item.tone, item.verified_by, item.verified_on) == (
        "verified",
        "Bob",
        dt.date(2026, 6, 1),
    )
    assert item.verified_for == TITLES[1:], "only the milestones that Bob confirmed"
    assert "Between us" not in str(item)
    assert item.newer_since == dt.date(2026, 6, 3)

    for state in ("draft", "verified"):
        piece.state = state
        session.flush()
        assert load_document(session, cast.alice, TODAY).items[0].newer_since is None


def test_incomplete_impact_is_left_out(session: Session, cast: Cast) -> None:
    complete = {"type": "scale", "metric": "Latency", "result": "4", "unit": "ms"}
    evidence_rows.add(
        session, cast.alice, at=0,
        impacts=(complete, complete | {"result": ""}, complete | {"unit": ""}),
    )  # fmt: skip
    (item,) = load_document(session, cast.alice, TODAY).items
    assert [(each.result, each.unit) for each in item.impacts] == [("4", "ms")]


@pytest.mark.parametrize(
    ("status", "kind", "linked_to"),
    [
        (None, "blog_post", ()),
        ("in_progress", "blog_post", ()),
        ("not_applicable", "blog_post", ()),
        ("done", "design_doc", ()),
        ("done", "blog_post", TITLES[:1]),
    ],
)
def test_linked_milestone_is_named_if_done_and_proven_by_kind(
    session: Session,
    cast: Cast,
    now: dt.datetime,
    status: str | None,
    kind: str,
    linked_to: tuple[str, ...],
) -> None:
    for key in KEYS[: 2 if status else 0]:
        set_status(session, cast.alice, key, str(status), now)
    set_status(session, cast.carol, KEYS[0], "done", now)
    evidence_rows.add(session, cast.alice, at=0, kind=kind, milestones=KEYS)

    (item,) = load_document(session, cast.alice, TODAY).items

    assert (item.verified_for, item.linked_to) == ((), linked_to)


def test_confirmed_milestone_is_not_listed_as_linked(
    session: Session, cast: Cast, now: dt.datetime
) -> None:
    for key in KEYS:
        set_status(session, cast.alice, key, "done", now)
    piece = evidence_rows.add(session, cast.alice, at=0, kind="case_study", milestones=KEYS)
    evidence_rows.verify(session, piece, cast.bob, milestones=KEYS[1:])

    (item,) = load_document(session, cast.alice, TODAY).items

    assert (item.verified_for, item.linked_to) == (TITLES[1:], TITLES[:1])


def set_status(session: Session, user_id: uuid.UUID, key: str, status: str, now: dt.datetime):
    session.add(MilestoneStatus(user_id=user_id, milestone_key=key, status=status, changed_at=now))


def test_renamed_evidence_keeps_verified_title(session: Session, cast: Cast) -> None:
    piece = evidence_rows.add(session, cast.alice, "As verified", at=0, milestones=(DESIGN,))
    evidence_rows.verify(session, piece, cast.bob, milestones=(DESIGN,))
    assert load_document(session, cast.alice, TODAY).items[0].verified_title is None

    piece.title = "Grander"
    session.flush()

    (item,) = load_document(session, cast.alice, TODAY).items
    assert (item.title, item.verified_title) == ("Grander", "As verified")


@pytest.mark.parametrize("shows_self_assessed", [True, False])
def test_document_has_background_and_skills(
    session: Session, cast: Cast, now: dt.datetime, shows_self_assessed: bool
) -> None:
    session.add(
        Position(user_id=cast.alice, title="ML engineer", started_on=PartialDate("2020-01-01"))
    )
    session.add(Degree(user_id=cast.alice, level="master", field="Statistics"))
    evidence_rows.portfolio(
        session,
        cast.alice,
        headline="Ranking",
        introduction="Hello",
        shows_email=True,
        shows_self_assessed=shows_self_assessed,
        shows_below_bar=True,
    )
    alice, bob = cast.actor(session, cast.alice), cast.actor(session, cast.bob)
    skills.assess_self(session, cast.alice, "mlops", 4, by=alice, now=now)
    skills.assess_self(session, cast.alice, "strategy", 1, by=alice, now=now)
    skills.assess_other(session, cast.alice, "mlops", 2, by=bob, now=now)
    skills.assess_other(session, cast.alice, "mentoring", 0, by=bob, now=now)

    document = load_document(session, cast.alice, TODAY)

    assert (document.headline, document.introduction_md, document.email) == (
        "Ranking",
        "Hello",
        "alice@example.org",
    )
    assert document.positions[0].title == "ML engineer"
    assert document.degrees[0].field == "Statistics"
    by_self = [("Technical strategy", 1, "self")] if shows_self_assessed else []
    assert [(s.title, s.level, s.assessed_by) for s in document.skills] == [
        ("MLOps", 2, "manager"),
        *by_self,
    ]
    assert document.skills[0].level_text.startswith("Builds pipeline")


def test_skills_below_bar_are_opt_in_and_any_skill_can_be_left_out(
    session: Session, cast: Cast, now: dt.datetime
) -> None:
    """This includes levels that a manager assessed."""
    alice, bob = cast.actor(session, cast.alice), cast.actor(session, cast.bob)
    skills.assess_other(session, cast.alice, "mlops", 1, by=bob, now=now)
    skills.assess_other(session, cast.alice, "mentoring", 4, by=bob, now=now)
    skills.assess_self(session, cast.alice, "strategy", 1, by=alice, now=now)

    def skill_titles(**choices: object) -> list[str]:
        evidence_rows.portfolio(session, cast.alice, shows_self_assessed=True, **choices)
        return sorted(skill.title for skill in load_document(session, cast.alice, TODAY).skills)

    high = [skill.title for skill in load_document(session, cast.alice, TODAY).skills]
    assert len(high) == 1
    assert skill_titles() == high
    assert skill_titles(shows_below_bar=True) == sorted([*high, "MLOps", "Technical strategy"])
    assert skill_titles(left_out_skills="mentoring mlops") == ["Technical strategy"]
    assert skill_titles(shows_below_bar=False) == []


@pytest.mark.parametrize(
    ("user", "label"), [("alice", "Draft, not reviewed"), ("mallory", "Not verified")]
)
def test_draft_is_labelled_not_reviewed_if_owner_has_manager(
    session: Session, cast: Cast, user: str, label: str
) -> None:
    person = getattr(cast, user)
    evidence_rows.add(session, person, "A draft", state="draft", at=1)
    evidence_rows.add(session, person, "A submission", state="submitted", at=2)
    document = load_document(session, person, TODAY)
    lines = [labels.verification_line(item, "en") for item in document.items]
    assert lines == [label, "Not verified"]
    assert [(item.tone, item.verified_by) for item in document.items] == [("unverified", None)] * 2


def test_imported_review_is_named_and_verifies_nothing(session: Session, cast: Cast) -> None:
    def add_review(piece: Evidence, **values: Any) -> None:
        row = {
            "evidence_id": piece.id, "user_id": piece.user_id, "version_number": 1, "title": "",
            "reviewer_name": "Rita", "decision": "verified", "comment": "", "basis": "",
            "added_by_author": False, "by_token": False, "milestones": [],
            "decided_at": evidence_rows.MOMENT, "imported_from": "https://old.example",
            "imported_at": evidence_rows.MOMENT, **values,
        }  # fmt: skip
        session.add(ImportedReview(**row))

    reviewed = evidence_rows.add(session, cast.alice, "Reviewed", at=1)
    add_review(reviewed)
    add_review(reviewed, reviewer_name="Sam", added_by_author=True, title="Reviewed")
    for at, other in enumerate(
        ({"decision": "returned"}, {"version_number": 2}, {"title": "Something else"}), 2
    ):
        add_review(evidence_rows.add(session, cast.alice, f"Piece {at}", at=at), **other)
    verified = evidence_rows.add(session, cast.alice, "Verified here", at=9, milestones=(DESIGN,))
    evidence_rows.verify(session, verified, cast.bob, milestones=(DESIGN,))
    add_review(verified)
    session.flush()

    document = load_document(session, cast.alice, TODAY)
    first, *others, last = [labels.verification_line(item, "en") for item in document.items]
    assert first == (
        "Not verified here; reviewed in another installation by Rita on 1 Jun 2026, Sam (added to "
        "the team by the person judged) on 1 Jun 2026, according to an archive that the author "
        "imported"
    )
    assert others == ["Draft, not reviewed"] * 3
    assert last == "Verified by Bob on 1 Jun 2026"
    assert (document.items[0].tone, document.verified) == ("unverified", 1)


def test_statement_count_does_not_grow_with_evidence(session: Session, cast: Cast) -> None:
    evidence_rows.add(session, cast.alice, at=0, milestones=KEYS)
    load_document(session, cast.alice, TODAY)
    with record_session_statements(session) as few:
        load_document(session, cast.alice, TODAY)
    for at in range(1, 20):
        evidence_rows.add(
            session, cast.alice, f"Piece {at}", at=at, milestones=KEYS, skills=("mlops",),
            impacts=({"type": "scale", "metric": "m", "result": "1"},),
        )  # fmt: skip
    with record_session_statements(session) as many:
        document = load_document(session, cast.alice, TODAY)

    assert len(document.items) == 20
    assert len(many) == len(few) <= 16


def test_long_descriptions_become_excerpts_in_long_document(session: Session, cast: Cast) -> None:
    whole = "*Words* that fill the longest field of a form. " * 420
    for at in range(MAX_DOCUMENT_LENGTH // len(whole)):
        evidence_rows.add(session, cast.alice, f"Piece {at}", at=at, description=whole)
    assert load_document(session, cast.alice, TODAY).items[0].description == whole

    evidence_rows.add(session, cast.alice, "One more", at=99, description=whole)
    evidence_rows.add(session, cast.alice, "Short", at=100, description="*Kept*")
    items = load_document(session, cast.alice, TODAY).items

    assert items[0].description.startswith("Words that fill")
    assert len(items[0].description) <= EXCERPT_LENGTH
    assert items[-1].description == "*Kept*"
