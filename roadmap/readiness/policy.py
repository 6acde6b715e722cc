"""What a roadmap asks for, as data: the `readiness:` block of its content file, made exact.

Numbers become fractions as they are written (0.3 is three tenths), so that the rule can be exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm

from roadmap.readiness.gates import GateRule, parse_gate
from roadmap.readiness.messages import DEGREE_LEVELS, IMPACT_NAMES, KIND_NAMES
from roadmap.readiness.policy_reader import PolicyError, PolicyReader

__all__ = ["PARTS", "Background", "Factors", "Policy", "PolicyError", "Requirement", "Verdicts"]

PARTS = ("milestones", "skills", "evidence", "impact", "background")


@dataclass(frozen=True, slots=True)
class Factors:
    """What each tone, and each side of an assessment, is worth: shares from 0 to 1."""

    claimed: Fraction
    evidenced: Fraction
    verified: Fraction
    self_assessed: Fraction
    other_assessed: Fraction


@dataclass(frozen=True, slots=True)
class Requirement:
    """`count` pieces of evidence of some kinds, worth `points`."""

    key: str
    title: str
    kinds: frozenset[str]
    ordered_kinds: tuple[str, ...]
    count: int
    points: Fraction


@dataclass(frozen=True, slots=True)
class Background:
    """Points for years of ML engineering and for a degree; `years` is where the years are full."""

    years: Fraction
    years_alone: Fraction
    years_with_degree: Fraction
    degree: Fraction
    degrees: Mapping[str, Fraction]

    @property
    def points(self) -> Fraction:
        """Return the most that can be had."""
        return max(self.years_alone, self.years_with_degree + self.degree)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The thresholds: points of the score, and how many gates may stand at most."""

    ready_score: Fraction
    ready_unpassed_gates: int
    nearly_score: Fraction
    nearly_unpassed_gates: int
    under_way_score: Fraction
    claimed_points: Fraction
    verified_share: Fraction


@dataclass(frozen=True)
class Policy:
    """A roadmap's own definition of ready."""

    weights: Mapping[str, Fraction]
    factors: Factors
    stages: Mapping[str, Fraction]
    required_floor: Fraction
    optional_cap: Fraction
    evidence: tuple[Requirement, ...]
    impact: tuple[str, ...]
    background: Background | None
    gates: tuple[GateRule, ...]
    verdicts: Verdicts

    @classmethod
    def parse(cls, data: Mapping[str, object]) -> Policy:
        """Read the block; raises `PolicyError`, which names the key, for anything unusable."""
        reader = PolicyReader(data)
        weights = _weights(reader.section("weights"))
        stages = reader.section("stages")
        policy = cls(
            weights=weights,
            factors=_factors(reader.section("factors")),
            stages={key: stages.number(key) for key in stages.names()},
            required_floor=_positive_share(reader, "required_floor"),
            optional_cap=reader.number("optional_cap", 0, 1),
            evidence=_evidence(reader, weights["evidence"]),
            impact=reader.words("impact", IMPACT_NAMES, least=0),
            background=_background(reader, weights["background"]),
            gates=_gates(reader),
            verdicts=_verdicts(reader.section("verdicts")),
        )
        reader.close()
        return policy

    @cached_property
    def scaled_tone_factors(self) -> tuple[tuple[int, int, int], int]:
        """Return the factors of claimed, evidenced and verified as integers over one number."""
        exact = (self.factors.claimed, self.factors.evidenced, self.factors.verified)
        scale = lcm(*(factor.denominator for factor in exact))
        claimed, evidenced, verified = (int(factor * scale) for factor in exact)
        return (claimed, evidenced, verified), scale

    def maxima(self, empty: tuple[bool, ...]) -> tuple[Fraction, ...]:
        """Return what each part gives at most; an empty one gives its points to the others."""
        if empty not in self._maxima:
            weights = [
                Fraction(0) if is_empty else self.weights[key]
                for key, is_empty in zip(PARTS, empty, strict=True)
            ]
            total = sum(weights)
            self._maxima[empty] = tuple(
                weight * 100 / total if total else Fraction(0) for weight in weights
            )
        return self._maxima[empty]

    @cached_property
    def _maxima(self) -> dict[tuple[bool, ...], tuple[Fraction, ...]]:
        return {}

    @cached_property
    def relevant_years(self) -> Fraction:
        """Return the years beyond which more years change nothing."""
        asked = [rule.years for rule in self.gates if rule.years is not None]
        if self.background is not None:
            asked.append(self.background.years)
        return max(asked, default=Fraction(0))


