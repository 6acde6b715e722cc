"""Explain the score: the source of every point, the effect of every item, and next steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from roadmap.evidence.item import Item
from roadmap.readiness.evidence_tally import proving_links
from roadmap.readiness.facts import Degree, Facts
from roadmap.readiness.gates.gate import GateResult
from roadmap.readiness.messages import Message
from roadmap.readiness.next_steps import Step, next_steps, top_three
from roadmap.readiness.no_effect import no_effect_reasons
from roadmap.readiness.rules import (
    ZERO,
    Evaluation,
    PartScore,
    background_credits,
    evaluate,
    milestones_share,
    round_to_tenths,
    score_of,
)
from roadmap.readiness.tally import Tally
from roadmap.skills.rules import is_old

if TYPE_CHECKING:
    from roadmap.catalog.content import Content, Skill, Stage
    from roadmap.catalog.policy import Requirement

# The item types, and the field of `Facts` that holds each.
ITEM_FIELDS = {
    "milestone": "statuses",
    "evidence": "pieces",
    "self_assessment": "self_levels",
    "assessment": "other_levels",  # by someone else
    "position": "positions",
    "degree": "degrees",
}
# The actions of steps that add evidence for a milestone that is already done.
PROOFS = ("record_evidence", "link_evidence")


@dataclass(frozen=True, slots=True)
class ItemEffect:
    """An item and its effect in points: the current score minus the score without it.

    `type` is a key of `ITEM_FIELDS`; `key` is a milestone key, a skill key or an id. The effect can
    be negative, or 0 for the given `reasons`.
    """

    type: str
    key: str
    label: str
    effect: Fraction
    reasons: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A source of points in a part. The lines of a part add up to its points."""

    key: str
    points: Fraction
    maximum: Fraction


@dataclass(frozen=True, slots=True)
class StageLine(Line):
    """A stage's share of part 1, measured against `target_hours`.

    `done_hours` and `optional_hours` are lists by tone (claimed, evidenced, verified), each hour
    counted once; `done_hours` includes the optional ones. `floor_applies` is true if more hours
    were marked not applicable than the floor allows to deduct. If `counted` is false, the other
    stages share the stage's weight and its maximum is 0.
    """

    stage: Stage
    target_hours: Fraction
    done_hours: list[int]
    optional_hours: list[int]
    floor_applies: bool
    counted: bool


@dataclass(frozen=True, slots=True)
class SkillLine(Line):
    """A skill's share of part 2; another person's assessment overrides the self-assessment.

    Old assessments still count; `self_is_old` and `other_is_old` only flag them.
    """

    skill: Skill
    self_level: int | None
    other_level: int | None
    self_is_old: bool
    other_is_old: bool


@dataclass(frozen=True, slots=True)
class RequirementLine(Line):
    """A requirement's share of part 3, with the counted pieces and their tones, best first."""

    requirement: Requirement
    pieces: list[tuple[Item, str]]


@dataclass(frozen=True, slots=True)
class ImpactLine(Line):
    """An impact type's share of part 4, with the counted piece and its tone; `key` is the type."""

    piece: Item | None
    tone: str = ""


@dataclass(frozen=True, slots=True)
class BackgroundLine(Line):
    """Part 5, self-declared: the higher of years alone and years with a degree.

    `with_degree` is true if the latter is higher. The maxima of both alternatives are in points.
    """

    years: Fraction
    years_points: Fraction
    years_alone_maximum: Fraction
    years_with_degree_maximum: Fraction
    degree: Degree | None
    degree_points: Fraction
    degree_maximum: Fraction
    with_degree: bool

    @property
    def years_maximum(self) -> Fraction:
        """Return the maximum for years in the higher alternative."""
        return self.years_with_degree_maximum if self.with_degree else self.years_alone_maximum


