"""One item as its reviewer reads it: the submitted version, and what to compare it with."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import Session

from roadmap.evidence.constants import AWAITING_REVIEW
from roadmap.evidence.item import Audience, Version
from roadmap.evidence.models import Evidence
from roadmap.evidence.queries import EvidenceDetail, load_detail
from roadmap.evidence.repository import assigned_reviewer
from roadmap.people.models import User
from roadmap.reviews.criteria import Criterion, load_criteria
from roadmap.reviews.rules import Difference, differences


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """Everything on the page of one item.

    `before` is the version that this one is compared with: the one that the reviewer was reading
    when the author saved a newer one (`was_read`), else the verified one, or the last that was
    reviewed. `reader` is the name of the assigned reviewer, '' where there is none.
    """

    author: str
    detail: EvidenceDetail
    criteria: tuple[Criterion, ...]
    before: Version | None
    was_read: bool
    changed: tuple[Difference, ...]
    reader: str

    @property
    def version(self) -> Version:
        return self.detail.item.version

    @property
    def waits(self) -> bool:
        return self.detail.item.state in AWAITING_REVIEW

    @property
    def is_verified(self) -> bool:
        return self.detail.item.state == "verified"

    @property
    def can_confirm_more(self) -> bool:
        """Tell whether it is verified and a milestone that it can prove is not confirmed yet."""
        return self.is_verified and any(each.can_be_confirmed for each in self.criteria)

    @property
    def preselected_milestones(self) -> list[str]:
        """Return the milestones that are ticked at first: all that can be confirmed."""
        return [each.key for each in self.criteria if each.can_be_confirmed]


def load_review_page(
    session: Session, evidence: Evidence, *, read: uuid.UUID | None = None
) -> ReviewPage:
    """Load the page of an item for one of its reviewers. The number of statements is constant.

    `read` is the version that the reviewer had before them until now.
    """
    detail = load_detail(session, Audience.MANAGER, evidence.id) or abort(404)
    version, *earlier = detail.item.versions
    was_read = next((each for each in earlier if each.id == read), None)
    before = was_read or _comparison_version(detail)
    author = session.scalar(sa.select(User.name).where(User.id == evidence.user_id))
    reader = assigned_reviewer(session, evidence)
    return ReviewPage(
        author=author or "",
        detail=detail,
        criteria=load_criteria(session, [detail.item])[detail.item.id],
        before=before,
        was_read=was_read is not None,
        changed=differences(before, version) if before is not None else (),
        reader=reader.name if reader else "",
    )


def _comparison_version(detail: EvidenceDetail) -> Version | None:
    """Return the verified version where an earlier one is, else the last one reviewed."""
    item = detail.item
    judged = [item.verified_number or 0, *(each.version for each in detail.judgements)]
    number = next((each for each in judged if 0 < each < item.version.number), None)
    return next((each for each in item.versions if each.number == number), None)
