"""Load a person's portfolios and the evidence that each shows, could show or withholds."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.i18n import _
from roadmap.core.text import fold
from roadmap.evidence.audience_sql import is_visible
from roadmap.evidence.item import Audience, Item
from roadmap.evidence.loader import load_user_items
from roadmap.evidence.models import Evidence
from roadmap.people.reach import load_holders
from roadmap.people.roles import Capability
from roadmap.portfolio.models import Portfolio, PortfolioItem, Profile, Redaction
from roadmap.portfolio.profiles import NETWORKS

# The page lists at most this many items that are not in the portfolio.
MAX_LISTED = 100


@dataclass(frozen=True, slots=True)
class Selection:
    """A person's items, grouped by what one portfolio does with them.

    - `shown`: in the portfolio, in order
    - `showable`: could be added; `lapsed` and `drafts` are among them. Drafts are items that could
      be reviewed, so a person without a manager has none.
    - `withheld`: hidden by their visibility, those in the portfolio first
    - `chosen`: the ids of all items in the portfolio, shown or withheld
    - `redactions`: of this portfolio
    - `redacted`: the ids of items that are redacted in any of the person's portfolios
    """

    shown: Sequence[Item]
    showable: Sequence[Item]
    withheld: Sequence[Item]
    chosen: frozenset[uuid.UUID]
    lapsed: Sequence[Item]
    drafts: Sequence[Item]
    redactions: Mapping[uuid.UUID, Redaction]
    redacted: frozenset[uuid.UUID]

    @property
    def addable(self) -> Sequence[Item]:
        """Return the items that "Add all" adds.

        Lapsed items, drafts, and items redacted in any portfolio have to be added individually.
        """
        left_out = {item.id for item in (*self.lapsed, *self.drafts)} | self.redacted
        return [item for item in self.showable if item.id not in left_out]

    @property
    def outdated(self) -> Sequence[Item]:
        """Return the shown items whose author has a newer version than the one shown."""
        return [item for item in self.shown if item.version is not item.counted]

    @property
    def is_empty(self) -> bool:
        return not (self.shown or self.showable or self.withheld)


def load_choices(session: Session, portfolio_id: uuid.UUID) -> dict[uuid.UUID, PortfolioItem]:
    """Load the rows of a portfolio in order, keyed by the id of the evidence.

    Includes withheld items, and removed items that keep a redaction.
    """
    rows = session.scalars(
        sa.select(PortfolioItem)
        .where(PortfolioItem.portfolio_id == portfolio_id)
        .order_by(PortfolioItem.position, PortfolioItem.evidence_id)
        .execution_options(populate_existing=True)
    )
    return {each.evidence_id: each for each in rows}


def chosen_ids(choices: Mapping[uuid.UUID, PortfolioItem]) -> list[uuid.UUID]:
    """Return the ids of the items that have a position, in order."""
    return [key for key, each in choices.items() if each.position is not None]


def load_selection(
    session: Session, user_id: uuid.UUID, portfolio_id: uuid.UUID, today: dt.date
) -> Selection:
    """Load the person's items grouped for one portfolio. Six statements."""
    choices = load_choices(session, portfolio_id)
    places = {key: place for place, key in enumerate(chosen_ids(choices))}
    redacted_anywhere = sa.select(PortfolioItem.evidence_id).where(
        PortfolioItem.user_id == user_id, PortfolioItem.redacted_title.is_not(None)
    )
    items = load_user_items(session, Audience.OWNER, user_id, texts=False, skills=False)
    newest_first = items[::-1]
    items = sorted(newest_first, key=lambda item: places.get(item.id, math.inf))
    showable = [item for item in items if item.is_public and item.id not in places]
    has_manager = bool(load_holders(session, user_id, Capability.REVIEW))
    return Selection(
        shown=[item for item in items if item.is_public and item.id in places],
        showable=showable,
        withheld=[item for item in items if not item.is_public],
        chosen=frozenset(places),
        lapsed=[item for item in showable if item.has_lapsed(today)],
        drafts=[item for item in showable if item.is_draft] if has_manager else [],
        redactions={key: each.redaction for key, each in choices.items() if each.redaction},
        redacted=frozenset(session.scalars(redacted_anywhere)),
    )


