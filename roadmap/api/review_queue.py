"""What waits for a manager's word, with all that the word is given on."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection

import sqlalchemy as sa
from pydantic import Field
from sqlalchemy.orm import selectinload

from roadmap.api.evidence_schemas import (
    ImpactShape,
    Kind,
    ReviewShape,
    ReviewState,
    Visibility,
    load_reviews,
    serialize_impacts,
)
from roadmap.api.field_types import Shape, Timestamp
from roadmap.api.operation import OperationResult, current_actor, etag_of, operation
from roadmap.api.pagination import Paging, decode_position, encode_position
from roadmap.api.progress import Status
from roadmap.core.database import db
from roadmap.evidence.models import EvidenceSkill, EvidenceVersion
from roadmap.reviews.criteria import Criterion, criteria
from roadmap.reviews.queries import PendingReview, list_pending

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
    """What a judgement is of: a version, under a title, for these milestones in any order."""

    evidence_id: uuid.UUID
    version: int
    title: str
    milestones: list[str]

    @classmethod
    def of(
        cls, evidence_id: uuid.UUID, version: int, title: str, milestones: Collection[str]
    ) -> JudgementSubject:
        return cls(
            evidence_id=evidence_id, version=version, title=title, milestones=sorted(milestones)
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


@operation(TAG, answers={200: WaitingList}, query=Paging)
def list_reviews(query: Paging) -> OperationResult:
    """The pieces that wait in all teams that you manage, the oldest first."""
    after = decode_position(query.cursor)
    found = list_pending(db.session, current_actor(), limit=query.limit + 1, after=after)
    part = found[: query.limit]
    more = len(found) > len(part)
    cursor = encode_position(part[-1].submitted_at, part[-1].id) if more else None
    return OperationResult(WaitingList(items=_serialize(part), next_cursor=cursor))


def _serialize(found: Collection[PendingReview]) -> list[WaitingShape]:
    """The pieces as a client is shown them. Five statements, however many."""
    versions = {
        version.evidence_id: version
        for version in db.session.scalars(
            sa.select(EvidenceVersion)
            .where(EvidenceVersion.id.in_([each.version_id for each in found]))
            .options(selectinload(EvidenceVersion.impacts))
        )
    }
    held_against = criteria(db.session, versions.values())
    skills, said = _load_skill_keys(versions), load_reviews(db.session, versions)
    return [
        _serialize_one(
            each,
            versions[each.id],
            held_against.get(each.id, ()),
            skills.get(each.id, []),
            said.get(each.id, []),
        )
        for each in found
    ]


def _load_skill_keys(pieces: Collection[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    rows = db.session.execute(
        sa.select(EvidenceSkill.evidence_id, EvidenceSkill.skill_key)
        .where(EvidenceSkill.evidence_id.in_(pieces))
        .order_by(EvidenceSkill.skill_key)
    )
    found: dict[uuid.UUID, list[str]] = {}
    for piece_id, key in rows:
        found.setdefault(piece_id, []).append(key)
    return found


def _serialize_one(
    found: PendingReview,
    version: EvidenceVersion,
    held_against: Collection[Criterion],
    skills: list[str],
    judgements: list[ReviewShape],
) -> WaitingShape:
    return WaitingShape(
        evidence_id=found.id,
        person=Author(id=found.user_id, name=found.person),
        title=found.title,
        kind=found.kind,
        occurred_on=found.occurred_on,
        url=version.url,
        description=version.description,
        role=version.role,
        impacts=serialize_impacts(version),
        review_state=found.state,
        visibility=found.visibility,
        version=found.version,
        submitted_at=found.submitted_at,
        verified_before=found.verified_before,
        milestones=[
            Linked(
                key=each.key,
                title=each.title,
                done_when=each.done_when,
                fits=each.fits,
                status=each.status,
            )
            for each in held_against
        ],
        skills=skills,
        judgements=judgements,
        etag=JudgementSubject.of(
            found.id, found.version, found.title, [each.key for each in held_against]
        ).etag,
    )
