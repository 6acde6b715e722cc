"""Where the points of each part come from, line by line; the lines add up to their part."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from roadmap.evidence.item import Item
from roadmap.readiness.facts import Degree
from roadmap.readiness.rules import PartScore, background_credits, stage_credits
from roadmap.readiness.tally import Tally

if TYPE_CHECKING:
    from roadmap.catalog.policy import Requirement

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class StageLine:
    """A stage's share of part 1.

    `asked_hours` is what the credit is measured against (D). `floor_applies` tells that more was
    marked not applicable than the floor allows to take away. Where `counted` is false the stage's
    weight went to the others and its maximum is 0.
    """

    key: str
    title: str
    points: Fraction
    maximum: Fraction
    credit: Fraction
    asked_hours: Fraction
    done_hours: tuple[int, int, int]  # claimed, evidenced, verified; each hour once
    optional_hours: tuple[int, int, int]  # those of the done hours that are optional
    floor_applies: bool
    is_bonus: bool
    counted: bool


@dataclass(frozen=True, slots=True)
class SkillLine:
    """A skill's share of part 2; `source` is other, self or None, whichever level counts."""

    key: str
    title: str
    points: Fraction
    maximum: Fraction
    bar: int
    self_level: int | None
    other_level: int | None
    source: str | None


@dataclass(frozen=True, slots=True)
class RequirementLine:
    """A requirement's share of part 3, with the pieces that count, the best first."""

    key: str
    title: str
    points: Fraction
    maximum: Fraction
    kinds: tuple[str, ...]
    count: int
    pieces: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class ImpactLine:
    """An impact type's share of part 4; `key` is the type, `piece` the one that counts."""

    key: str
    points: Fraction
    maximum: Fraction
    piece: Item | None


@dataclass(frozen=True, slots=True)
class BackgroundLine:
    """Part 5, declared by the person; `with_degree` tells which of the two sums is the higher."""

    key: str
    points: Fraction
    maximum: Fraction
    years: Fraction
    years_asked: Fraction
    degree: Degree | None
    with_degree: bool


Line = StageLine | SkillLine | RequirementLine | ImpactLine | BackgroundLine


def lines_of(tally: Tally, part: PartScore) -> tuple[Line, ...]:
    """Return the lines of a part; none where the part is empty in this roadmap."""
    if not part.maximum:
        return ()
    return _TRACERS[part.key](tally, part)


def _stage_lines(tally: Tally, part: PartScore) -> tuple[Line, ...]:
    policy = tally.content.policy
    credits_ = stage_credits(tally, *policy.scaled_tone_factors)
    counted = sum(each.weight for each in credits_ if each.counted)
    lines = []
    for hours, each in zip(tally.stages, credits_, strict=True):
        if not each.weight:
            continue
        stage = hours.stage
        maximum = part.maximum * each.weight / counted if each.counted else ZERO
        asked = Fraction(stage.hours) if stage.is_bonus else hours.asked(policy.required_floor)
        lines.append(
            StageLine(
                key=stage.key,
                title=stage.title,
                points=maximum * each.credit,
                maximum=maximum,
                credit=each.credit,
                asked_hours=asked,
                done_hours=_by_tone(
                    [a + b for a, b in zip(hours.required, hours.optional, strict=True)]
                ),
                optional_hours=_by_tone(hours.optional),
                floor_applies=not stage.is_bonus
                and asked > stage.required_hours - hours.not_applicable_required_hours,
                is_bonus=stage.is_bonus,
                counted=each.counted,
            )
        )
    return tuple(lines)


def _skill_lines(tally: Tally, part: PartScore) -> tuple[Line, ...]:
    factors = tally.content.policy.factors
    maximum = part.maximum / len(tally.content.skills)
    lines = []
    for skill in tally.content.skills:
        own = tally.facts.self_levels.get(skill.key)
        other = tally.facts.other_levels.get(skill.key)
        level = own if other is None else other
        factor = factors.self_assessed if other is None else factors.other_assessed
        lines.append(
            SkillLine(
                key=skill.key,
                title=skill.title,
                points=maximum * factor * min(Fraction(1), Fraction(level or 0, skill.bar)),
                maximum=maximum,
                bar=skill.bar,
                self_level=own,
                other_level=other,
                source="other" if other is not None else "self" if own is not None else None,
            )
        )
    return tuple(lines)


def _requirement_lines(tally: Tally, part: PartScore) -> tuple[Line, ...]:
    requirements = tally.content.policy.evidence
    total = sum((each.points for each in requirements), ZERO)
    return tuple(
        _requirement_line(tally, each, part.maximum * each.points / total) for each in requirements
    )


def _requirement_line(tally: Tally, requirement: Requirement, maximum: Fraction) -> RequirementLine:
    fitting = [
        piece for piece in tally.unexpired_evidence if piece.counted.kind in requirement.kinds
    ]
    fitting.sort(key=lambda piece: not piece.verified)
    pieces = tuple(fitting[: requirement.count])
    worth = sum((_factor(tally, piece) for piece in pieces), ZERO) / requirement.count
    return RequirementLine(
        key=requirement.key,
        title=requirement.title,
        points=maximum * worth,
        maximum=maximum,
        kinds=requirement.kinds,
        count=requirement.count,
        pieces=pieces,
    )


def _impact_lines(tally: Tally, part: PartScore) -> tuple[Line, ...]:
    types = tally.content.policy.impact
    maximum = part.maximum / len(types)
    lines = []
    for name in types:
        fitting = [
            piece
            for piece in tally.unexpired_evidence
            if any(impact.type == name and impact.complete for impact in piece.counted.impacts)
        ]
        best = min(fitting, key=lambda piece: not piece.verified, default=None)
        points = maximum * _factor(tally, best) if best else ZERO
        lines.append(ImpactLine(key=name, points=points, maximum=maximum, piece=best))
    return tuple(lines)


def _background_lines(tally: Tally, part: PartScore) -> tuple[Line, ...]:
    asked = tally.content.policy.background
    if asked is None:
        return ()
    years, best, degree_credit = background_credits(tally, asked)
    alone = asked.years_alone * years
    with_degree = asked.years_with_degree * years + asked.degree * degree_credit
    return (
        BackgroundLine(
            key="background",
            points=part.points,
            maximum=part.maximum,
            years=tally.years,
            years_asked=asked.years,
            degree=best,
            with_degree=with_degree > alone,
        ),
    )


def _factor(tally: Tally, piece: Item) -> Fraction:
    factors = tally.content.policy.factors
    return factors.verified if piece.verified else factors.evidenced


def _by_tone(hours: list[int]) -> tuple[int, int, int]:
    claimed, evidenced, verified = hours
    return claimed, evidenced, verified


_TRACERS = {
    "milestones": _stage_lines,
    "skills": _skill_lines,
    "evidence": _requirement_lines,
    "impact": _impact_lines,
    "background": _background_lines,
}
