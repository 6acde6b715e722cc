"""Reading one item with its history, and the judgements of many."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from roadmap.catalog.models import Milestone
from roadmap.evidence.item import Audience, Item
from roadmap.evidence.linkable_milestones import LinkableMilestone, load_milestones
from roadmap.evidence.loader import load_item
from roadmap.evidence.models import (
    Confirmation,
    EvidenceVersion,
    Review,
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A review of one version, with the title that the item had then.

    `confirmed` holds the titles of the milestones that it confirmed; only `load_detail` fills it.
    """

    id: uuid.UUID
    version: int
    decision: str
    reviewer: str
    comment: str
    decided_at: dt.datetime
    title: str
    confirmed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EvidenceDetail:
    """An item as its page shows it to one audience; judgements come newest first."""

    item: Item
    milestones: tuple[LinkableMilestone, ...]
    judgements: tuple[Judgement, ...]

    @property
    def verifying_review(self) -> Judgement | None:
        """Return the latest review that verified the version which is verified now."""
        return verifying_review(self.item, self.judgements)

    @property
    def verified_title(self) -> str:
        """Return the title under which it was verified where it has another one now, else ''."""
        title = self.verifying_review.title if self.verifying_review else ""
        return title if title != self.item.title else ""

    @property
    def left_out(self) -> frozenset[str]:
        """Return the milestones that were linked when it was verified and were not confirmed."""
        review = self.verifying_review
        if review is None:
            return frozenset()
        return frozenset(
            link.key
            for link in self.item.links
            if link.linked_at <= review.decided_at and not link.confirmed
        )


def verifying_review(item: Item, judgements: Iterable[Judgement]) -> Judgement | None:
    """Return the latest review that verified the item's verified version."""
    for judgement in judgements:
        if judgement.decision == "verified" and judgement.version == item.verified_number:
            return judgement
    return None


def load_detail(
    session: Session, audience: Audience, evidence_id: uuid.UUID
) -> EvidenceDetail | None:
    """Load everything about one item that an audience sees; None where it does not see it.

    The caller checks that the reader may see evidence of this person at all.
    """
    item = load_item(session, audience, evidence_id)
    if item is None:
        return None
    return EvidenceDetail(
        item=item,
        milestones=load_milestones(session, item.milestones),
        judgements=_with_confirmed(session, load_judgements(session, [item.id])[item.id]),
    )


def load_judgements(
    session: Session, ids: Collection[uuid.UUID], *, latest_only: bool = False
) -> dict[uuid.UUID, list[Judgement]]:
    """Load the reviews of each of these items, newest first. One statement."""
    query = (
        sa.select(
            Review.evidence_id,
            Review.id,
            EvidenceVersion.number,
            Review.decision,
            Review.reviewer_name,
            Review.comment,
            Review.decided_at,
            Review.title,
        )
        .join(EvidenceVersion, EvidenceVersion.id == Review.version_id)
        .where(Review.evidence_id.in_(ids))
        .order_by(Review.decided_at.desc(), Review.id.desc())
    )
    if latest_only:
        later = aliased(Review)
        query = query.where(
            ~sa.exists().where(
                later.evidence_id == Review.evidence_id,
                sa.tuple_(later.decided_at, later.id) > sa.tuple_(Review.decided_at, Review.id),
            )
        )
    found: dict[uuid.UUID, list[Judgement]] = {key: [] for key in ids}
    session.flush()
    rows: Any = session.connection().execute(query)
    for evidence_id, *values in rows:
        found[evidence_id].append(Judgement(*values))
    return found


def _with_confirmed(session: Session, judgements: list[Judgement]) -> tuple[Judgement, ...]:
    """Return the judgements with the titles of the milestones that each confirmed."""
    titles: dict[uuid.UUID, list[str]] = defaultdict(list)
    for review_id, title in session.execute(
        sa.select(Confirmation.review_id, Milestone.title)
        .join(Milestone, Milestone.key == Confirmation.milestone_key)
        .where(Confirmation.review_id.in_([each.id for each in judgements]))
        .order_by(Milestone.title)
    ):
        titles[review_id].append(title)
    return tuple(replace(each, confirmed=tuple(titles[each.id])) for each in judgements)