def _positive_share(reader: PolicyReader, name: str) -> Fraction:
    """Return a share above 0: it ends as a divisor."""
    share = reader.number(name, 0, 1)
    if not share:
        raise PolicyError(reader.at(name), "must be more than 0")
    return share


def _weights(reader: PolicyReader) -> dict[str, Fraction]:
    weights = {part: reader.number(part, 0, 100) for part in PARTS}
    reader.close()
    if sum(weights.values()) != 100:
        raise PolicyError("weights", "must add up to 100")
    return weights


def _factors(reader: PolicyReader) -> Factors:
    factors = Factors(
        claimed=reader.number("claimed", 0, 1),
        evidenced=reader.number("evidenced", 0, 1),
        verified=reader.number("verified", 0, 1),
        self_assessed=reader.number("self", 0, 1),
        other_assessed=reader.number("other", 0, 1),
    )
    reader.close()
    if not factors.claimed <= factors.evidenced <= factors.verified:
        # Otherwise adding evidence could lower a score.
        raise PolicyError("factors", "must not fall from claimed to evidenced to verified")
    return factors


def _evidence(reader: PolicyReader, weight: Fraction) -> tuple[Requirement, ...]:
    requirements = []
    for part in reader.sections("evidence"):
        kinds = part.words("kinds", KIND_NAMES)
        requirement = Requirement(
            key=part.text("key"),
            title=part.text("title"),
            kinds=frozenset(kinds),
            ordered_kinds=kinds,
            count=part.whole("count", 1, 100),
            points=part.number("points", 0, 100),
        )
        part.close()
        requirements.append(requirement)
    _check_unique_keys("evidence", [requirement.key for requirement in requirements])
    if requirements and sum(requirement.points for requirement in requirements) != weight:
        raise PolicyError("evidence", f"points must add up to the part's {weight}")
    return tuple(requirements)


def _background(reader: PolicyReader, weight: Fraction) -> Background | None:
    if not weight and not reader.has("background"):
        return None
    part = reader.section("background")
    degrees = part.section("degrees")
    background = Background(
        years=part.number("years", Fraction(1, 10), 60),
        years_alone=part.number("years_alone", 0, 100),
        years_with_degree=part.number("years_with_degree", 0, 100),
        degree=part.number("degree", 0, 100),
        degrees={
            level: degrees.number(level, 0, 1) for level in DEGREE_LEVELS if degrees.has(level)
        },
    )
    degrees.close()
    part.close()
    if background.points != weight:
        raise PolicyError("background", f"points must come to the part's {weight} at most")
    return background


def _gates(reader: PolicyReader) -> tuple[GateRule, ...]:
    gates = tuple(parse_gate(part) for part in reader.sections("gates"))
    _check_unique_keys("gates", [gate.key for gate in gates])
    return gates


def _verdicts(reader: PolicyReader) -> Verdicts:
    ready, nearly = reader.section("ready"), reader.section("nearly")
    under_way, claimed = reader.section("under_way"), reader.section("claimed_not_proven")
    verdicts = Verdicts(
        ready_score=ready.number("score", 0, 100),
        ready_unpassed_gates=ready.whole("standing"),
        nearly_score=nearly.number("score", 0, 100),
        nearly_unpassed_gates=nearly.whole("standing"),
        under_way_score=under_way.number("score", 0, 100),
        claimed_points=claimed.number("claimed", 0, 100),
        verified_share=claimed.number("verified_share", 0, 1),
    )
    for part in (ready, nearly, under_way, claimed, reader):
        part.close()
    return verdicts


def _check_unique_keys(name: str, keys: Sequence[str]) -> None:
    if len(set(keys)) != len(keys):
        raise PolicyError(name, "names a key twice")
