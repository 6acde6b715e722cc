"""One's own evidence: the list, an item, and asking for its review."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from roadmap.api.evidence_schemas import (
    EvidenceChange,
    EvidenceShape,
    NewEvidence,
    serialize_evidence,
)
from roadmap.api.field_types import Nothing, Shape
from roadmap.api.operation import OperationResult, check_if_match, current_actor, operation
from roadmap.api.pagination import Paging, decode_position, encode_position
from roadmap.api.route_table import BASE
from roadmap.core.database import db
from roadmap.core.web import now
from roadmap.evidence import actions
from roadmap.evidence.models import Evidence
from roadmap.evidence.queries import load_own
from roadmap.evidence.repository import lock_and_reload

TAG = "Your evidence"
EXAMPLE = {
    "kind": "design_doc",
    "title": "Feature store for ranking",
    "url": "https://example.org/docs/feature-store",
    "occurred_on": "2026-03-31",
    "milestones": ["design-doc-for-complex-system"],
    "impacts": [
        {"type": "scale", "metric": "p99 latency", "baseline": "240", "result": "90", "unit": "ms"}
    ],
}


class EvidenceList(Shape):
    items: list[EvidenceShape]
    next_cursor: str | None


@operation(TAG)
def list_evidence(query: Paging) -> EvidenceList:
    """Return your pieces of evidence, the newest first."""
    newest = (
        sa.select(Evidence.id)
        .where(Evidence.user_id == current_actor().id)
        .order_by(Evidence.created_at.desc(), Evidence.id.desc())
        .limit(query.limit + 1)
    )
    if after := decode_position(query.cursor):
        at, key = after
        newest = newest.where(
            sa.tuple_(Evidence.created_at, Evidence.id)
            < sa.tuple_(sa.literal(at, Evidence.created_at.type), sa.literal(key, Evidence.id.type))
        )
    ids = list(db.session.scalars(newest))
    items = serialize_evidence(db.session, ids[: query.limit])
    more = len(ids) > len(items)
    cursor = encode_position(items[-1].created_at, items[-1].id) if more else None
    return EvidenceList(items=items, next_cursor=cursor)


@operation(TAG, answers={201: EvidenceShape}, has_etag=True, example=EXAMPLE)
def create_evidence(body: NewEvidence) -> OperationResult:
    """Record a piece of evidence, as a draft.

    The header Location says where it is. Nobody else sees it before you ask for a review.
    """
    actor = current_actor()
    piece = actions.create(
        db.session,
        actor.id,
        body.evidence_input(),
        milestones=body.milestones or (),
        skills=body.skills or (),
        by=actor,
        now=now(),
    )
    return OperationResult(_serialize(piece), 201, location=f"{BASE}/me/evidence/{piece.id}")


@operation(TAG, refuses=(404,), has_etag=True)
def read_evidence(evidence_id: uuid.UUID) -> EvidenceShape:
    """Return one of your pieces of evidence."""
    return _serialize(_load_own("evidence.read", evidence_id))


@operation(
    TAG,
    refuses=(404, 409),
    has_etag=True,
    accepts_if_match=True,
    example={"title": "Feature store for ranking and search", "role": None},
)
def change_evidence(evidence_id: uuid.UUID, body: EvidenceChange) -> EvidenceShape:
    """Change a piece; what is left out stays, null clears.

    A change of what a review judges makes a new version, and asks for a review again by itself
    where the piece was submitted or verified. The verified version counts meanwhile.
    """
    piece = _load_locked("evidence.write", evidence_id)
    actions.edit(
        db.session,
        piece,
        body.evidence_input(piece),
        milestones=body.keys("milestones"),
        skills=body.keys("skills"),
        by=current_actor(),
        now=now(),
    )
    return _serialize(piece)


@operation(TAG, refuses=(404,), accepts_if_match=True)
def delete_evidence(evidence_id: uuid.UUID) -> None:
    """Delete a piece, with its versions, links and reviews."""
    actions.delete(
        db.session, _load_locked("evidence.write", evidence_id), by=current_actor(), now=now()
    )


@operation(TAG, body=Nothing, refuses=(404, 409), has_etag=True)
def submit_evidence(evidence_id: uuid.UUID) -> EvidenceShape:
    """Ask for a review; asking twice is the same as once.

    There is nothing to send. From then on the managers of your teams see the piece. 409 for what
    is private, or verified and not changed since.
    """
    piece = _load_own("evidence.submit", evidence_id)
    actions.submit(db.session, piece, by=current_actor(), now=now())
    return _serialize(piece)


@operation(TAG, refuses=(404, 409))
def withdraw_evidence(evidence_id: uuid.UUID) -> None:
    """Withdraw the request for a review; the piece is a draft again.

    409 while a reviewer who took it up may judge it.
    """
    actions.withdraw(
        db.session, _load_own("evidence.submit", evidence_id), by=current_actor(), now=now()
    )


def _load_own(action: str, evidence_id: uuid.UUID) -> Evidence:
    """Load a person's own item; what others share with their manager is under `/reviews`."""
    return load_own(db.session, current_actor(), action, evidence_id)


def _load_locked(action: str, evidence_id: uuid.UUID) -> Evidence:
    """Load a person's own item under their lock, and refuse it where the client read another."""
    piece = _load_own(action, evidence_id)
    lock_and_reload(db.session, piece, current_actor())
    check_if_match(_serialize(piece))
    return piece


def _serialize(piece: Evidence) -> EvidenceShape:
    return serialize_evidence(db.session, [piece.id])[0]
