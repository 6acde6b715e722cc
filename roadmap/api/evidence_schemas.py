"""Evidence as the API reads and writes it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy.orm import Session

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
    MAX_IMPACTS,
    MAX_MILESTONES,
    STATES,
    VISIBILITIES,
)
from roadmap.evidence.item import CONTENT_FIELDS, Audience, Content, Impact, Item
from roadmap.evidence.kinds import KINDS
from roadmap.evidence.loader import load_items
from roadmap.evidence.models import Evidence
from roadmap.evidence.queries import load_judgements
from roadmap.evidence.repository import evidence_input
from roadmap.evidence.rules import MAX_LENGTHS, EvidenceInput

Kind = Annotated[str, OneOf(tuple(KINDS))]
Visibility = Annotated[str, OneOf(VISIBILITIES)]
ImpactType = Annotated[str, OneOf(IMPACT_TYPES)]
ReviewState = Annotated[str, OneOf(STATES)]
Decision = Annotated[str, OneOf(DECISIONS)]

DEFAULT_VISIBILITY = "portfolio"


class ImpactShape(Shape):
    """A measured effect."""

    type: ImpactType
    metric: str
    baseline: str
    result: str
    unit: str
    source_url: str


class ReviewShape(Shape):
    """The review of a version."""

    decision: Decision
    version: int
    by: str = Field(validation_alias="reviewer")
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


class _OptionalFields(Body):
    """The optional fields. A piece needs a link or a description."""

    url: Annotated[str, web_url(MAX_LENGTHS["url"])] | None = Field(
        None, description="An http or https address."
    )
    description: Annotated[str, Text(MAX_LENGTHS["description"])] | None = Field(
        None, description="Markdown."
    )
    role: Annotated[str, single_line(MAX_LENGTHS["role"])] | None = Field(
        None, description="Your role."
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
            title=self.title,
            visibility=self.visibility or DEFAULT_VISIBILITY,
            **_content_values(self),
        )


class EvidenceChange(_OptionalFields):
    """What is left out stays, null clears; kind, title and date cannot be cleared."""

    kind: Kind = UNSET
    title: Annotated[str, required_line(MAX_LENGTHS["title"])] = UNSET
    occurred_on: dt.date = UNSET
    visibility: Visibility | None = Field(UNSET, description="Null is the default, `portfolio`.")

    def evidence_input(self, evidence: Evidence) -> EvidenceInput:
        """Return what the item says after the change."""
        sent = _content_values(self)
        sent |= {"title": self.title, "visibility": self.visibility or DEFAULT_VISIBILITY}
        changed = {name: value for name, value in sent.items() if name in self.model_fields_set}
        return replace(evidence_input(evidence), **changed)

    def keys(self, name: str) -> list[str] | None:
        """Return the milestones or skills that were sent; None where they were left out."""
        return list(getattr(self, name) or ()) if name in self.model_fields_set else None


def _content_values(body: NewEvidence | EvidenceChange) -> dict[str, Any]:
    """Return the content that was sent; a text that is null is empty."""
    values: dict[str, Any] = {}
    for field in fields(Content):
        value = getattr(body, field.name)
        values[field.name] = field.default if value is None else value
    values["impacts"] = tuple(Impact(**each.model_dump()) for each in body.impacts or ())
    return values


def serialize_evidence(session: Session, ids: Sequence[uuid.UUID]) -> list[EvidenceShape]:
    """Return a person's own items as the API shows them, in this order. Six statements."""
    latest = load_judgements(session, ids, latest_only=True)
    return [
        EvidenceShape.model_validate(
            {**shared_values(item), "review": next(iter(latest[item.id]), None)},
            from_attributes=True,
        )
        for item in load_items(session, Audience.OWNER, ids)
    ]


def shared_values(item: Item) -> dict[str, Any]:
    """Return what the API says about an item in its newest version, by the name of the field."""
    own = ("id", "title", "visibility", "milestones", "submitted_at", "created_at", "updated_at")
    return {
        **{name: getattr(item.version, name) for name in CONTENT_FIELDS},
        **{name: getattr(item, name) for name in own},
        "skills": sorted(skill.key for skill in item.skills),
        "review_state": item.state,
        "confirmed": [link.key for link in item.links if link.confirmed],
        "version": item.version.number,
        "verified_version": item.verified_number,
    }
