"""Evidence as the API reads and writes it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import Field
from sqlalchemy.orm import Session, selectinload

from roadmap.api.field_types import (
    UNSET,
    Body,
    Key,
    OneOf,
    Shape,
    Text,
    Timestamp,
    required_line,
    single_line,
    web_url,
)
from roadmap.evidence.constants import (
    DECISIONS,
    IMPACT_TYPES,
    KINDS,
    MAX_IMPACTS,
    MAX_MILESTONES,
    STATES,
    VISIBILITIES,
)
from roadmap.evidence.item import Impact
from roadmap.evidence.models import Confirmation, Evidence, EvidenceVersion, Review
from roadmap.evidence.repository import evidence_input
from roadmap.evidence.rules import MAX_LENGTHS, EvidenceInput

Kind = Annotated[str, OneOf(KINDS)]
Visibility = Annotated[str, OneOf(VISIBILITIES)]
ImpactType = Annotated[str, OneOf(IMPACT_TYPES)]
ReviewState = Annotated[str, OneOf(STATES)]
Decision = Annotated[str, OneOf(DECISIONS)]

DEFAULT_VISIBILITY = "portfolio"
TEXT_FIELDS = ("url", "description", "role", "issuer")
DATE_FIELDS = ("issued_on", "expires_on")


class ImpactShape(Shape):
    """A measured effect."""

    type: ImpactType
    metric: str
    baseline: str
    result: str
    unit: str
    source_url: str


class ReviewShape(Shape):
    """The word of a reviewer on a version."""

    decision: Decision
    version: int
    by: str
    comment: str
    decided_at: Timestamp


class EvidenceShape(Shape):
    """A piece of evidence in its newest version.

    `confirmed` are the milestones that a reviewer confirmed for `verified_version`, which counts
    until a newer one is judged.
    """

    id: uuid.UUID
    kind: Kind
    title: str
    url: str
    occurred_on: dt.date
    description: str
    role: str
    visibility: Visibility
    issuer: str
    issued_on: dt.date | None
    expires_on: dt.date | None
    milestones: list[str]
    skills: list[str]
    impacts: list[ImpactShape]
    review_state: ReviewState
    confirmed: list[str]
    version: int
    verified_version: int | None
    review: ReviewShape | None
    submitted_at: Timestamp | None
    created_at: Timestamp
    updated_at: Timestamp


class ImpactBody(Body):
    """A measured effect; `metric`, `result` and `unit` make it count as quantified."""

    type: ImpactType
    metric: Annotated[str, required_line(MAX_LENGTHS["metric"])]
    baseline: Annotated[str, single_line(MAX_LENGTHS["baseline"])] = ""
    result: Annotated[str, single_line(MAX_LENGTHS["result"])] = ""
    unit: Annotated[str, single_line(MAX_LENGTHS["unit"])] = ""
    source_url: Annotated[str, web_url(MAX_LENGTHS["source_url"])] = ""

    def to_impact_input(self) -> Impact:
        return Impact(**self.model_dump())


class _OptionalFields(Body):
    """What a piece may have. It needs a link or a description."""

    url: Annotated[str, web_url(MAX_LENGTHS["url"])] | None = Field(
        None, description="An http or https address."
    )
    description: Annotated[str, Text(MAX_LENGTHS["description"])] | None = Field(
        None, description="Markdown."
    )
    role: Annotated[str, single_line(MAX_LENGTHS["role"])] | None = Field(
        None, description="Your part."
    )
    issuer: Annotated[str, single_line(MAX_LENGTHS["issuer"])] | None = None
    issued_on: dt.date | None = None
    expires_on: dt.date | None = None
    milestones: Annotated[list[Key], Field(max_length=MAX_MILESTONES)] | None = Field(
        None, description="Keys of the milestones that it should prove."
    )
    skills: Annotated[list[Key], Field(max_length=50)] | None = None
    impacts: Annotated[list[ImpactBody], Field(max_length=MAX_IMPACTS)] | None = None


class NewEvidence(_OptionalFields):
    """A new piece. It needs a link or a description."""

    kind: Kind
    title: Annotated[str, required_line(MAX_LENGTHS["title"])]
    occurred_on: dt.date = Field(description="Not in the future, and not before 1950.")
    visibility: Visibility | None = Field(
        DEFAULT_VISIBILITY, description="Null is the default, as where it is left out."
    )

    def evidence_input(self) -> EvidenceInput:
        return EvidenceInput(
            kind=self.kind,
            title=self.title,
            occurred_on=self.occurred_on,
            visibility=self.visibility or DEFAULT_VISIBILITY,
            **optional_values(self),
        )


class EvidenceChange(_OptionalFields):
    """What is left out stays, null clears; kind, title and date cannot be cleared."""

    kind: Kind = UNSET
    title: Annotated[str, required_line(MAX_LENGTHS["title"])] = UNSET
    occurred_on: dt.date = UNSET
    visibility: Visibility | None = Field(UNSET, description="Null is the default, `portfolio`.")

    def evidence_input(self, evidence: Evidence) -> EvidenceInput:
        """What the piece says after the change."""
        before = evidence_input(evidence)
        sent = self.model_fields_set
        values: dict[str, Any] = {
            name: getattr(before, name) for name in EvidenceInput.__dataclass_fields__
        }
        changed = optional_values(self)
        for name in ("kind", "title", "occurred_on"):
            changed[name] = getattr(self, name)
        changed["visibility"] = self.visibility or DEFAULT_VISIBILITY
        values.update({name: value for name, value in changed.items() if name in sent})
        return EvidenceInput(**values)

    def keys(self, name: str) -> list[str] | None:
        """Milestones or skills as they are to be; None where they stay."""
        return list(getattr(self, name) or ()) if name in self.model_fields_set else None


def optional_values(body: _OptionalFields) -> dict[str, Any]:
    """What a piece may have, null being nothing."""
    values: dict[str, Any] = {name: getattr(body, name) or "" for name in TEXT_FIELDS}
    values.update({name: getattr(body, name) for name in DATE_FIELDS})
    values["impacts"] = tuple(each.to_impact_input() for each in body.impacts or ())
    return values


def list_evidence_rows(
    session: Session, user_id: uuid.UUID, after: tuple[dt.datetime, uuid.UUID] | None, limit: int
) -> list[Evidence]:
    """A person's own pieces, the newest first, from after a place on. Five statements."""
    query = (
        sa.select(Evidence)
        .where(Evidence.user_id == user_id)
        .order_by(Evidence.created_at.desc(), Evidence.id.desc())
        .limit(limit)
        .options(
            selectinload(Evidence.current).selectinload(EvidenceVersion.impacts),
            selectinload(Evidence.links),
            selectinload(Evidence.skills),
        )
    )
    if after is not None:
        at, key = after
        query = query.where(
            sa.tuple_(Evidence.created_at, Evidence.id)
            < sa.tuple_(sa.literal(at, Evidence.created_at.type), sa.literal(key, Evidence.id.type))
        )
    return list(session.scalars(query))


