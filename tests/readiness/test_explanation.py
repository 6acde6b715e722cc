"""The explanation: lines add up, effects are exact, and figures match the page."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from roadmap.api.readiness import serialize_readiness
from roadmap.core.dates import PartialDate
from roadmap.evidence.item import Item, Link
from roadmap.readiness.evidence_tally import proving_links
from roadmap.readiness.explanation import (
    BackgroundLine,
    ImpactLine,
    ItemEffect,
    Readiness,
    RequirementLine,
    SkillLine,
    StageLine,
    explain,
    round_parts,
    without_item,
)
from roadmap.readiness.facts import Facts, Position
from roadmap.readiness.rules import evaluate, round_to_tenths, score_of
from roadmap.readiness.tally import Tally
from roadmap.readiness.what_if import what_if
from tests.readiness.examples import (
    KEYS,
    TODAY,
    content,
    done,
    levels_at_bar,
    masters_degree,
    metric,
    piece,
    proven_facts,
    proven_pieces,
    six_years,
)


def item(readiness: Readiness, item_type: str, key: str) -> ItemEffect:
    """Return one item of the explanation."""
    return next(each for each in readiness.items if (each.type, each.key) == (item_type, key))


def stage_lines(facts: Facts) -> dict[str, StageLine]:
    """Return the lines of the milestones part by stage."""
    lines = explain(Tally(content(), facts, TODAY)).parts[0].sources
    return {line.key: line for line in lines if isinstance(line, StageLine)}


def test_explanation_matches_evaluation() -> None:
    tally = Tally(content(), proven_facts(), TODAY)
    evaluation, explained = evaluate(tally), explain(tally)
    assert explained.score == evaluation.score
    assert explained.verdict == evaluation.verdict
    assert explained.gates == evaluation.gates
    assert explained.tones == evaluation.tones
    assert explained.overall == evaluation.overall
    assert explained.unpassed_gates == []


def test_explanation_lists_every_fact_as_item() -> None:
    facts = replace(
        proven_facts(),
        statuses=done("experience1")
        | {
            "experience2": "in_progress",
            "visibility1": "not_applicable",
            "visibility2": "not_started",
        },
        self_levels={"mlops": 2},
        other_levels={"mlops": 3, "strategy": 1},
        degrees=masters_degree(),
        pieces=proven_pieces()[:1],
    )
    items = explain(Tally(content(), facts, TODAY)).items
    assert {(each.type, each.key) for each in items} == {
        ("milestone", "experience1"),
        ("milestone", "experience2"),
        ("milestone", "visibility1"),
        ("evidence", "p1"),
        ("self_assessment", "mlops"),
        ("assessment", "mlops"),
        ("assessment", "strategy"),
        ("position", "job"),
        ("degree", "msc"),
    }


def test_item_effect_is_score_lost_without_item() -> None:
    readiness = explain(Tally(content(), proven_facts(), TODAY))
    # Each of two leadership milestones earns half of 30 % of 40 points.
    assert item(readiness, "milestone", "leadership1").effect == 6
    assert item(readiness, "assessment", "mlops").effect == Fraction(20, 8)
    assert item(readiness, "position", "job").effect == 10
    facts = replace(proven_facts(), self_levels=levels_at_bar(), degrees=masters_degree())
    readiness = explain(Tally(content(), facts, TODAY))
    for each in readiness.items:
        remaining = score_of(Tally(content(), without_item(facts, each.type, each.key), TODAY))
        assert readiness.score - remaining == each.effect


def test_item_effect_can_be_zero_or_negative() -> None:
    third = piece("p9", "design_doc", verified=True)
    low = replace(
        proven_facts(),
        pieces=(*proven_pieces(), third),
        self_levels={"mlops": 3},
        other_levels=levels_at_bar() | {"mlops": 0},
    )
    readiness = explain(Tally(content(), low, TODAY))
    assert item(readiness, "evidence", "p9").effect == 0
    assert item(readiness, "self_assessment", "mlops").effect == 0
    assert item(readiness, "assessment", "mlops").effect == -Fraction(20 * 3, 8 * 10)


def test_without_item_removes_item_from_facts() -> None:
    facts = replace(proven_facts(), self_levels=levels_at_bar(), degrees=masters_degree())
    assert "leadership1" not in without_item(facts, "milestone", "leadership1").statuses
    assert without_item(facts, "evidence", "p1").pieces == facts.pieces[1:]
    assert "mlops" not in without_item(facts, "self_assessment", "mlops").self_levels
    assert "mlops" in without_item(facts, "self_assessment", "mlops").other_levels
    assert "mlops" not in without_item(facts, "assessment", "mlops").other_levels
    assert without_item(facts, "position", "job").positions == ()
    assert without_item(facts, "degree", "msc").degrees == ()


def test_stage_line_shows_target_hours_and_floor() -> None:
    lines = stage_lines(Facts(statuses={"leadership1": "done", "leadership2": "not_applicable"}))
    leadership = lines["leadership"]
    assert leadership.target_hours == 15
    assert leadership.floor_applies
    assert leadership.points == leadership.maximum * Fraction(3, 15)
    assert leadership.done_hours == [10, 0, 0]
    assert leadership.maximum == Fraction(40 * 30, 90)
    assert not lines["experience"].floor_applies


def test_stage_line_shows_if_optional_stage_is_counted() -> None:
    not_counted = stage_lines(Facts())["education"]
    assert (not_counted.stage.is_bonus, not_counted.counted) == (True, False)
    assert (not_counted.points, not_counted.maximum) == (0, 0)
    # The optional stage counts where it raises the score.
    counted = stage_lines(Facts(statuses=done("education1")))["education"]
    assert counted.counted
    assert (counted.points, counted.maximum) == (Fraction(6, 10), 4)


def test_skill_line_shows_both_levels_and_counts_that_of_others() -> None:
    facts = Facts(self_levels={"mlops": 3, "strategy": 2}, other_levels={"mlops": 2})
    lines = [
        line
        for line in explain(Tally(content(), facts, TODAY)).parts[1].sources
        if isinstance(line, SkillLine)
    ]
    by_key = {line.key: line for line in lines}
    assert (by_key["mlops"].self_level, by_key["mlops"].other_level) == (3, 2)
    assert by_key["mlops"].points == Fraction(5, 2) * 2 / 3
    assert (by_key["strategy"].self_level, by_key["strategy"].other_level) == (2, None)
    assert by_key["strategy"].points == Fraction(1, 2)
    assert (by_key["mentoring"].self_level, by_key["mentoring"].other_level) == (None, None)
    assert by_key["mentoring"].points == 0


def test_requirement_line_lists_counted_evidence() -> None:
    facts = Facts(
        pieces=(
            piece("a", "talk"),
            piece("b", "publication", "visibility1", verified=True),
            piece("c", "blog_post"),
            piece("d", "talk", verified=True, expires_on=PartialDate(TODAY - timedelta(days=1))),
        )
    )
    lines = [
        line
        for line in explain(Tally(content(), facts, TODAY)).parts[2].sources
        if isinstance(line, RequirementLine)
    ]
    public = next(line for line in lines if line.key == "public_work")
    assert [(each.id, tone) for each, tone in public.pieces] == [
        ("b", "verified"),
        ("a", "evidenced"),
    ]
    assert public.points == Fraction(4) * Fraction(16, 20)
    assert (public.maximum, public.requirement.count) == (4, 2)


def test_impact_line_names_its_evidence() -> None:
    facts = Facts(pieces=(piece("a", "other", impacts=(metric("team"),)),))
    lines = [
        line
        for line in explain(Tally(content(), facts, TODAY)).parts[3].sources
        if isinstance(line, ImpactLine)
    ]
    assert [(line.key, line.piece.id if line.piece else None) for line in lines] == [
        ("scale", None),
        ("business", None),
        ("team", "a"),
    ]


def test_background_line_shows_if_degree_counts() -> None:
    def line(facts: Facts) -> BackgroundLine:
        found = explain(Tally(content(), facts, TODAY)).parts[4].sources[0]
        assert isinstance(found, BackgroundLine)
        return found

    both = line(Facts(positions=six_years(), degrees=masters_degree()))
    assert not both.with_degree
    assert (both.years_points, both.years_maximum, both.degree_points) == (10, 10, 0)
    one_year = Facts(
        positions=(Position("job", "Engineer", TODAY - timedelta(days=364), None, True),),
        degrees=masters_degree(),
    )
    assert line(one_year).with_degree
    assert line(one_year).years == 1
    assert line(one_year).degree == masters_degree()[0]
    assert (line(one_year).years_points, line(one_year).years_maximum) == (Fraction(7, 5), 7)
    assert (line(one_year).degree_points, line(one_year).degree_maximum) == (3, 3)


def test_part_without_skills_has_no_lines() -> None:
    assert explain(Tally(content(skills=()), proven_facts(), TODAY)).parts[1].sources == ()


def test_round_to_tenths_rounds_half_away_from_zero() -> None:
    assert round_to_tenths(Fraction(41, 3) + Fraction(3, 2)) == Decimal("15.2")
    assert round_to_tenths(Fraction(5, 100)) == Decimal("0.1")
    assert round_to_tenths(Fraction(-5, 100)) == Decimal("-0.1")
    assert str(round_to_tenths(Fraction(0))) == "0.0"


def test_rounded_parts_add_up_to_rounded_score() -> None:
    thirds = [Fraction(1, 3)] * 3
    assert round_parts(thirds) == [Decimal("0.4"), Decimal("0.3"), Decimal("0.3")]
    verified = piece("a", "design_doc", "experience1", verified=True, impacts=(metric("scale"),))
    readiness = explain(Tally(content(), Facts(statuses=done(*KEYS), pieces=(verified,)), TODAY))
    assert str(readiness.shown_score) == "21.7"
    assert [str(part.shown) for part in readiness.parts] == ["15.9", "0.0", "2.5", "3.3", "0.0"]


def test_json_contains_fields_that_clients_use() -> None:
    verified = piece("a", "design_doc", "experience1", verified=True, impacts=(metric("scale"),))
    facts = Facts(statuses=done(*KEYS), pieces=(verified,))
    readiness = explain(Tally(content(), facts, TODAY))
    hypothetical = what_if(Tally(content(), facts, TODAY), readiness, ())
    data = serialize_readiness("some-roadmap", readiness, hypothetical).model_dump(mode="json")
    assert data["score"] == 21.7222
    assert (data["verdict"], data["claimed_not_proven"]) == ("setting_out", True)
    assert {"key": "milestones", "points": 15.8889, "maximum": 40.0}.items() <= data["parts"][
        0
    ].items()
    assert {"key": "experience", "passed": False}.items() <= data["gates"][0].items()
    assert data["gates"][0]["reason"] == "0 of 5 years of ML engineering, as declared"
    assert {"type": "evidence", "key": "a", "effect": 9.7222} in data["items"]
    assert len(data["next_steps"]) == 3
    for step in data["next_steps"]:
        assert {"action", "target", "gain", "hours", "opens_gate"} <= set(step)
    for part in data["parts"]:
        assert sum(line["points"] for line in part["sources"]) == pytest.approx(
            part["points"], abs=0.001
        )


def test_old_assessment_is_flagged_and_still_counts() -> None:
    def lines(day: date) -> dict[str, tuple[bool, Fraction]]:
        facts = Facts(other_levels=levels_at_bar(), other_assessed_on={"mlops": day})
        part = explain(Tally(content(), facts, TODAY)).parts[1]
        return {
            line.key: (line.other_is_old, line.points)
            for line in part.sources
            if isinstance(line, SkillLine)
        }

    full = Fraction(20, 8)
    assert lines(date(2024, 12, 30))["mlops"] == (False, full)
    assert lines(date(2024, 12, 29))["mlops"] == (True, full)
    assert lines(date(2024, 12, 29))["strategy"] == (False, full)


def test_explanation_cost_is_linear_in_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person may have thousands of pieces."""
    counted: list[object] = []

    def count(on: Any, each: Item) -> list[Link]:
        counted.append(each.id)
        return proving_links(on, each)

    monkeypatch.setattr("roadmap.readiness.evidence_tally.proving_links", count)
    many = [piece(f"p{n}", "talk", *KEYS[n % 9 :][:1], verified=n % 3 == 0) for n in range(300)]
    explained = explain(Tally(content(), Facts(statuses=done(*KEYS), pieces=tuple(many)), TODAY))
    assert sum(each.type == "evidence" for each in explained.items) == 300
    # Each is counted once for the score and once for a next step.
    assert len(counted) < 3 * 300
