"""What a milestone's page shows of the rooms below it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.evidence.constants import MAX_MILESTONES
from roadmap.evidence.models import Confirmation, Evidence, EvidenceMilestone, EvidenceVersion
from roadmap.evidence.queries import counting_version_id


@dataclass(frozen=True, slots=True)
class LinkedEvidence:
    """A piece of evidence linked to a milestone. `tone` is what it makes of that milestone."""

    id: uuid.UUID
    title: str
    kind: str
    occurred_on: dt.date
    lapsed: bool
    tone: str


@dataclass(frozen=True, slots=True)
class LinkableEvidence:
    """A piece of evidence that could be linked. `fits`: its kind proves the milestone."""

    id: uuid.UUID
    title: str
    fits: bool


def linked_evidence(
    session: Session,
    user_id: uuid.UUID,
    milestone_key: str,
    kinds: tuple[str, ...],
    today: dt.date,
) -> list[LinkedEvidence]:
    """The person's own pieces that are linked to a milestone, the newest first. One statement."""
    rows = session.execute(
        sa.select(
            Evidence.id,
            Evidence.title,
            EvidenceVersion.kind,
            EvidenceVersion.occurred_on,
            EvidenceVersion.expires_on,
            Confirmation.review_id,
        )
        .join(EvidenceMilestone, EvidenceMilestone.evidence_id == Evidence.id)
        .join(EvidenceVersion, EvidenceVersion.id == counting_version_id())
        .outerjoin(
            Confirmation,
            sa.and_(
                Confirmation.version_id == Evidence.verified_version_id,
                Confirmation.milestone_key == EvidenceMilestone.milestone_key,
            ),
        )
        .where(Evidence.user_id == user_id, EvidenceMilestone.milestone_key == milestone_key)
        .order_by(EvidenceVersion.occurred_on.desc(), Evidence.id)
    )
    return [
        LinkedEvidence(
            id=row.id,
            title=row.title,
            kind=row.kind,
            occurred_on=row.occurred_on,
            lapsed=row.expires_on is not None and row.expires_on < today,
            tone="verified" if row.review_id is not None and row.kind in kinds else "evidenced",
        )
        for row in rows
    ]


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
