"""What a policy sets of each type of gate. How a gate is judged is in the room `readiness`."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from roadmap.catalog.field_types import (
    Count,
    EvidenceKinds,
    ImpactType,
    Model,
    Share,
    Title,
    Unique,
    Word,
    exactly,
    whole,
)


class GateSettings(Model):
    """What every gate has."""

    key: Word
    title: Title


class YearsGate(GateSettings):
    """So many years of ML engineering are recorded."""

    type: Literal["years"]
    years: Annotated[Fraction, exactly(gt=0, le=50)]


class StageVerifiedGate(GateSettings):
    """A share of what a stage requires is done and verified."""

    type: Literal["stage_verified"]
    stage: Word
    share: Share
    within_months: Annotated[int, whole(1, 600)] | None = Field(
        None, description="How old the evidence may be; any age without it."
    )
    verifiers: Annotated[int, whole(1, 10)] = Field(
        1, description="How many people at least have verified it, between them."
    )


class VerifiedPiecesGate(GateSettings):
    """So many pieces of evidence of some kinds are verified."""

    type: Literal["verified_pieces"]
    kinds: EvidenceKinds
    count: Count
    stages: Annotated[tuple[Word, ...], Unique] = Field(
        (), description="Each piece is confirmed for a milestone of one of these; any without it."
    )


class VerifiedImpactsGate(GateSettings):
    """Each of some types of impact has a verified, complete metric."""

    type: Literal["verified_impacts"]
    types: Annotated[tuple[ImpactType, ...], Unique] = Field(min_length=1)
    baseline: Annotated[tuple[ImpactType, ...], Unique] = Field(
        (), description="The types whose metric needs the value from before."
    )


class SkillsAtBarGate(GateSettings):
    """Every skill is at its bar by someone else's latest assessment."""

    type: Literal["skills_at_bar"]


class SustainedGate(GateSettings):
    """Verified evidence for a stage is spread over months, and recent."""

    type: Literal["sustained"]
    stage: Word
    months: Annotated[int, whole(1, 60)]
    span_days: Annotated[int, whole(1, 3650)]
    within_months: Annotated[int, whole(1, 120)]


Gate = Annotated[
    YearsGate
    | StageVerifiedGate
    | VerifiedPiecesGate
    | VerifiedImpactsGate
    | SkillsAtBarGate
    | SustainedGate,
    Field(discriminator="type"),
]
