"""One's readiness and its reasons: each point with its source."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import BeforeValidator, Field

from roadmap.api.field_types import Key, Query, Shape
from roadmap.api.operation import current_actor, operation
from roadmap.api.progress import abort_not_enrolled
from roadmap.catalog.queries import load_revision
from roadmap.core.database import db
from roadmap.core.web import now
from roadmap.people.reach import holders_of
from roadmap.people.roles import Capability
from roadmap.progress.queries import enrollment
from roadmap.readiness.explanation import Readiness, explain
from roadmap.readiness.queries import person_record

ROUNDED = BeforeValidator(lambda value: float(round(value, 4)))
Points = Annotated[float, ROUNDED]
Sentence = Annotated[str, BeforeValidator(str)]


class Source(Shape):
    """Where points of a part come from."""

    key: str
    points: Points
    maximum: Points


class PartShape(Source):
    sources: list[Source]


class GateShape(Shape):
    """A condition that no score replaces. `opens` says what would open it."""

    key: str
    title: str
    passed: bool
    reason: Sentence
    opens: Annotated[str | None, BeforeValidator(lambda message: message and str(message))]


class ItemShape(Shape):
    """A fact and its effect: the score minus the score without it."""

    type: str
    key: str
    effect: Points


class StepShape(Shape):
    """A next step: what it gains, for how many hours, and which gate it opens."""

    action: str
    target: str
    gain: Points
    hours: Points
    opens_gate: str | None
    label: Sentence


class ReadinessShape(Shape):
    """The readiness by all of one's own facts, including drafts and private evidence.

    `verifiers` is the number of people who verified what counts as verified.
    """

    roadmap: str
    score: Annotated[float, Field(ge=0, le=100), ROUNDED]
    verdict: str
    claimed_not_proven: bool
    verifiers: int
    parts: list[PartShape]
    gates: list[GateShape]
    items: list[ItemShape]
    next_steps: list[StepShape]


class ReadinessQuery(Query):
    roadmap: Annotated[
        Key | None,
        Field(description="The slug of a roadmap that you are on; the primary one without it."),
    ] = None


@operation("Your roadmaps", refuses=(404,), has_etag=True)
def read_readiness(query: ReadinessQuery) -> ReadinessShape:
    """Read how ready you are: score, gates, each point with its source, next steps.

    404 if you are on no roadmap, or not on the one named.
    """
    actor = current_actor()
    mine = enrollment(db.session, actor.id, query.roadmap) or abort_not_enrolled(query.roadmap)
    content = load_revision(db.session, mine.revision_id)
    facts = person_record(db.session, actor.id).own()
    found = explain(content.content, facts, actor.today(now()))
    if not holders_of(db.session, actor.id, Capability.REVIEW):
        found = replace(found, steps=tuple(step for step in found.steps if not step.is_reviewed))
    return to_shape(mine.slug, found)


def to_shape(slug: str, found: Readiness) -> ReadinessShape:
    names = ReadinessShape.model_fields.keys() - {"roadmap"}
    values = {"roadmap": slug, **{name: getattr(found, name) for name in names}}
    return ReadinessShape.model_validate(values, from_attributes=True)
