"""The explanation: every point with its source, every item with its effect, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from roadmap.readiness.facts import Facts
from roadmap.readiness.gates.gate import GateResult
from roadmap.readiness.next_steps import Step, next_steps, top_three
from roadmap.readiness.rules import Evaluation, Progress, evaluate, score
from roadmap.readiness.score_breakdown import Line, lines_of
from roadmap.readiness.tally import Tally

if TYPE_CHECKING:
    from roadmap.catalog.content import Content


@dataclass(frozen=True, slots=True)
class ItemEffect:
    """A fact and its effect in points: the score now less the score without it.

    `type` is milestone, evidence, self_assessment, assessment (someone else's), position or degree;
    `key` the milestone's or skill's key, or the id. The effect can be 0 or negative.
    """

    type: str
    key: str
    label: str
    effect: Fraction


@dataclass(frozen=True, slots=True)
class Part:
    """A part with its lines; `shown` is to one decimal, and the five add up to the shown score."""

    key: str
    points: Fraction
    maximum: Fraction
    shown: Decimal
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Readiness:
    """The judgement with its explanation; `steps` are all candidates, `shown_steps` three."""

    score: Fraction
    shown_score: Decimal
    parts: tuple[Part, ...]
    gates: tuple[GateResult, ...]
    verdict: str
    claimed_not_proven: bool
    tones: Mapping[str, str]
    stages: Mapping[str, Progress]
    overall: Progress
    items: tuple[ItemEffect, ...]
    steps: tuple[Step, ...]
    shown_steps: tuple[Step, ...]

    @property
    def standing(self) -> tuple[GateResult, ...]:
        """Return the gates that still stand."""
        return tuple(gate for gate in self.gates if not gate.passed)


def explain(content: Content, facts: Facts, today: date) -> Readiness:
    """Judge the facts against the roadmap on a day, and say why."""
    judged = evaluate(content, facts, today)
    steps = next_steps(content, facts, today)
    shown = round_parts([part.points for part in judged.parts])
    tally = Tally(content, facts, today)
    return Readiness(
        score=judged.score,
        shown_score=round_to_tenths(judged.score),
        parts=tuple(
            Part(part.key, part.points, part.maximum, decimal, lines_of(tally, part))
            for part, decimal in zip(judged.parts, shown, strict=True)
        ),
        gates=judged.gates,
        verdict=judged.verdict,
        claimed_not_proven=judged.claimed_not_proven,
        tones=judged.tones,
        stages=judged.stages,
        overall=judged.overall,
        items=tuple(_items(content, facts, today, judged)),
        steps=tuple(steps),
        shown_steps=tuple(top_three(steps)),
    )


def without_item(facts: Facts, item_type: str, key: str) -> Facts:
    """Return the facts without one item, as `Item` names it."""
    if item_type == "milestone":
        return replace(facts, statuses=_without_key(facts.statuses, key))
    if item_type == "evidence":
        return replace(facts, pieces=tuple(each for each in facts.pieces if str(each.id) != key))
    if item_type == "self_assessment":
        return replace(facts, self_levels=_without_key(facts.self_levels, key))
    if item_type == "assessment":
        return replace(facts, other_levels=_without_key(facts.other_levels, key))
    if item_type == "position":
        return replace(facts, positions=tuple(each for each in facts.positions if each.id != key))
    if item_type == "degree":
        return replace(facts, degrees=tuple(each for each in facts.degrees if each.id != key))
    raise ValueError(f"no such item: {item_type}")


def round_to_tenths(value: Fraction) -> Decimal:
    """Return a figure as it is shown: to one decimal, a half rounded away from 0."""
    count = (abs(value) * 10 + Fraction(1, 2)) // 1
    return Decimal(count if value >= 0 else -count).scaleb(-1)


def round_parts(points: Sequence[Fraction]) -> list[Decimal]:
    """Return the parts to one decimal, by largest remainder, adding up to the shown score."""
    floors = [int(each * 10 // 1) for each in points]
    left = int(round_to_tenths(sum(points, Fraction(0))) * 10) - sum(floors)
    by_remainder = sorted(range(len(points)), key=lambda at: floors[at] - points[at] * 10)
    for at in by_remainder[:left]:
        floors[at] += 1
    return [Decimal(floor).scaleb(-1) for floor in floors]


def to_json(readiness: Readiness) -> dict[str, Any]:
    """Return the shape of the REST API, numbers to four decimals."""
    return {
        "score": _number(readiness.score),
        "verdict": readiness.verdict,
        "claimed_not_proven": readiness.claimed_not_proven,
        "parts": [
            {
                "key": part.key,
                "points": _number(part.points),
                "maximum": _number(part.maximum),
                "sources": [
                    {
                        "key": line.key,
                        "points": _number(line.points),
                        "maximum": _number(line.maximum),
                    }
                    for line in part.lines
                ],
            }
            for part in readiness.parts
        ],
        "gates": [
            {
                "key": gate.key,
                "title": gate.title,
                "passed": gate.passed,
                "reason": gate.reason.text(),
                "opens": gate.opens.text() if gate.opens else None,
            }
            for gate in readiness.gates
        ],
        "items": [
            {"type": item.type, "key": item.key, "effect": _number(item.effect)}
            for item in readiness.items
        ],
        "next_steps": [
            {
                "action": step.action,
                "target": step.target,
                "gain": _number(step.gain),
                "hours": _number(step.hours),
                "opens_gate": step.opens_gate,
                "label": step.label.text(),
            }
            for step in readiness.shown_steps
        ],
    }


def _items(content: Content, facts: Facts, today: date, now: Evaluation) -> Iterator[ItemEffect]:
    """Yield every item that is there, its effect found by really taking it away."""
    for item_type, key, label in _item_names(content, facts):
        effect = now.score - score(content, without_item(facts, item_type, key), today)
        yield ItemEffect(item_type, key, label, effect)


def _item_names(content: Content, facts: Facts) -> Iterator[tuple[str, str, str]]:
    for milestone in content.milestones:
        if facts.statuses.get(milestone.key, "not_started") != "not_started":
            yield "milestone", milestone.key, milestone.title
    for piece in facts.pieces:
        yield "evidence", str(piece.id), piece.title
    for skill in content.skills:
        if skill.key in facts.self_levels:
            yield "self_assessment", skill.key, skill.title
        if skill.key in facts.other_levels:
            yield "assessment", skill.key, skill.title
    for position in facts.positions:
        yield "position", position.id, position.title
    for degree in facts.degrees:
        yield "degree", degree.id, degree.title


def _without_key(mapping: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name != key}


def _number(value: Fraction) -> float:
    return float(round(value, 4))