@dataclass(frozen=True, slots=True)
class Part(PartScore):
    """A part and its lines; `shown` is rounded so that the five parts add up to the shown score."""

    shown: Decimal
    sources: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Readiness(Evaluation):
    """The evaluation with its explanation.

    `verifiers` is the number of people who verified evidence; `steps` are all candidates.
    """

    verifiers: int
    parts: tuple[Part, ...]
    items: tuple[ItemEffect, ...]
    steps: tuple[Step, ...]

    @property
    def next_steps(self) -> list[Step]:
        """Return the three most useful steps."""
        return top_three(self.steps)

    @property
    def best_proof(self) -> Step | None:
        """Return the step with the highest gain that adds evidence for a done milestone."""
        proofs = [step for step in self.steps if step.action in PROOFS and step.gain > 0]
        return max(proofs, key=lambda step: (step.gain, -step.place), default=None)

    @property
    def unpassed_gates(self) -> list[GateResult]:
        """Return the gates that are not passed."""
        return [gate for gate in self.gates if not gate.passed]


def explain(tally: Tally) -> Readiness:
    """Evaluate the facts against the roadmap and explain the result."""
    judged = evaluate(tally)
    shown = round_parts([part.points for part in judged.parts])
    parts = tuple(
        Part(part.key, part.points, part.maximum, decimal, tuple(_lines(tally, part)))
        for part, decimal in zip(judged.parts, shown, strict=True)
    )
    # The effect of an item is the change in score without it. Pieces whose removal loses the same
    # entries share one computation, because there may be thousands.
    known: dict[object, Fraction] = {}

    def score_without(item_type: str, key: str) -> Fraction:
        if item_type != "evidence":
            rest = without_item(tally.facts, item_type, key)
            return score_of(Tally(tally.content, rest, tally.today, tally.evidence))
        loss = tally.counts.entries_lost_without(key)
        if loss not in known:
            known[loss] = score_of(tally.without_piece(key))
        return known[loss]

    items = tuple(
        ItemEffect(
            type_, key, label, effect, () if effect else no_effect_reasons(tally, type_, key)
        )
        for type_, key, label in _items(tally.content, tally.facts)
        for effect in [judged.score - score_without(type_, key)]
    )
    values = {field.name: getattr(judged, field.name) for field in fields(judged)}
    steps = tuple(next_steps(tally))
    explanation = {"verifiers": tally.verifiers, "parts": parts, "items": items, "steps": steps}
    return Readiness(**values | explanation)


def without_item(facts: Facts, item_type: str, key: str) -> Facts:
    """Return the facts without one item, identified as in `ItemEffect`."""
    name = ITEM_FIELDS[item_type]
    items = getattr(facts, name)
    rest: object
    if isinstance(items, Mapping):
        rest = {each: value for each, value in items.items() if each != key}
    else:
        rest = tuple(each for each in items if str(each.id) != key)
    return replace(facts, **{name: rest})  # type: ignore[arg-type]


