"""One piece as its reviewer reads it: the submitted version, and what it is to be held against."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.models import Milestone
from roadmap.evidence.models import (
    Confirmation,
    Evidence,
    EvidenceMilestone,
    EvidenceVersion,
)
from roadmap.evidence.queries import Detail, detail
from roadmap.evidence.rows import of_version
from roadmap.evidence.rules import WAITING, proves
from roadmap.evidence.shared import as_shared
from roadmap.people.models import HistoryEntry, User
from roadmap.progress.models import MilestoneStatus
from roadmap.reviews.rules import Difference, differences


@dataclass(frozen=True, slots=True)
class Criterion:
    """A linked milestone: when it is done, and whether this piece can be confirmed for it.

    `status` is the author's own; `confirmed` that the version on the page was confirmed for it.
    """

    key: str
    title: str
    done_when: str
    fits: bool
    status: str
    confirmed: bool

    @property
    def can_be_ticked(self) -> bool:
        return self.fits and not self.confirmed


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything on the page of one piece.

    `before` is the version that this one is compared with: the verified one, or the last that was
    judged. `reader` is who took it up, '' where nobody has.
    """

    evidence: Evidence
    author: str
    detail: Detail
    criteria: tuple[Criterion, ...]
    before: EvidenceVersion | None
    changed: tuple[Difference, ...]
    reader: str

    @property
    def version(self) -> EvidenceVersion:
        return self.detail.versions[0]

    @property
    def waits(self) -> bool:
        return self.evidence.state in WAITING

    @property
    def is_verified(self) -> bool:
        return self.evidence.state == "verified"

    @property
    def can_confirm_more(self) -> bool:
        """Whether it is verified, and a linked milestone that it can prove is not confirmed."""
        return self.is_verified and any(each.can_be_ticked for each in self.criteria)


def reading(session: Session, evidence: Evidence) -> Reading:
    """What is on the page of a piece that `access.load` handed out; statements do not grow."""
    found = as_shared(detail(session, evidence))
    version = found.versions[0]
    before = _compared_with(found, version)
    changed: tuple[Difference, ...] = ()
    if before is not None:
        both = {"title": evidence.title, "visibility": evidence.visibility}
        changed = differences(of_version(before, **both), of_version(version, **both))
    author = session.scalar(sa.select(User.name).where(User.id == evidence.user_id))
    return Reading(
        evidence=evidence,
        author=author or "",
        detail=found,
        criteria=_criteria(session, evidence, version),
        before=before,
        changed=changed,
        reader=_reader(session, evidence) if evidence.state == "in_review" else "",
    )


def _compared_with(found: Detail, version: EvidenceVersion) -> EvidenceVersion | None:
    judged = [found.verified_number or 0, *(each.version for each in found.judgements)]
    earlier = [number for number in judged if 0 < number < version.number]
    return next((each for each in found.versions if each.number in earlier[:1]), None)


def _criteria(
    session: Session, evidence: Evidence, version: EvidenceVersion
) -> tuple[Criterion, ...]:
    rows = session.execute(
        sa.select(
            Milestone.key,
            Milestone.title,
            Milestone.definition,
            MilestoneStatus.status,
            Confirmation.review_id.is_not(None),
        )
        .join(EvidenceMilestone, EvidenceMilestone.milestone_key == Milestone.key)
        .outerjoin(
            MilestoneStatus,
            sa.and_(
                MilestoneStatus.milestone_key == Milestone.key,
                MilestoneStatus.user_id == evidence.user_id,
            ),
        )
        .outerjoin(
            Confirmation,
            sa.and_(
                Confirmation.milestone_key == Milestone.key,
                Confirmation.version_id == version.id,
            ),
        )
        .where(EvidenceMilestone.evidence_id == evidence.id)
        .order_by(EvidenceMilestone.position)
    )
    return tuple(
        Criterion(
            key=key,
            title=title,
            done_when=str(definition.get("done_when", "")),
            fits=proves(version.kind, definition.get("evidence", ())),
            status=status or "not_started",
            confirmed=confirmed and version.id == evidence.verified_version_id,
        )
        for key, title, definition, status, confirmed in rows
    )


def _reader(session: Session, evidence: Evidence) -> str:
    """Who took it up last."""
    name = session.scalar(
        sa.select(User.name)
        .join(HistoryEntry, HistoryEntry.actor_id == User.id)
        .where(
            HistoryEntry.user_id == evidence.user_id,
            HistoryEntry.subject == str(evidence.id),
            HistoryEntry.action == "evidence.taken_up",
        )
        .order_by(HistoryEntry.id.desc())
        .limit(1)
    )
    return name or ""


def ticked_before(found: Reading) -> list[str]:
    """What is preselected: all that fit, and are not confirmed already."""
    return [each.key for each in found.criteria if each.can_be_ticked]
