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
from roadmap.readiness.tally import Tally
from roadmap.readiness.what_if import WhatIf, read_wanted, what_if

ROUNDED = BeforeValidator(lambda value: None if value is None else float(round(value, 4)))
Points = Annotated[float, ROUNDED]
PointsOrNone = Annotated[float | None, ROUNDED]
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


class ChoiceShape(Shape):
    """Something that could come true: `key` is for `if`, `gain` its worth by itself, if tried."""

    key: str
    label: Sentence
    gain: PointsOrNone


class WhatIfShape(Shape):
    """What could come true, and the judgement if what is in `if` did; null if nothing is.

    `ignored` counts what was in `if` and cannot come true, or is nobody's here.
    """

    choices: list[ChoiceShape]
    chosen: list[str]
    ignored: int
    score: PointsOrNone
    verdict: str | None
    gates_passed: list[str]
    gates_lost: list[str]


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
    what_if: WhatIfShape


class ReadinessQuery(Query):
    roadmap: Annotated[
        Key | None,
        Field(description="The slug of a roadmap that you are on; the primary one without it."),
    ] = None
    wanted: Annotated[
        str,
        Field(
            alias="if",
            max_length=2_000,
            description="Keys of `what_if.choices`, with commas: what to assume as come true.",
        ),
    ] = ""


@operation("Your roadmaps", refuses=(404,), has_etag=True)
def read_readiness(query: ReadinessQuery) -> ReadinessShape:
    """Read how ready you are: score, gates, each point with its source, next steps.

    With `if`, also how ready you would be if some things came true. Nothing of that is stored.

    404 if you are on no roadmap, or not on the one named.
    """
    actor = current_actor()
    mine = enrollment(db.session, actor.id, query.roadmap) or abort_not_enrolled(query.roadmap)
    content = load_revision(db.session, mine.revision_id).content
    tally = Tally(content, person_record(db.session, actor.id).own, actor.today(now()))
    found = explain(tally)
    supposed = what_if(tally, found, read_wanted([query.wanted]))
    if not holders_of(db.session, actor.id, Capability.REVIEW):
        found = replace(found, steps=tuple(step for step in found.steps if not step.is_reviewed))
    return to_shape(mine.slug, found, supposed)


def to_shape(slug: str, found: Readiness, supposed: WhatIf) -> ReadinessShape:
    names = ReadinessShape.model_fields.keys() - {"roadmap", "what_if"}
    values = {name: getattr(found, name) for name in names}
    after = supposed.after
    values["what_if"] = {
        "choices": supposed.choices,
        "chosen": supposed.chosen,
        "ignored": supposed.ignored,
        "score": after and after.score,
        "verdict": after and after.verdict,
        "gates_passed": [gate.key for gate in supposed.opened],
        "gates_lost": [gate.key for gate in supposed.closed],
    }
    return ReadinessShape.model_validate({"roadmap": slug, **values})
