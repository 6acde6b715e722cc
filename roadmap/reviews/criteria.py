"""What a reviewer compares an item with: its milestones, and when each is done."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog.models import Milestone
from roadmap.evidence.item import Item
from roadmap.progress.models import MilestoneStatus


@dataclass(frozen=True, slots=True)
class Criterion:
    """A linked milestone and when it is done.

    `fits` tells whether evidence of this kind can prove it, `confirmed` whether the version in
    question was confirmed for it. `status` is the author's own.
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


def load_criteria(
    session: Session, items: Collection[Item]
) -> dict[uuid.UUID, tuple[Criterion, ...]]:
    """Load the criteria of each item for its newest version, in the author's order.

    Two statements.
    """
    keys = {key for item in items for key in item.milestones}
    definitions: dict[str, dict[str, Any]] = {
        row.key: row.definition
        for row in session.execute(
            sa.select(Milestone.key, Milestone.definition).where(Milestone.key.in_(keys))
        )
    }
    statuses = {
        (row.user_id, row.milestone_key): row.status
        for row in session.execute(
            sa.select(
                MilestoneStatus.user_id, MilestoneStatus.milestone_key, MilestoneStatus.status
            ).where(
                MilestoneStatus.user_id.in_({item.user_id for item in items}),
                MilestoneStatus.milestone_key.in_(keys),
            )
        )
    }
    return {
        item.id: tuple(
            Criterion(
                key=link.key,
                title=link.title,
                done_when=str(definitions[link.key].get("done_when", "")),
                fits=item.version.kind in definitions[link.key].get("evidence", ()),
                status=statuses.get((item.user_id, link.key), "not_started"),
                confirmed=link.confirmed and item.version.number == item.verified_number,
            )
            for link in item.links
        )
        for item in items
    }
