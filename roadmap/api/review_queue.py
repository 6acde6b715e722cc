"""What waits for a manager's review, with everything that the review is about."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import cast

from pydantic import Field

from roadmap.api.evidence_schemas import (
    ImpactShape,
    Kind,
    ReviewShape,
    ReviewState,
    Visibility,
    serialize_impacts,
    serialize_judgement,
)
from roadmap.api.field_types import Shape, Timestamp
from roadmap.api.operation import current_actor, etag_of, operation
from roadmap.api.pagination import Paging, decode_position, encode_position
from roadmap.api.progress import Status
from roadmap.core.database import db
from roadmap.evidence.item import Item
from roadmap.evidence.queries import Judgement, load_judgements
from roadmap.reviews.queries import Criterion, QueueEntry, list_pending, load_criteria

TAG = "Reviews"


class Author(Shape):
    id: uuid.UUID
    name: str


class Linked(Shape):
    """A milestone that the piece is linked to, which it is held against.

    `fits` says whether a piece of this kind can prove it, `status` where its author stands with it.
    """

    key: str
    title: str
    done_when: str
    fits: bool
    status: Status


class JudgementSubject(Shape):
    """What is judged: a version, its title, and its milestones in any order."""

    evidence_id: uuid.UUID
    version: int
    title: str
    milestones: list[str]

    @classmethod
    def of(cls, item: Item) -> JudgementSubject:
        return cls(
            evidence_id=item.id,
            version=item.version.number,
            title=item.title,
            milestones=sorted(item.milestones),
        )

    @property
    def etag(self) -> str:
        return f'"{etag_of(self)}"'


class WaitingShape(Shape):
    """A piece that waits, in the version to be judged.

    `etag` names version, title and linked milestones: a judgement may name it in If-Match.
    """

    evidence_id: uuid.UUID
    person: Author
    title: str
    kind: Kind
    occurred_on: dt.date
    url: str
    description: str
    role: str
    impacts: list[ImpactShape]
    review_state: ReviewState
    visibility: Visibility
    version: int
    submitted_at: Timestamp
    verified_before: bool
    milestones: list[Linked]
    skills: list[str]
    judgements: list[ReviewShape] = Field(
        description="What was said of this piece and its earlier versions, the latest first."
    )
    etag: str


class WaitingList(Shape):
    items: list[WaitingShape]
    next_cursor: str | None


@operation(TAG)
def list_reviews(query: Paging) -> WaitingList:
    """The pieces that wait in all teams that you manage, the oldest first."""
    after = decode_position(query.cursor)
    found = list_pending(
        db.session, current_actor(), limit=query.limit + 1, after=after, texts=True
    )
    part = found[: query.limit]
    items = _serialize(part)
    more = len(found) > len(part)
    cursor = encode_position(items[-1].submitted_at, items[-1].evidence_id) if more else None
    return WaitingList(items=items, next_cursor=cursor)


def _serialize(entries: Collection[QueueEntry]) -> list[WaitingShape]:
    """Return the entries as the API shows them. Four statements, however many."""
    items = [entry.item for entry in entries]
    criteria = load_criteria(db.session, items)
    judgements = load_judgements(db.session, [item.id for item in items])
    return [
        _serialize_entry(entry, criteria[entry.item.id], judgements[entry.item.id])
        for entry in entries
    ]


def _serialize_entry(
    entry: QueueEntry, criteria: Collection[Criterion], judgements: Collection[Judgement]
) -> WaitingShape:
    item, version = entry.item, entry.item.version
    return WaitingShape(
        evidence_id=item.id,
        person=Author(id=item.user_id, name=entry.author),
        title=item.title,
        kind=version.kind,
        occurred_on=version.occurred_on,
        url=version.url,
        description=version.description,
        role=version.role,
        impacts=serialize_impacts(version),
        review_state=item.state,
        visibility=item.visibility,
        version=version.number,
        submitted_at=cast("dt.datetime", item.submitted_at),  # what waits was submitted
        verified_before=item.verified,
        milestones=[
            Linked(
                key=each.key,
                title=each.title,
                done_when=each.done_when,
                fits=each.fits,
                status=each.status,
            )
            for each in criteria
        ],
        skills=sorted(skill.key for skill in item.skills),
        judgements=[serialize_judgement(each) for each in judgements],
        etag=JudgementSubject.of(item).etag,
    )
