"""A roadmap's readiness policy: the `readiness:` block of its content file."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Annotated, Self

from pydantic import Field, model_validator

from roadmap.catalog.field_types import (
    KNOWN_KEYS,
    Count,
    DegreeLevel,
    EvidenceKinds,
    Identifier,
    ImpactType,
    Location,
    Model,
    Points,
    Problem,
    Share,
    Title,
    Unique,
    exact_number,
    find_duplicate_keys,
    raise_problems,
    whole_number,
)
from roadmap.catalog.gates import Gate


class Weights(Model):
    """Points of the five parts, which add up to 100."""

    milestones: Points
    skills: Points
    evidence: Points
    impact: Points
    background: Points

    @model_validator(mode="after")
    def _check_sum(self) -> Self:
        if (points := sum(points for _, points in self)) != 100:
            raise ValueError(f"must add up to 100, and they add up to {float(points):g}")
        return self


class Factors(Model):
    """The factor of each tone, and of each side of an assessment."""

    claimed: Share
    evidenced: Share
    verified: Share
    self_assessed: Share = Field(alias="self")
    other_assessed: Share = Field(alias="other")

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if not self.claimed <= self.evidenced <= self.verified:
            # Otherwise adding evidence could lower a score.
            raise ValueError("must not fall from claimed to evidenced to verified")
        return self


class Requirement(Model):
    """`count` pieces of evidence of certain kinds, worth `points`."""

    key: Identifier
    title: Title
    kinds: EvidenceKinds
    count: Count
    points: Points


class Background(Model):
    """Points for years of ML engineering and for a degree.

    All numbers are points, except `years`.
    """

    years: Annotated[Fraction, exact_number(ge=0.1, le=50)] = Field(
        description="Years of practice that give full credit."
    )
    years_alone: Points
    years_with_degree: Points
    degree: Points
    degrees: dict[DegreeLevel, Share] = Field(json_schema_extra=KNOWN_KEYS)

    @property
    def points(self) -> Fraction:
        """Return the maximum number of points."""
        return max(self.years_alone, self.years_with_degree + self.degree)


class ScoreAndGates(Model):
    """The requirements of a verdict: minimum score and maximum number of gates not passed."""

    score: Points
    unpassed_gates: Annotated[int, whole_number(0, 100_000)] = Field(alias="standing")


class UnderWay(Model):
    """The minimum score for the verdict `under_way`."""

    score: Points


class ClaimedNotProven(Model):
    """The claimed points from which a share has to be verified."""

    claimed: Points
    verified_share: Share


class Verdicts(Model):
    """The thresholds of the verdicts."""

    ready: ScoreAndGates
    nearly: ScoreAndGates
    under_way: UnderWay
    claimed_not_proven: ClaimedNotProven


class Policy(Model):
    """A roadmap's own definition of ready. Numbers are exact: 0.3 is three tenths."""

    weights: Weights
    factors: Factors
    stages: Annotated[dict[Identifier, Points], Field(min_length=1)] = Field(
        description="Weight of each stage, by its key.", json_schema_extra=KNOWN_KEYS
    )
    required_floor: Annotated[Fraction, exact_number(gt=0, le=1)] = Field(
        description="The effort of a stage is at least this share of its required effort."
    )
    optional_cap: Share = Field(
        description="Optional effort counts up to this share of the stage's effort."
    )
    evidence: tuple[Requirement, ...]
    impact: Annotated[tuple[ImpactType, ...], Unique]
    background: Background | None = Field(
        None, description="May only be omitted if the part's weight is 0."
    )
    gates: tuple[Gate, ...]
    verdicts: Verdicts

    @model_validator(mode="after")
    def _check_points(self) -> Self:
        raise_problems(self._problems())
        return self

    def _problems(self) -> Iterator[Problem]:
        yield from find_duplicate_keys(
            ("requirement", each.key, ("evidence", place, "key"))
            for place, each in enumerate(self.evidence)
        )
        yield from find_duplicate_keys(
            ("gate", each.key, ("gates", place, "key")) for place, each in enumerate(self.gates)
        )
        weight = self.weights.evidence
        points = sum((each.points for each in self.evidence), Fraction())
        if self.evidence and points != weight:
            yield Problem(
                ("evidence",),
                f"the points add up to {float(points):g}, and 'weights.evidence' is "
                f"{float(weight):g}: they must be equal",
            )
        weight = self.weights.background
        if self.background is None:
            if weight:
                yield Problem(("background",), "'background' is missing")
        elif self.background.points != weight:
            yield Problem(
                ("background",),
                f"its most points are {float(self.background.points):g} ('years_alone', or "
                "'years_with_degree' and 'degree' together, whichever is more), and "
                f"'weights.background' is {float(weight):g}: they must be equal",
            )

    def named_stages(self) -> Iterator[tuple[Location, str]]:
        """Yield the key of every stage named in the policy, with its location."""
        for key in self.stages:
            yield ("stages", key), key
        for place, gate in enumerate(self.gates):
            if stage := getattr(gate, "stage", ""):
                yield ("gates", place, "stage"), stage
            for number, key in enumerate(getattr(gate, "stages", ())):
                yield ("gates", place, "stages", number), key

    @cached_property
    def scaled_tone_factors(self) -> tuple[tuple[int, int, int], int]:
        """Return the factors of the three tones as integers, and their common denominator."""
        exact = (self.factors.claimed, self.factors.evidenced, self.factors.verified)
        scale = lcm(*(factor.denominator for factor in exact))
        claimed, evidenced, verified = (int(factor * scale) for factor in exact)
        return (claimed, evidenced, verified), scale

    @cached_property
    def scaled_requirements(self) -> tuple[int, ...]:
        """Return the points of one piece for each requirement, scaled to integers."""
        exact = [requirement.points / requirement.count for requirement in self.evidence]
        scale = lcm(*(points.denominator for points in exact))
        return tuple(int(points * scale) for points in exact)
