"""One piece as its reviewer reads it: the submitted version, and what it is to be held against."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.evidence.assignment import assigned_reviewer
from roadmap.evidence.models import Evidence, EvidenceVersion
from roadmap.evidence.queries import EvidenceDetail, load_detail
from roadmap.evidence.repository import version_input
from roadmap.evidence.rules import AWAITING_REVIEW
from roadmap.evidence.shared import as_shared
from roadmap.people.models import User
from roadmap.reviews.criteria import Criterion, criteria
from roadmap.reviews.rules import Difference, differences


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """Everything on the page of one piece.

    `before` is the version that this one is compared with: the one that was being read when its
    author saved a newer one (`was_read`), else the verified one, or the last that was judged.
    `reader` is who took it up and may judge it, '' where nobody.
    """

    evidence: Evidence
    author: str
    detail: EvidenceDetail
    criteria: tuple[Criterion, ...]
    before: EvidenceVersion | None
    was_read: bool
    changed: tuple[Difference, ...]
    reader: str

    @property
    def version(self) -> EvidenceVersion:
        return self.detail.versions[0]

    @property
    def waits(self) -> bool:
        return self.evidence.state in AWAITING_REVIEW

    @property
    def is_verified(self) -> bool:
        return self.evidence.state == "verified"

    @property
    def can_confirm_more(self) -> bool:
        """Whether it is verified, and a linked milestone that it can prove is not confirmed."""
        return self.is_verified and any(each.can_be_confirmed for each in self.criteria)


def load_review_page(
    session: Session, evidence: Evidence, *, read: uuid.UUID | None = None
) -> ReviewPage:
    """What is on the page of a piece that `access.load` handed out; statements do not grow.

    `read` is the version that its reviewer had before them until now, to be compared with.
    """
    found = as_shared(load_detail(session, evidence))
    version, *earlier = found.versions
    was_before_them = next((each for each in earlier if each.id == read), None)
    before = was_before_them or _comparison_version(found, version)
    changed: tuple[Difference, ...] = ()
    if before is not None:
        both = {"title": evidence.title, "visibility": evidence.visibility}
        changed = differences(version_input(before, **both), version_input(version, **both))
    author = session.scalar(sa.select(User.name).where(User.id == evidence.user_id))
    return ReviewPage(
        evidence=evidence,
        author=author or "",
        detail=found,
        criteria=criteria(session, [version]).get(evidence.id, ()),
        before=before,
        was_read=was_before_them is not None,
        changed=changed,
        reader=reader.name if (reader := assigned_reviewer(session, evidence)) else "",
    )


def _comparison_version(found: EvidenceDetail, version: EvidenceVersion) -> EvidenceVersion | None:
    judged = [found.verified_number or 0, *(each.version for each in found.judgements)]
    earlier = [number for number in judged if 0 < number < version.number]
    return next((each for each in found.versions if each.number in earlier[:1]), None)


def preselected_milestones(found: ReviewPage) -> list[str]:
    """What is preselected: all that fit, and are not confirmed already."""
    return [each.key for each in found.criteria if each.can_be_confirmed]