def round_parts(points: Sequence[Fraction]) -> list[Decimal]:
    """Round the parts to one decimal by largest remainder, to add up to the shown score."""
    floors = [int(each * 10 // 1) for each in points]
    left = int(round_to_tenths(sum(points, ZERO)) * 10) - sum(floors)
    by_remainder = sorted(range(len(points)), key=lambda at: floors[at] - points[at] * 10)
    for at in by_remainder[:left]:
        floors[at] += 1
    return [Decimal(floor).scaleb(-1) for floor in floors]


def _items(content: Content, facts: Facts) -> Iterator[tuple[str, str, str]]:
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


def _lines(tally: Tally, part: PartScore) -> Iterator[Line]:
    """Yield the lines of a part; none if the part is empty in this roadmap."""
    if part.maximum:
        yield from _LINES[part.key](tally, part)


def _stage_lines(tally: Tally, part: PartScore) -> Iterator[Line]:
    policy = tally.content.policy
    _share, credits_ = milestones_share(tally, *policy.scaled_tone_factors)
    weights = sum(each.weight for each in credits_ if each.counted)
    for hours, each in zip(tally.stages, credits_, strict=True):
        if not each.weight:
            continue
        stage = hours.stage
        maximum = part.maximum * each.weight / weights if each.counted else ZERO
        asked = (
            Fraction(stage.hours) if stage.is_bonus else hours.target_hours(policy.required_floor)
        )
        left = stage.required_hours - hours.not_applicable_required_hours
        yield StageLine(
            key=stage.key,
            points=maximum * each.credit,
            maximum=maximum,
            stage=stage,
            target_hours=asked,
            done_hours=[a + b for a, b in zip(hours.required, hours.optional, strict=True)],
            optional_hours=hours.optional,
            floor_applies=not stage.is_bonus and asked > left,
            counted=each.counted,
        )


def _skill_lines(tally: Tally, part: PartScore) -> Iterator[Line]:
    facts, factors = tally.facts, tally.content.policy.factors
    maximum = part.maximum / len(tally.content.skills)
    for skill in tally.content.skills:
        own, other = facts.self_levels.get(skill.key), facts.other_levels.get(skill.key)
        level, factor = own or 0, factors.self_assessed
        if other is not None:
            level, factor = other, factors.other_assessed
        points = maximum * factor * Fraction(min(level, skill.bar), skill.bar)
        old = [
            skill.key in days and is_old(days[skill.key], tally.today)
            for days in (facts.self_assessed_on, facts.other_assessed_on)
        ]
        yield SkillLine(skill.key, points, maximum, skill, own, other, *old)


def _requirement_lines(tally: Tally, part: PartScore) -> Iterator[Line]:
    requirements = tally.content.policy.evidence
    total = sum((each.points for each in requirements), ZERO)
    for each in requirements:
        fitting = [piece for piece in tally.unlapsed_evidence if piece.counted.kind in each.kinds]
        pieces = _best_first(tally, fitting)[: each.count]
        maximum = part.maximum * each.points / total
        worth = sum((_factor(tally, tone) for _piece, tone in pieces), ZERO) / each.count
        yield RequirementLine(each.key, maximum * worth, maximum, each, pieces)


def _impact_lines(tally: Tally, part: PartScore) -> Iterator[Line]:
    types = tally.content.policy.impact
    maximum = part.maximum / len(types)
    for name in types:
        fitting = [
            piece
            for piece in tally.unlapsed_evidence
            if any(impact.type == name and impact.is_complete for impact in piece.counted.impacts)
        ]
        best = next(iter(_best_first(tally, fitting)), None)
        if best is None:
            yield ImpactLine(name, ZERO, maximum, None)
        else:
            yield ImpactLine(name, maximum * _factor(tally, best[1]), maximum, *best)


def _background_lines(tally: Tally, part: PartScore) -> Iterator[Line]:
    asked = tally.content.policy.background
    if asked is None:
        return
    years, best, degree_credit = background_credits(tally, asked)
    # A part has more points if another one is empty.
    alone, beside, degree = (
        part.maximum * points / asked.points
        for points in (asked.years_alone, asked.years_with_degree, asked.degree)
    )
    with_degree = beside * years + degree * degree_credit > alone * years
    yield BackgroundLine(
        key="background",
        points=part.points,
        maximum=part.maximum,
        years=tally.years,
        years_points=years * (beside if with_degree else alone),
        years_alone_maximum=alone,
        years_with_degree_maximum=beside,
        degree=best,
        degree_points=degree * degree_credit if with_degree else ZERO,
        degree_maximum=degree,
        with_degree=with_degree,
    )


def _best_first(tally: Tally, pieces: Iterable[Item]) -> list[tuple[Item, str]]:
    """Return pieces with their tones, verified ones first."""
    tones = [
        (piece, "verified" if proving_links(tally.content, piece) else "evidenced")
        for piece in pieces
    ]
    return sorted(tones, key=lambda each: each[1] == "evidenced")


def _factor(tally: Tally, tone: str) -> Fraction:
    factor: Fraction = getattr(tally.content.policy.factors, tone)
    return factor


_LINES = {
    "milestones": _stage_lines,
    "skills": _skill_lines,
    "evidence": _requirement_lines,
    "impact": _impact_lines,
    "background": _background_lines,
}
