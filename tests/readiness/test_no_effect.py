"""The reasons given for items that have no effect on the score."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from roadmap.catalog.content import Content
from roadmap.core.dates import PartialDate
from roadmap.evidence.item import Impact
from roadmap.readiness.explanation import explain
from roadmap.readiness.facts import Degree, Facts, Position
from roadmap.readiness.tally import Tally
from tests.readiness.examples import (
    KEYS,
    SHIPPED,
    TODAY,
    content,
    done,
    masters_degree,
    metric,
    milestone,
    piece,
    proven_facts,
    shipped_policy,
    six_years,
)

OPTIONAL = content(
    milestones=tuple(milestone(key) for key in KEYS)
    + tuple(milestone(f"experience{number}", required=False) for number in (3, 4, 5))
)
ONLY_VERIFIED_COUNTS = content(
    policy=shipped_policy(factors={**SHIPPED["factors"], "claimed": 0, "evidenced": 0})
)
SELF_ASSESSMENT_COUNTS_NOTHING = content(
    policy=shipped_policy(factors={**SHIPPED["factors"], "self": 0})
)
NO_STAGE_WEIGHT = content(policy=shipped_policy(stages={**SHIPPED["stages"], "visibility": 0}))
NO_BACKGROUND = content(
    policy=shipped_policy(
        weights={**SHIPPED["weights"], "background": 0, "milestones": 50}, background=None
    )
)
SHARED = Facts(statuses=done("experience1", "leadership1"))


def reasons(item_type: str, key: str, facts: Facts, on: Content | None = None) -> list[str]:
    """Return the reasons of an item, which must have no effect."""
    items = explain(Tally(on or content(), facts, TODAY)).items
    item = next(each for each in items if (each.type, each.key) == (item_type, key))
    assert item.effect == 0
    return [reason.text() for reason in item.reasons]


def test_item_has_either_effect_or_reason() -> None:
    for each in explain(Tally(content(), proven_facts(), TODAY)).items:
        assert bool(each.effect) != bool(each.reasons)
        assert each.effect or each.type != "assessment", "levels at the bar always count"


@pytest.mark.parametrize(
    ("key", "statuses", "on", "reason"),
    [
        ("experience1", {"experience1": "in_progress"}, None, "In progress: it counts once it is"),
        ("visibility1", done("visibility1"), NO_STAGE_WEIGHT, "Its stage has no weight"),
        ("education1", done(*KEYS[:5], *KEYS[6:]), None, "Its stage counts only where that"),
        (
            "experience5",
            done(*(f"experience{n}" for n in (3, 4, 5))),
            OPTIONAL,
            "The optional milestones",
        ),
        ("experience1", done("experience1"), ONLY_VERIFIED_COUNTS, "A tick alone gives no points"),
        ("experience1", {"experience1": "not_applicable"}, None, "Nothing of its stage is done"),
        (
            "experience3",
            {**done("experience1"), "experience3": "not_applicable"},
            OPTIONAL,
            "Not applicable: without it, the stage requires the same hours",
        ),
    ],
)
def test_milestone_without_effect_has_reason(
    key: str, statuses: dict[str, str], on: Content | None, reason: str
) -> None:
    (found,) = reasons("milestone", key, Facts(statuses=statuses), on)
    assert found.startswith(reason)


def test_milestone_of_full_stage_has_reason() -> None:
    proof = piece("a", "launch", "experience1", "experience2", "experience3", verified=True)
    for status in ("done", "not_applicable"):
        statuses = {**done("experience1", "experience2"), "experience3": status}
        facts = Facts(statuses=statuses, pieces=(proof,))
        assert reasons("milestone", "experience3", facts, OPTIONAL) == [
            "Its stage already has full points without it."
        ]


@pytest.mark.parametrize(
    ("item_type", "facts", "on", "reason"),
    [
        (
            "self_assessment",
            Facts(self_levels={"mlops": 3}, other_levels={"mlops": 2}),
            None,
            "Someone else's assessment replaces it.",
        ),
        ("self_assessment", Facts(self_levels={"mlops": 0}), None, "Level 0 gives no points."),
        ("assessment", Facts(other_levels={"mlops": 0}), None, "Level 0 gives no points."),
        (
            "self_assessment",
            Facts(self_levels={"mlops": 3}),
            SELF_ASSESSMENT_COUNTS_NOTHING,
            "A self-assessment gives no points here.",
        ),
        (
            "assessment",
            Facts(self_levels={"mlops": 2}, other_levels={"mlops": 2}),
            content(policy=shipped_policy(factors={**SHIPPED["factors"], "self": 1})),
            "It gives as many points as the self-assessment that it replaces.",
        ),
    ],
)
def test_assessment_without_effect_has_reason(
    item_type: str, facts: Facts, on: Content | None, reason: str
) -> None:
    assert reasons(item_type, "mlops", facts, on) == [reason]


@pytest.mark.parametrize(
    ("position", "on", "reason"),
    [
        (
            Position("p", "Clerk", date(2020, 1, 1), None, False),
            None,
            "Not marked as ML engineering.",
        ),
        (Position("p", "Lead", date(2026, 9, 1), None, True), None, "It has not begun yet."),
        (
            Position("p", "Side job", date(2022, 1, 1), date(2023, 1, 1), True),
            None,
            "Other positions cover the same time.",
        ),
        (
            Position("p", "First job", date(2018, 1, 1), date(2019, 1, 1), True),
            None,
            "The required years are reached without it.",
        ),
        (
            Position("p", "Job", date(2020, 1, 1), None, True),
            NO_BACKGROUND,
            "This roadmap gives no points for it.",
        ),
    ],
)
def test_position_without_effect_has_reason(
    position: Position, on: Content | None, reason: str
) -> None:
    assert reasons("position", "p", Facts(positions=(*six_years(), position)), on) == [reason]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (
            Facts(degrees=(Degree("d", "Sewing", "other"),)),
            "A degree of this level does not count.",
        ),
        (
            Facts(degrees=(*masters_degree(), Degree("d", "BSc", "bachelor"))),
            "Another degree counts for as much or more.",
        ),
        (
            Facts(degrees=(Degree("d", "PhD", "doctorate"),), positions=six_years()),
            "The years alone count for as much.",
        ),
    ],
)
def test_degree_without_effect_has_reason(facts: Facts, reason: str) -> None:
    assert reasons("degree", "d", facts) == [reason]


def test_evidence_beyond_required_count_has_reason() -> None:
    many = tuple(piece(key, "design_doc", "experience1") for key in "abc")
    assert reasons("evidence", "c", replace(SHARED, pieces=many)) == [
        "2 pieces of the kind design document count, and there are 3.",
        "Its milestones have other evidence that counts as much.",
    ]


def test_lapsed_evidence_reason_names_date() -> None:
    lapsed = piece("a", "certification", expires_on=PartialDate(TODAY - timedelta(days=1)))
    assert reasons("evidence", "a", Facts(pieces=(lapsed,))) == ["It lapsed after 2026-06-29."]


@pytest.mark.parametrize(
    ("linked", "statuses", "others", "reason"),
    [
        ((), {}, (), "It is linked to no milestone of this roadmap."),
        (("of-another-roadmap",), {}, (), "It is linked to no milestone of this roadmap."),
        (("experience1",), {}, (), "It counts for its milestones once they are marked as done."),
        (
            ("experience1",),
            done("experience1"),
            ("launch",),
            "Its milestones have other evidence that counts as much.",
        ),
        (
            ("leadership1",),
            done("leadership1"),
            ("launch",),
            "Its kind proves none of its milestones, which have other evidence as well.",
        ),
        (
            ("education1",),
            done(*KEYS[:4], "education1"),
            (),
            "Its milestones give the same points without it: their stage is full or not counted.",
        ),
    ],
)
def test_evidence_without_milestone_effect_has_reason(
    linked: tuple[str, ...], statuses: dict[str, str], others: tuple[str, ...], reason: str
) -> None:
    on = content(
        milestones=[
            milestone(key, **({"evidence": ("launch",)} if key == "leadership1" else {}))
            for key in KEYS
        ]
    )
    proofs = tuple(piece(kind, kind, *KEYS[:4], *linked, verified=True) for kind in others)
    if reason.startswith("Its milestones give"):
        proofs = (piece("full", "launch", *KEYS[:4], verified=True),)
    facts = Facts(statuses=statuses, pieces=(piece("a", "certification", *linked), *proofs))
    assert reasons("evidence", "a", facts, on) == [
        "Evidence of its kind has no points of its own.",
        reason,
    ]


def test_draft_has_reason_if_only_verified_evidence_counts() -> None:
    draft = piece("a", "design_doc")
    first, *_ = reasons("evidence", "a", Facts(pieces=(draft,)), ONLY_VERIFIED_COUNTS)
    assert first == "Evidence of its kind gives points once it is verified."


@pytest.mark.parametrize(
    ("impact", "reason"),
    [
        (metric("scale"), "Other evidence measures the same types of impact."),
        (Impact("scale", metric="Users"), "What it measures is incomplete"),
    ],
)
def test_evidence_without_impact_effect_has_reason(impact: Impact, reason: str) -> None:
    pieces = (
        piece("a", "certification", impacts=(impact,)),
        piece("b", "patent", impacts=(metric("scale"),)),
    )
    assert reasons("evidence", "a", Facts(pieces=pieces))[-1].startswith(reason)
