"""The score, its parts and the verdict: the worked examples to the digit, and each clause."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest

from roadmap.readiness.calendar_years import months_later, years_of
from roadmap.readiness.facts import Course, Degree, Facts, Impact, Position, Stage
from roadmap.readiness.policy import Policy, PolicyError
from roadmap.readiness.rules import assess, score, valid_until
from tests.readiness.world import (
    KEYS,
    SHIPPED,
    TODAY,
    at_the_bar,
    course,
    done,
    masters,
    metric,
    milestone,
    piece,
    proven_facts,
    proven_pieces,
    shipped_policy,
    six_years,
)

ALL_GATES = (
    "experience",
    "delivery",
    "leadership",
    "design",
    "impact",
    "judged_by_others",
    "sustained",
)
DRAFT = piece("doc", "design_doc", "experience1")
CONFIRMED = replace(
    DRAFT,
    state="verified",
    verified=True,
    confirmed=frozenset({"experience1"}),
    impacts=(metric("scale"),),
)
LINKED_LATER = replace(CONFIRMED, milestones=("experience1", "experience2"))
RETURNED = tuple(
    replace(each, state="returned", verified=False, confirmed=frozenset())
    if each.kind == "case_study"
    else each
    for each in proven_pieces()
)
LAPSED = piece(
    "cert", "certification", "education1", verified=True, expires_on=TODAY - timedelta(days=1)
)

EXAMPLES = {
    "nothing at all": (
        Facts(),
        "0.00 + 0.00 + 0.00 + 0.00 + 0.00",
        "0.0",
        ALL_GATES,
        "setting_out",
        False,
    ),
    "all ticked and self-assessed": (
        Facts(
            statuses=done(*KEYS),
            self_levels=at_the_bar(),
            positions=six_years(),
            degrees=masters(),
        ),
        "12.00 + 6.00 + 0.00 + 0.00 + 10.00",
        "28.0",
        ALL_GATES[1:],
        "setting_out",
        True,
    ),
    "a design document in draft": (
        Facts(statuses=done(*KEYS), pieces=(DRAFT,)),
        "13.67 + 0.00 + 1.50 + 0.00 + 0.00",
        "15.2",
        ALL_GATES,
        "setting_out",
        True,
    ),
    "the same piece confirmed, with a metric": (
        Facts(statuses=done(*KEYS), pieces=(CONFIRMED,)),
        "15.89 + 0.00 + 2.50 + 3.33 + 0.00",
        "21.7",
        ALL_GATES,
        "setting_out",
        True,
    ),
    "the same, linked later as well": (
        Facts(statuses=done(*KEYS), pieces=(LINKED_LATER,)),
        "17.56 + 0.00 + 2.50 + 3.33 + 0.00",
        "23.4",
        ALL_GATES,
        "setting_out",
        True,
    ),
    "education not applicable": (
        Facts(
            statuses=done(*(key for key in KEYS if not key.startswith("education")))
            | {"education1": "not_applicable", "education2": "not_applicable"}
        ),
        "12.00 + 0.00 + 0.00 + 0.00 + 0.00",
        "12.0",
        ALL_GATES,
        "setting_out",
        True,
    ),
    "half a stage defined away": (
        Facts(statuses={"leadership1": "done", "leadership2": "not_applicable"}),
        "2.67 + 0.00 + 0.00 + 0.00 + 0.00",
        "2.7",
        ALL_GATES,
        "setting_out",
        False,
    ),
    "everything proven": (
        proven_facts(),
        "40.00 + 20.00 + 20.00 + 10.00 + 10.00",
        "100.0",
        (),
        "ready",
        False,
    ),
    "all evidence of one day": (
        replace(
            proven_facts(),
            pieces=tuple(replace(p, occurred_on=date(2026, 5, 1)) for p in proven_pieces()),
        ),
        "40.00 + 20.00 + 20.00 + 10.00 + 10.00",
        "100.0",
        ("sustained",),
        "nearly",
        False,
    ),
    "case study returned, a lapsed certification": (
        replace(proven_facts(), pieces=(*RETURNED, LAPSED)),
        "40.00 + 20.00 + 18.40 + 10.00 + 10.00",
        "98.4",
        (),
        "ready",
        False,
    ),
}


@pytest.mark.parametrize("case", EXAMPLES)
def test_worked_example(case: str) -> None:
    facts, parts, total, standing, verdict, claimed_not_proven = EXAMPLES[case]
    result = assess(course(), facts, TODAY)
    assert " + ".join(f"{float(part.points):.2f}" for part in result.parts) == parts
    assert f"{float(result.score):.1f}" == total
    assert tuple(gate.key for gate in result.gates if not gate.passed) == standing
    assert result.verdict == verdict
    assert result.claimed_not_proven is claimed_not_proven


def test_worked_examples_are_exact_not_merely_close() -> None:
    draft = assess(course(), EXAMPLES["a design document in draft"][0], TODAY)
    assert [part.points for part in draft.parts][:3] == [Fraction(41, 3), 0, Fraction(3, 2)]
    assert assess(course(), proven_facts(), TODAY).score == 100
