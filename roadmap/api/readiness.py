"""A person's own readiness score, with the source of each point, and what-if scores."""

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
from roadmap.people.reach import load_holders
from roadmap.people.roles import Capability
from roadmap.progress.queries import enrollment
from roadmap.readiness.explanation import Readiness, explain
from roadmap.readiness.queries import person_record
from roadmap.readiness.tally import Tally
from roadmap.readiness.what_if import WhatIf, parse_choice_keys, what_if

ROUNDED = BeforeValidator(lambda value: None if value is None else float(round(value, 4)))
Points = Annotated[float, ROUNDED]
PointsOrNone = Annotated[float | None, ROUNDED]
Sentence = Annotated[str, BeforeValidator(str)]


class Source(Shape):
    """A source of points in a part of the score."""

    key: str
    points: Points
    maximum: Points


class PartShape(Source):
    sources: list[Source]


class GateShape(Shape):
    """A condition that must pass at any score. `opens` describes how to pass it."""

    key: str
    title: str
    passed: bool
    reason: Sentence
    opens: Annotated[str | None, BeforeValidator(lambda message: message and str(message))]


class ItemShape(Shape):
    """A fact and its effect: the score minus the score without the fact."""

    type: str
    key: str
    effect: Points


class StepShape(Shape):
    """A next step: points gained, hours needed, and the gate that it passes."""

    action: str
    target: str
    gain: Points
    hours: Points
    opens_gate: str | None
    label: Sentence


class ChoiceShape(Shape):
    """A possible future fact: `key` is for `if`, `gain` is its effect alone, if calculated."""

    key: str
    label: Sentence
    gain: PointsOrNone


class WhatIfShape(Shape):
    """The possible choices, and the result with those in `if`; null if there are none.

    `ignored` counts keys in `if` that are unknown or not possible.
    """

    choices: list[ChoiceShape]
    chosen: list[str]
    ignored: int
    score: PointsOrNone
    verdict: str | None
    gates_passed: list[str]
    gates_lost: list[str]


class ReadinessShape(Shape):
    """Readiness by all your own facts, including drafts and private evidence.

    `verifiers` is the number of people whose verifications count.
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
    what_if: WhatIfShape


class ReadinessQuery(Query):
    roadmap: Annotated[
        Key | None,
        Field(description="The slug of one of your roadmaps; by default the primary one."),
    ] = None
    wanted: Annotated[
        str,
        Field(
            alias="if",
            max_length=2_000,
            description="Keys of `what_if.choices` to assume, separated by commas.",
        ),
    ] = ""


@operation("Your roadmaps", refuses=(404,), has_etag=True)
def read_readiness(query: ReadinessQuery) -> ReadinessShape:
    """Return your readiness: score, gates, the source of each point, and next steps.

    With `if`, also your readiness under these assumptions, which are not stored.

    404 if you are not on a roadmap, or not on the given one.
    """
    actor = current_actor()
    enrolled = enrollment(db.session, actor.id, query.roadmap) or abort_not_enrolled(query.roadmap)
    content = load_revision(db.session, enrolled.revision_id).content
    tally = Tally(content, person_record(db.session, actor.id).own, actor.today(now()))
    found = explain(tally)
    result = what_if(tally, found, parse_choice_keys([query.wanted]))
    if not load_holders(db.session, actor.id, Capability.REVIEW):
        found = replace(found, steps=tuple(step for step in found.steps if not step.is_reviewed))
    return serialize_readiness(enrolled.slug, found, result)


def serialize_readiness(slug: str, found: Readiness, result: WhatIf) -> ReadinessShape:
    names = ReadinessShape.model_fields.keys() - {"roadmap", "what_if"}
    values = {name: getattr(found, name) for name in names}
    after = result.after
    values["what_if"] = {
        "choices": result.choices,
        "chosen": result.chosen,
        "ignored": result.ignored,
        "score": after and after.score,
        "verdict": after and after.verdict,
        "gates_passed": [gate.key for gate in result.opened],
        "gates_lost": [gate.key for gate in result.closed],
    }
    return ReadinessShape.model_validate({"roadmap": slug, **values})
