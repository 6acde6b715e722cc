"""What a person chose to show, what they could choose, and what their own settings withhold."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.evidence.models import Evidence, EvidenceVersion
from roadmap.portfolio.models import Portfolio, PortfolioItem
from roadmap.portfolio.queries import SHOWN_VERSION

# A page lists so many pieces that are not chosen; more are found under Evidence.
MAX_LISTED = 100


@dataclass(frozen=True, slots=True)
class SelectionItem:
    """A piece of evidence as a line of the owner's page, in the version that would be shown."""

    id: uuid.UUID
    title: str
    kind: str
    occurred_on: dt.date
    visibility: str
    is_verified: bool
    expires_on: dt.date | None
    position: int | None

    def has_lapsed(self, today: dt.date) -> bool:
        return self.expires_on is not None and self.expires_on < today


@dataclass(frozen=True, slots=True)
class Selection:
    """A person's pieces: shown (in order), showable, and withheld by their visibility.

    `withheld` begins with those that were chosen before they were withheld.
    """

    shown: Sequence[SelectionItem]
    showable: Sequence[SelectionItem]
    withheld: Sequence[SelectionItem]

    @property
    def is_empty(self) -> bool:
        return not (self.shown or self.showable or self.withheld)


_ITEMS = (
    sa.select(
        Evidence.id,
        Evidence.title,
        EvidenceVersion.kind,
        EvidenceVersion.occurred_on,
        Evidence.visibility,
        Evidence.verified_version_id.is_not(None),
        EvidenceVersion.expires_on,
        PortfolioItem.position,
    )
    .join(EvidenceVersion, EvidenceVersion.id == SHOWN_VERSION)
    .outerjoin(
        PortfolioItem,
        sa.and_(
            PortfolioItem.evidence_id == Evidence.id, PortfolioItem.user_id == Evidence.user_id
        ),
    )
    .where(Evidence.user_id == sa.bindparam("user_id"))
    .order_by(
        PortfolioItem.position.is_(None),
        PortfolioItem.position,
        Evidence.created_at.desc(),
        Evidence.id.desc(),
    )
)


def load_selection(session: Session, user_id: uuid.UUID) -> Selection:
    """What the person shows, could show and withholds. One statement."""
    shown, showable, withheld = [], [], []
    for row in session.execute(_ITEMS, {"user_id": user_id}):
        piece = SelectionItem(*row)
        if piece.visibility != "portfolio":
            withheld.append(piece)
        elif piece.position is None:
            showable.append(piece)
        else:
            shown.append(piece)
    return Selection(shown, showable, withheld)


def load_texts(session: Session, user_id: uuid.UUID) -> Portfolio | None:
    """The texts that the person saved, or None where they saved none."""
    return session.scalars(sa.select(Portfolio).where(Portfolio.user_id == user_id)).first()
