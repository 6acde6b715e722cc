"""One's evidence: the list, a piece, and asking for its review."""

from __future__ import annotations

import uuid

from flask import abort

from roadmap.api import pieces
from roadmap.api.blueprint import BASE
from roadmap.api.fields import Nothing, Shape
from roadmap.api.operation import Answer, check_match, operation, person
from roadmap.api.paging import Paging, pack_place, unpack_place
from roadmap.api.pieces import EvidenceChange, EvidenceShape, NewEvidence
from roadmap.core.database import db
from roadmap.core.web import now
from roadmap.evidence import actions
from roadmap.evidence.models import Evidence
from roadmap.evidence.rows import hold
from roadmap.people import access

TAG = "Your evidence"
EXAMPLE = {
    "kind": "design_doc",
    "title": "Feature store for ranking",
    "url": "https://example.org/docs/feature-store",
    "occurred_on": "2026-03-31",
    "milestones": ["design-doc-for-complex-system"],
    "impacts": [
        {
            "type": "scale",
            "metric": "p99 latency",
            "baseline": "240",
            "result": "90",
            "unit": "ms",
        }
    ],
}


class EvidenceList(Shape):
    items: list[EvidenceShape]
    next_cursor: str | None


@operation(TAG, answers={200: EvidenceList}, query=Paging)
def list_evidence(query: Paging) -> Answer:
    """Your pieces of evidence, the newest first."""
    after = unpack_place(query.cursor)
    found = pieces.part(db.session, person().id, after, query.limit + 1)
    part = found[: query.limit]
    more = len(found) > len(part)
    cursor = pack_place(part[-1].created_at, part[-1].id) if more else None
    return Answer(EvidenceList(items=pieces.shown(db.session, part), next_cursor=cursor))


@operation(TAG, answers={201: EvidenceShape}, body=NewEvidence, has_etag=True, example=EXAMPLE)
def create_evidence(body: NewEvidence) -> Answer:
    """Records a piece of evidence, as a draft.

    The header Location says where it is. Nobody else sees it before you ask for a review.
    """
    actor = person()
    piece = actions.create(
        db.session,
        actor.id,
        body.particulars(),
        milestones=body.milestones or (),
        skills=body.skills or (),
        by=actor,
        now=now(),
    )
    return Answer(_shown(piece), 201, location=f"{BASE}/me/evidence/{piece.id}")


@operation(TAG, answers={200: EvidenceShape}, refuses=(404,), has_etag=True)
def read_evidence(evidence_id: uuid.UUID) -> Answer:
    """A piece of yours."""
    return Answer(_shown(_own("evidence.read", evidence_id)))


@operation(
    TAG,
    answers={200: EvidenceShape},
    body=EvidenceChange,
    refuses=(404, 409),
    has_etag=True,
    asks_if_match=True,
    example={"title": "Feature store for ranking and search", "role": None},
)
def change_evidence(evidence_id: uuid.UUID, body: EvidenceChange) -> Answer:
    """Changes a piece; what is left out stays, null clears.

    A change of what a review judges makes a new version, and asks for a review again by itself
    where the piece was submitted or verified. The verified version counts meanwhile.
    """
    piece = _held("evidence.write", evidence_id)
    actions.edit(
        db.session,
        piece,
        body.particulars(piece),
        milestones=body.keys("milestones"),
        skills=body.keys("skills"),
        by=person(),
        now=now(),
    )
    return Answer(_shown(piece))


@operation(TAG, answers={204: None}, refuses=(404,), asks_if_match=True)
def delete_evidence(evidence_id: uuid.UUID) -> Answer:
    """Deletes a piece, with its versions, links and reviews."""
    actions.delete(db.session, _held("evidence.write", evidence_id), by=person(), now=now())
    return Answer()


@operation(TAG, answers={200: EvidenceShape}, body=Nothing, refuses=(404, 409), has_etag=True)
def submit_evidence(evidence_id: uuid.UUID) -> Answer:
    """Asks for a review; asking twice is the same as once.

    There is nothing to send. From then on the managers of your teams see the piece. 409 for what
    is private, or verified and not changed since.
    """
    piece = _own("evidence.submit", evidence_id)
    actions.submit(db.session, piece, by=person(), now=now())
    return Answer(_shown(piece))


@operation(TAG, answers={204: None}, refuses=(404, 409))
def withdraw_evidence(evidence_id: uuid.UUID) -> Answer:
    """Takes the request for a review back; the piece is a draft again.

    409 while a reviewer who took it up may judge it.
    """
    actions.withdraw(db.session, _own("evidence.submit", evidence_id), by=person(), now=now())
    return Answer()


def _own(action: str, evidence_id: uuid.UUID) -> Evidence:
    """One's own piece: what others share with their manager stands under `/reviews`."""
    actor = person()
    piece = access.load(db.session, actor, action, Evidence, evidence_id)
    if piece.user_id != actor.id:
        abort(404)
    return piece


def _held(action: str, evidence_id: uuid.UUID) -> Evidence:
    """The piece below its person's lock, as the client has read it."""
    piece = _own(action, evidence_id)
    hold(db.session, piece, person())
    check_match(_shown(piece))
    return piece


def _shown(piece: Evidence) -> EvidenceShape:
    return pieces.shown(db.session, [piece])[0]
