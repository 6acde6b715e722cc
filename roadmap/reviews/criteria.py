"""What a piece is held against: the milestones that it is linked to, and when each is done."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.models import Milestone
from roadmap.evidence.models import Confirmation, Evidence, EvidenceMilestone, EvidenceVersion
from roadmap.evidence.rules import proves
from roadmap.progress.models import MilestoneStatus


@dataclass(frozen=True, slots=True)
class Criterion:
    """A linked milestone: when it is done, and whether this piece can be confirmed for it.

    `status` is the author's own; `confirmed` that the version at hand was confirmed for it.
    """

    key: str
    title: str
    done_when: str
    fits: bool
    status: str
    confirmed: bool

    @property
    def can_be_confirmed(self) -> bool:
        return self.fits and not self.confirmed


def criteria(
    session: Session, versions: Collection[EvidenceVersion]
) -> dict[uuid.UUID, tuple[Criterion, ...]]:
    """By piece of evidence, for one version of each; in the author's order. One statement."""
    of_piece = {version.evidence_id: version for version in versions}
    rows = session.execute(
        sa.select(
            Evidence.id,
            Evidence.verified_version_id,
            Milestone.key,
            Milestone.title,
            Milestone.definition,
            MilestoneStatus.status,
            Confirmation.review_id.is_not(None),
        )
        .select_from(EvidenceMilestone)
        .join(Evidence, Evidence.id == EvidenceMilestone.evidence_id)
        .join(Milestone, Milestone.key == EvidenceMilestone.milestone_key)
        .outerjoin(
            MilestoneStatus,
            sa.and_(
                MilestoneStatus.milestone_key == Milestone.key,
                MilestoneStatus.user_id == Evidence.user_id,
            ),
        )
        .outerjoin(
            Confirmation,
            sa.and_(
                Confirmation.milestone_key == Milestone.key,
                Confirmation.version_id == Evidence.verified_version_id,
            ),
        )
        .where(EvidenceMilestone.evidence_id.in_(of_piece))
        .order_by(EvidenceMilestone.evidence_id, EvidenceMilestone.position)
    )
    found: dict[uuid.UUID, list[Criterion]] = {}
    for piece_id, verified_id, key, title, definition, status, confirmed in rows:
        version = of_piece[piece_id]
        found.setdefault(piece_id, []).append(
            Criterion(
                key=key,
                title=title,
                done_when=str(definition.get("done_when", "")),
                fits=proves(version.kind, definition.get("evidence", ())),
                status=status or "not_started",
                confirmed=confirmed and version.id == verified_id,
            )
        )
    return {piece_id: tuple(each) for piece_id, each in found.items()}
