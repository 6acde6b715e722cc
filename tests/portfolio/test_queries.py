"""What a portfolio document contains, and what it never contains."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from sqlalchemy.orm import Session

from roadmap.career.models import Degree, Position
from roadmap.core.dates import PartialDate
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


def test_a_person_without_anything_has_an_empty_one(session: Session, cast: Cast) -> None:
    shown = load_document(session, cast.alice, TODAY)

    assert (shown.name, shown.items, shown.email, shown.skills) == ("Alice", (), None, ())


def test_nobody_has_none(session: Session) -> None:
    with pytest.raises(LookupError):
        load_document(session, uuid.uuid4(), TODAY)


def test_pieces_stand_in_the_chosen_order_with_all_their_parts(
    session: Session, cast: Cast
) -> None:
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
def test_visibility_is_asked_again(session: Session, cast: Cast, visibility: str) -> None:
    piece = evidence_rows.add(session, cast.alice, at=0)
    assert len(load_document(session, cast.alice, TODAY).items) == 1

    piece.visibility = visibility
    session.flush()

    assert load_document(session, cast.alice, TODAY).items == ()


def test_the_verified_version_is_shown_until_the_newer_one_is_judged(
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
    assert item.verified_for == TITLES[1:], "only what Bob confirmed stands below his name"
    assert "Between us" not in str(item)
    assert item.newer_since == dt.date(2026, 6, 3)

    for state in ("draft", "verified"):
        piece.state = state
        session.flush()
        assert load_document(session, cast.alice, TODAY).items[0].newer_since is None


def test_an_impact_that_does_not_count_is_left_out(session: Session, cast: Cast) -> None:
    measured = {"type": "scale", "metric": "Latency", "result": "4", "unit": "ms"}
    evidence_rows.add(
        session, cast.alice, at=0,
        impacts=(measured, measured | {"result": ""}, measured | {"unit": ""}),
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
def test_a_milestone_is_named_where_it_is_done_and_the_kind_proves_it(
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


def test_what_was_confirmed_is_not_named_twice(
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


def test_a_new_title_does_not_take_the_verified_one_s_place(session: Session, cast: Cast) -> None:
    piece = evidence_rows.add(session, cast.alice, "As verified", at=0, milestones=(DESIGN,))
    evidence_rows.verify(session, piece, cast.bob, milestones=(DESIGN,))
    assert load_document(session, cast.alice, TODAY).items[0].verified_title is None

    piece.title = "Grander"
    session.flush()

    (item,) = load_document(session, cast.alice, TODAY).items
    assert (item.title, item.verified_title) == ("Grander", "As verified")


def test_a_draft_may_be_shown_by_its_author(session: Session, cast: Cast) -> None:
    evidence_rows.add(session, cast.alice, "Draft", state="draft", at=0)

    (item,) = load_document(session, cast.alice, TODAY).items

    assert (item.tone, item.verified_by) == ("unverified", None)


@pytest.mark.parametrize("shows_self_assessed", [True, False])
def test_background_and_skills_come_along(
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

    shown = load_document(session, cast.alice, TODAY)

    assert (shown.headline, shown.introduction_md, shown.email) == (
        "Ranking",
        "Hello",
        "alice@example.org",
    )
    assert shown.positions[0].title == "ML engineer"
    assert shown.degrees[0].field == "Statistics"
    by_self = [("Technical strategy", 1, "self")] if shows_self_assessed else []
    assert [(s.title, s.level, s.assessed_by) for s in shown.skills] == [
        ("MLOps", 2, "manager"),
        *by_self,
    ]
    assert shown.skills[0].level_text.startswith("Builds pipeline")


def test_low_levels_are_shown_where_asked_for_and_any_skill_can_be_left_out(
    session: Session, cast: Cast, now: dt.datetime
) -> None:
    """Whoever gave the level: a manager's low one is the author's to show, too."""
    alice, bob = cast.actor(session, cast.alice), cast.actor(session, cast.bob)
    skills.assess_other(session, cast.alice, "mlops", 1, by=bob, now=now)
    skills.assess_other(session, cast.alice, "mentoring", 4, by=bob, now=now)
    skills.assess_self(session, cast.alice, "strategy", 1, by=alice, now=now)

    def shown(**chosen: object) -> list[str]:
        evidence_rows.portfolio(session, cast.alice, shows_self_assessed=True, **chosen)
        return sorted(skill.title for skill in load_document(session, cast.alice, TODAY).skills)

    high = [skill.title for skill in load_document(session, cast.alice, TODAY).skills]
    assert len(high) == 1
    assert shown() == high
    assert shown(shows_below_bar=True) == sorted([*high, "MLOps", "Technical strategy"])
    assert shown(left_out_skills="mentoring mlops") == ["Technical strategy"]
    assert shown(shows_below_bar=False) == []


@pytest.mark.parametrize(("who", "says"), [("alice", "Draft, not reviewed"), ("mallory", "")])
def test_a_draft_says_that_nobody_reviewed_it(
    session: Session, cast: Cast, who: str, says: str
) -> None:
    """Of somebody without a manager nothing can be reviewed."""
    person = getattr(cast, who)
    evidence_rows.add(session, person, "A draft", state="draft", at=1)
    evidence_rows.add(session, person, "It waits", state="submitted", at=2)
    shown = load_document(session, person, TODAY)
    lines = [labels.verification_line(item, "en") for item in shown.items]
    assert lines == [says or "Not verified", "Not verified"]


def test_it_takes_as_many_statements_for_two_hundred_pieces(session: Session, cast: Cast) -> None:
    evidence_rows.add(session, cast.alice, at=0, milestones=KEYS)
    load_document(session, cast.alice, TODAY)
    with record_session_statements(session) as few:
        load_document(session, cast.alice, TODAY)
    for at in range(1, 200):
        evidence_rows.add(
            session, cast.alice, f"Piece {at}", at=at, milestones=KEYS, skills=("mlops",),
            impacts=({"type": "scale", "metric": "m", "result": "1"},),
        )  # fmt: skip
    with record_session_statements(session) as many:
        shown = load_document(session, cast.alice, TODAY)

    assert len(shown.items) == 200
    assert len(many) == len(few) <= 16


def test_long_descriptions_become_excerpts_where_all_are_too_long(
    session: Session, cast: Cast
) -> None:
    whole = "*Words* that fill the longest field of a form. " * 420
    for place in range(MAX_DOCUMENT_LENGTH // len(whole)):
        evidence_rows.add(session, cast.alice, f"Piece {place}", at=place, description=whole)
    assert load_document(session, cast.alice, TODAY).items[0].description == whole

    evidence_rows.add(session, cast.alice, "One more", at=99, description=whole)
    evidence_rows.add(session, cast.alice, "Short", at=100, description="*Kept*")
    shown = load_document(session, cast.alice, TODAY).items

    assert shown[0].description.startswith("Words that fill")
    assert len(shown[0].description) <= EXCERPT_LENGTH
    assert shown[-1].description == "*Kept*"