def serialize_evidence(session: Session, pieces: Sequence[Evidence]) -> list[EvidenceShape]:
    """The pieces as a client is shown them, in this order. Three statements."""
    verified = [each.verified_version_id for each in pieces if each.verified_version_id]
    named = sa.select(EvidenceVersion.id, EvidenceVersion.number).where(
        EvidenceVersion.id.in_(verified)
    )
    numbers = {row.id: row.number for row in session.execute(named)}
    confirmed: dict[uuid.UUID, set[str]] = {}
    for version_id, key in session.execute(
        sa.select(Confirmation.version_id, Confirmation.milestone_key).where(
            Confirmation.version_id.in_(verified)
        )
    ):
        confirmed.setdefault(version_id, set()).add(key)
    latest = load_reviews(session, [each.id for each in pieces], latest_only=True)
    return [
        _serialize_one(
            each,
            numbers.get(each.verified_version_id) if each.verified_version_id else None,
            confirmed.get(each.verified_version_id, set()) if each.verified_version_id else set(),
            next(iter(latest.get(each.id, ())), None),
        )
        for each in pieces
    ]


def load_reviews(
    session: Session, pieces: Collection[uuid.UUID], *, latest_only: bool = False
) -> dict[uuid.UUID, list[ReviewShape]]:
    """What was said of each piece and its earlier versions, the latest first. One statement."""
    ranked = (
        sa.select(
            Review.evidence_id,
            Review.decision,
            EvidenceVersion.number,
            Review.reviewer_name,
            Review.comment,
            Review.decided_at,
            sa.func.row_number()
            .over(
                partition_by=Review.evidence_id,
                order_by=(Review.decided_at.desc(), Review.id.desc()),
            )
            .label("place"),
        )
        .join(EvidenceVersion, EvidenceVersion.id == Review.version_id)
        .where(Review.evidence_id.in_(pieces))
        .subquery()
    )
    query = sa.select(ranked).order_by(ranked.c.place)
    if latest_only:
        query = query.where(ranked.c.place == 1)
    found: dict[uuid.UUID, list[ReviewShape]] = {}
    for row in session.execute(query):
        said = ReviewShape(
            decision=row.decision,
            version=row.number,
            by=row.reviewer_name,
            comment=row.comment,
            decided_at=row.decided_at,
        )
        found.setdefault(row.evidence_id, []).append(said)
    return found


def serialize_impacts(version: EvidenceVersion) -> list[ImpactShape]:
    return [
        ImpactShape(
            type=row.type,
            metric=row.metric,
            baseline=row.baseline,
            result=row.result,
            unit=row.unit,
            source_url=row.source_url,
        )
        for row in version.impacts
    ]


def _serialize_one(
    piece: Evidence, verified: int | None, confirmed: set[str], review: ReviewShape | None
) -> EvidenceShape:
    version = piece.current
    linked = [row.milestone_key for row in piece.links]
    return EvidenceShape(
        id=piece.id,
        kind=version.kind,
        title=piece.title,
        url=version.url,
        occurred_on=version.occurred_on,
        description=version.description,
        role=version.role,
        visibility=piece.visibility,
        issuer=version.issuer,
        issued_on=version.issued_on,
        expires_on=version.expires_on,
        milestones=linked,
        skills=sorted(row.skill_key for row in piece.skills),
        impacts=serialize_impacts(version),
        review_state=piece.state,
        confirmed=[key for key in linked if key in confirmed],
        version=version.number,
        verified_version=verified,
        review=review,
        submitted_at=piece.submitted_at,
        created_at=piece.created_at,
        updated_at=piece.updated_at,
    )
