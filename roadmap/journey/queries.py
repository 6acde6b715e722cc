"""What a milestone's page shows of the rooms below it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.evidence.constants import MAX_MILESTONES
from roadmap.evidence.item import Audience, Item
from roadmap.evidence.loader import load_items
from roadmap.evidence.models import Evidence, EvidenceMilestone, EvidenceVersion


@dataclass(frozen=True, slots=True)
class LinkableEvidence:
    """A piece of evidence that could be linked. `fits`: its kind proves the milestone."""

    id: uuid.UUID
    title: str
    fits: bool


def load_linked_evidence(session: Session, user_id: uuid.UUID, milestone_key: str) -> list[Item]:
    """Load the person's own evidence that is linked to a milestone, newest first.

    Four statements.
    """
    ids = session.scalars(
        sa.select(EvidenceMilestone.evidence_id).where(
            EvidenceMilestone.user_id == user_id, EvidenceMilestone.milestone_key == milestone_key
        )
    ).all()
    items = load_items(session, Audience.OWNER, sorted(ids), texts=False) if ids else []
    return sorted(items, key=lambda item: item.counted.occurred_on, reverse=True)


def linkable_evidence(
    session: Session, user_id: uuid.UUID, milestone_key: str, kinds: tuple[str, ...]
) -> list[LinkableEvidence]:
    """Return pieces that could be linked to a milestone, those of a fitting kind first, then the
    newest. One statement."""
    link = EvidenceMilestone
    links = sa.select(sa.func.count()).where(link.evidence_id == Evidence.id).scalar_subquery()
    here = sa.exists().where(link.evidence_id == Evidence.id, link.milestone_key == milestone_key)
    fits = EvidenceVersion.kind.in_(kinds)
    rows = session.execute(
        sa.select(Evidence.id, Evidence.title, fits)
        .join(EvidenceVersion, EvidenceVersion.id == Evidence.current_id)
        .where(Evidence.user_id == user_id, ~here, links < MAX_MILESTONES)
        .order_by(sa.case((fits, 0), else_=1), EvidenceVersion.occurred_on.desc(), Evidence.id)
        .limit(100)
    )
    return [LinkableEvidence(key, title, bool(fitting)) for key, title, fitting in rows]