def blank_portfolio(user_id: uuid.UUID, now: dt.datetime) -> Portfolio:
    """Return a person's first portfolio with default values, not yet stored."""
    return Portfolio(
        id=user_id,
        user_id=user_id,
        name=_("Portfolio"),
        is_default=True,
        headline="",
        introduction="",
        shows_email=False,
        shows_self_assessed=False,
        shows_below_bar=False,
        left_out_skills="",
        shown_profiles="",
        section_order="",
        hidden_sections="",
        revision=0,
        created_at=now,
        updated_at=now,
    )


def find_portfolio(
    session: Session, user_id: uuid.UUID, portfolio_id: uuid.UUID | None, now: dt.datetime
) -> Portfolio | None:
    """Load a portfolio of the person, without an id the default one; None if it does not exist.

    If nothing is stored yet, returns a blank first portfolio.
    """
    mine = sa.select(Portfolio).where(Portfolio.user_id == user_id)
    wanted = Portfolio.is_default if portfolio_id is None else Portfolio.id == portfolio_id
    found = session.scalars(mine.where(wanted)).first()
    if found is None and portfolio_id in (None, user_id):
        has_any = session.scalar(sa.select(mine.exists()))
        return None if has_any else blank_portfolio(user_id, now)
    return found


class PortfolioSummary(NamedTuple):
    """A portfolio, the number of items that readers see in it, and how many are redacted."""

    portfolio: Portfolio
    pieces: int
    redacted: int


def list_portfolios(
    session: Session, user_id: uuid.UUID, now: dt.datetime
) -> list[PortfolioSummary]:
    """Load all portfolios of the person, at least one: the default first, the others by name."""
    pieces, redacted = (
        sa.select(sa.func.count(column))
        .join(Evidence, Evidence.id == PortfolioItem.evidence_id)
        .where(
            PortfolioItem.portfolio_id == Portfolio.id,
            PortfolioItem.position.is_not(None),
            is_visible(Audience.PUBLIC),
        )
        .scalar_subquery()
        for column in (PortfolioItem.evidence_id, PortfolioItem.redacted_title)
    )
    counted = sa.select(Portfolio, pieces, redacted).where(Portfolio.user_id == user_id)
    found = [PortfolioSummary(*row) for row in session.execute(counted)]
    found.sort(key=lambda row: (not row[0].is_default, fold(row[0].name), row[0].id))
    return found or [PortfolioSummary(blank_portfolio(user_id, now), 0, 0)]


def list_unredacted_portfolios(
    session: Session, portfolio_id: uuid.UUID, evidence_id: uuid.UUID
) -> Sequence[Portfolio]:
    """Load the other portfolios that show an item unredacted, by name."""
    return session.scalars(
        sa.select(Portfolio)
        .join(PortfolioItem, PortfolioItem.portfolio_id == Portfolio.id)
        .where(
            PortfolioItem.evidence_id == evidence_id,
            PortfolioItem.portfolio_id != portfolio_id,
            PortfolioItem.position.is_not(None),
            PortfolioItem.redacted_title.is_(None),
        )
        .order_by(Portfolio.name, Portfolio.id)
    ).all()


def load_profiles(session: Session, user_id: uuid.UUID) -> dict[str, str]:
    """Load the URLs of the person's profiles by network, in the order of `NETWORKS`."""
    rows = session.execute(
        sa.select(Profile.network, Profile.url).where(Profile.user_id == user_id)
    )
    found = dict(rows.all())
    return {key: found[key] for key in NETWORKS if key in found}
