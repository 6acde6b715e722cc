"""The settings of each gate type in a policy. Gates are evaluated in `readiness.gates`."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from roadmap.catalog.field_types import (
    Count,
    EvidenceKinds,
    Identifier,
    ImpactType,
    Model,
    Share,
    Title,
    Unique,
    exact_number,
    whole_number,
)


class GateSettings(Model):
    """Settings that every gate has.

    In every gate, `stage` and `stages` are keys of stages, which must exist in the roadmap.
    """

    key: Identifier
    title: Title


class YearsGate(GateSettings):
    """A number of years of ML engineering is recorded."""

    type: Literal["years"]
    years: Annotated[Fraction, exact_number(gt=0, le=50)]


class StageVerifiedGate(GateSettings):
    """A share of the required hours of a stage is done and verified."""

    type: Literal["stage_verified"]
    stage: Identifier
    share: Share
    within_months: Annotated[int, whole_number(1, 600)] | None = Field(
        None, description="Maximum age of the evidence; by default any age."
    )
    verifiers: Annotated[int, whole_number(1, 10)] = Field(
        1, description="Minimum number of different people who verified it."
    )


class VerifiedPiecesGate(GateSettings):
    """A number of pieces of evidence of certain kinds is verified."""

    type: Literal["verified_pieces"]
    kinds: EvidenceKinds
    count: Count
    stages: Annotated[tuple[Identifier, ...], Unique] = Field(
        (), description="Each piece is confirmed for a milestone of one of these; default: any."
    )


class VerifiedImpactsGate(GateSettings):
    """Each of certain impact types has a verified, complete metric."""

    type: Literal["verified_impacts"]
    types: Annotated[tuple[ImpactType, ...], Unique] = Field(min_length=1)
    baseline: Annotated[tuple[ImpactType, ...], Unique] = Field(
        (), description="The types whose metric needs a value from before."
    )


class SkillsAtBarGate(GateSettings):
    """Every skill is at its bar in the latest assessment by someone else."""

    type: Literal["skills_at_bar"]


class SustainedGate(GateSettings):
    """Verified evidence for a stage is recent and spread over months."""

    type: Literal["sustained"]
    stage: Identifier
    months: Annotated[int, whole_number(1, 60)]
    span_days: Annotated[int, whole_number(1, 3650)]
    within_months: Annotated[int, whole_number(1, 120)]


Gate = Annotated[
    YearsGate
    | StageVerifiedGate
    | VerifiedPiecesGate
    | VerifiedImpactsGate
    | SkillsAtBarGate
    | SustainedGate,
    Field(discriminator="type"),
]
