"""Change a portfolio: its texts, its pieces and their order."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.evidence.audience_sql import is_visible
from roadmap.evidence.item import Audience
from roadmap.evidence.models import Evidence
from roadmap.people.actor import Actor
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user
from roadmap.portfolio.models import Portfolio, PortfolioItem
from roadmap.portfolio.selection import load_selection

# As many as an export can handle in time.
MAX_ITEMS = 300


class StalePortfolio(Exception):
    """The texts were changed after the form was filled; `current` holds them."""

    def __init__(self, current: Portfolio) -> None:
        super().__init__(f"the portfolio is at revision {current.revision}")
        self.current = current


class NotVisibleInPortfolio(Exception):
    """The piece may not be shown: its visibility is not `portfolio`."""


class PortfolioFull(Exception):
    """The portfolio holds as many pieces as it may."""


def save_texts(
    session: Session,
    user_id: uuid.UUID,
    *,
    headline: str,
    introduction: str,
    shows_email: bool,
    shows_self_assessed: bool,
    shows_below_bar: bool = False,
    left_out_skills: Sequence[str] = (),
    revision: int,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Save headline and introduction (Markdown), and which address and levels are shown.

    `revision` is the one that the form was filled from, 0 where nothing was saved yet. Saving the
    current texts changes nothing. Raises StalePortfolio where the revision is no longer current.
    """
    lock_user(session, user_id)
    portfolio = session.get(Portfolio, user_id, populate_existing=True)
    if portfolio is None:
        portfolio = Portfolio(user_id=user_id, revision=0, updated_at=now)
        session.add(portfolio)
    texts = {
        "headline": headline,
        "introduction": introduction,
        "shows_email": shows_email,
        "shows_self_assessed": shows_self_assessed,
        "shows_below_bar": shows_below_bar,
        "left_out_skills": " ".join(sorted(set(left_out_skills))),
    }
    if portfolio.revision and all(getattr(portfolio, name) == texts[name] for name in texts):
        return
    if revision != portfolio.revision:
        raise StalePortfolio(portfolio)
    for name, value in texts.items():
        setattr(portfolio, name, value)
    portfolio.revision += 1
    portfolio.updated_at = now
    _record(
        session, user_id, "portfolio.written", "texts", by=by, now=now, revision=portfolio.revision
    )


def add_item(
    session: Session, user_id: uuid.UUID, evidence: Evidence, *, by: Actor, now: dt.datetime
) -> None:
    """Add a piece at the end of the portfolio; one that is already in it keeps its place.

    Raises NotVisibleInPortfolio where its visibility is not `portfolio`, PortfolioFull where there
    is no room.
    """
    lock_user(session, user_id)
    session.refresh(evidence, ["visibility"])
    if not evidence.is_public:
        raise NotVisibleInPortfolio
    chosen = _selected_ids(session, user_id)
    if evidence.id in chosen:
        return
    if len(chosen) >= MAX_ITEMS:
        raise PortfolioFull
    _arrange(session, user_id, [*chosen, evidence.id])
    _record(session, user_id, "portfolio.chosen", evidence.id, by=by, now=now)


def add_all_items(session: Session, user_id: uuid.UUID, *, by: Actor, now: dt.datetime) -> int:
    """Add what `Selection.addable` names, newest first; return how many pieces that are."""
    lock_user(session, user_id)
    chosen = _selected_ids(session, user_id)
    addable = load_selection(session, user_id, by.today(now)).addable
    added = [item.id for item in addable][: max(0, MAX_ITEMS - len(chosen))]
    if added:
        _arrange(session, user_id, [*chosen, *added])
        _record(session, user_id, "portfolio.chosen", "all", by=by, now=now, count=len(added))
    return len(added)


def remove_item(
    session: Session, user_id: uuid.UUID, evidence_id: uuid.UUID, *, by: Actor, now: dt.datetime
) -> None:
    """Remove a piece from the portfolio, if it is in it."""
    lock_user(session, user_id)
    chosen = _selected_ids(session, user_id)
    if evidence_id in chosen:
        _arrange(session, user_id, [key for key in chosen if key != evidence_id])
        _record(session, user_id, "portfolio.left_out", evidence_id, by=by, now=now)


def move_item(
    session: Session,
    user_id: uuid.UUID,
    evidence_id: uuid.UUID,
    position: int,
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Move a piece to a position among those that are shown, counted from 0 and clamped.

    Pieces that may no longer be shown go to the end. Raises LookupError where the piece is not
    among the shown ones.
    """
    lock_user(session, user_id)
    chosen, eligible = _selected_ids(session, user_id), set(_eligible_ids(session, user_id))
    before = [key for key in chosen if key in eligible]
    if evidence_id not in before:
        raise LookupError(f"{evidence_id} is not in the portfolio")
    shown = [key for key in before if key != evidence_id]
    shown.insert(max(0, position), evidence_id)
    if shown != before:
        _arrange(session, user_id, shown + [key for key in chosen if key not in eligible])
        _record(
            session, user_id, "portfolio.ordered", evidence_id, by=by, now=now, position=position
        )


def _selected_ids(session: Session, user_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """Return the pieces that the person chose, in order."""
    return session.scalars(
        sa.select(PortfolioItem.evidence_id)
        .where(PortfolioItem.user_id == user_id)
        .order_by(PortfolioItem.position, PortfolioItem.evidence_id)
    ).all()


def _eligible_ids(session: Session, user_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """Return the person's pieces that may be shown."""
    return session.scalars(
        sa.select(Evidence.id).where(Evidence.user_id == user_id, is_visible(Audience.PUBLIC))
    ).all()


def _arrange(session: Session, user_id: uuid.UUID, keys: Sequence[uuid.UUID]) -> None:
    """Make these the chosen pieces, in this order."""
    session.execute(sa.delete(PortfolioItem).where(PortfolioItem.user_id == user_id))
    items = [
        {"user_id": user_id, "evidence_id": key, "position": position}
        for position, key in enumerate(keys)
    ]
    if items:
        session.execute(sa.insert(PortfolioItem), items)


def _record(
    session: Session,
    user_id: uuid.UUID,
    action: str,
    subject: object,
    *,
    by: Actor,
    now: dt.datetime,
    **data: Any,
) -> None:
    record_history(
        session, user_id=user_id, by=by.id, action=action, subject=str(subject), now=now, **data
    )
