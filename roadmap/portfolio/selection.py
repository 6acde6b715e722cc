"""What a person chose to show, what they could choose, and what their own settings withhold."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.evidence.item import Audience, Item
from roadmap.evidence.loader import load_user_items
from roadmap.people.reach import holders_of
from roadmap.people.roles import Capability
from roadmap.portfolio.models import Portfolio, PortfolioItem

# The page lists this many items that are not chosen; the rest is found under Evidence.
MAX_LISTED = 100


@dataclass(frozen=True, slots=True)
class Selection:
    """A person's items: shown (in order), showable, and withheld by their visibility.

    `withheld` begins with those that were chosen before they were withheld; `chosen` are the ids
    of all that were chosen. Of the showable, `lapsed` count no more, and `drafts` could be reviewed
    and were not: of somebody without a manager they are none.
    """

    shown: Sequence[Item]
    showable: Sequence[Item]
    withheld: Sequence[Item]
    chosen: frozenset[uuid.UUID]
    lapsed: Sequence[Item]
    drafts: Sequence[Item]

    @property
    def addable(self) -> Sequence[Item]:
        """Return what "Add all" adds; what has lapsed and drafts are added one at a time."""
        left_out = {item.id for item in (*self.lapsed, *self.drafts)}
        return [item for item in self.showable if item.id not in left_out]

    @property
    def is_empty(self) -> bool:
        return not (self.shown or self.showable or self.withheld)


def load_places(session: Session, user_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """Load the places of the chosen items, by the id of the evidence; shown or withheld now."""
    rows = session.execute(
        sa.select(PortfolioItem.evidence_id, PortfolioItem.position).where(
            PortfolioItem.user_id == user_id
        )
    )
    return dict(rows.all())


def load_selection(session: Session, user_id: uuid.UUID, today: dt.date) -> Selection:
    """Load what the person shows, could show and withholds. Five statements."""
    places = load_places(session, user_id)
    newest_first = load_user_items(session, Audience.OWNER, user_id, texts=False, skills=False)[
        ::-1
    ]
    items = sorted(newest_first, key=lambda item: places.get(item.id, math.inf))
    shown, showable, withheld = [], [], []
    for item in items:
        if not item.is_public:
            withheld.append(item)
        elif item.id in places:
            shown.append(item)
        else:
            showable.append(item)
    has_manager = bool(holders_of(session, user_id, Capability.REVIEW))
    return Selection(
        shown,
        showable,
        withheld,
        frozenset(places),
        lapsed=[item for item in showable if item.has_lapsed(today)],
        drafts=[item for item in showable if item.is_draft] if has_manager else [],
    )


def load_texts(session: Session, user_id: uuid.UUID) -> Portfolio | None:
    """Load the texts that the person saved, or None."""
    return session.scalars(sa.select(Portfolio).where(Portfolio.user_id == user_id)).first()
