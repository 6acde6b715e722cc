"""Change portfolios: their texts and sections, their pieces, order and redactions."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.types import form_id
from roadmap.evidence.audience_sql import is_visible
from roadmap.evidence.item import Audience
from roadmap.evidence.models import Evidence
from roadmap.people.actor import Actor
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user
from roadmap.portfolio import sections
from roadmap.portfolio.models import Portfolio, PortfolioItem, Profile
from roadmap.portfolio.selection import Redaction, find_portfolio, load_choices, load_selection

# As many as an export can handle in time.
MAX_ITEMS = 300
# More audiences than a person has.
MAX_PORTFOLIOS = 20


class StalePortfolio(Exception):
    """The texts were changed after the form was filled; `current` holds them."""

    def __init__(self, current: Portfolio) -> None:
        super().__init__(f"the portfolio is at revision {current.revision}")
        self.current = current


class NotVisibleInPortfolio(Exception):
    """The piece may not be shown: its visibility is not `portfolio`."""


class PortfolioFull(Exception):
    """The portfolio holds as many pieces as it may."""


class TooManyPortfolios(Exception):
    """The person has `MAX_PORTFOLIOS`."""


class IsDefault(Exception):
    """The default portfolio is not deleted: another one has to be the default first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What a person says in a portfolio besides its pieces, as its columns hold it.

    Lists of keys are words with a space between.
    """

    name: str
    headline: str = ""
    introduction: str = ""
    shows_email: bool = False
    shows_self_assessed: bool = False
    shows_below_bar: bool = False
    left_out_skills: str = ""
    shown_profiles: str = ""


TEXTS = tuple(field.name for field in fields(Texts))


def lock_portfolio(
    session: Session, user_id: uuid.UUID, portfolio_id: uuid.UUID, now: dt.datetime
) -> Portfolio:
    """Lock the person and load one of their portfolios; the first is stored where it was not.

    Raises LookupError where it was deleted.
    """
    lock_user(session, user_id)
    portfolio = session.get(Portfolio, portfolio_id, populate_existing=True)
    if portfolio is None:
        portfolio = find_portfolio(session, user_id, portfolio_id, now)
        if portfolio is None:
            raise LookupError(f"no portfolio {portfolio_id} of {user_id}")
        session.add(portfolio)
        session.flush()
    if portfolio.user_id != user_id:
        raise LookupError(f"no portfolio {portfolio_id} of {user_id}")
    return portfolio


def create_portfolio(
    session: Session,
    user_id: uuid.UUID,
    *,
    name: str,
    copy_of: uuid.UUID | None = None,
    by: Actor,
    now: dt.datetime,
    key: str = "",
) -> Portfolio:
    """Create a portfolio, empty or as a copy of another, once for each `key` of a form.

    A copy has everything but the public links. Raises TooManyPortfolios, and LookupError where
    there is nothing to copy.
    """
    lock_user(session, user_id)
    made_as = form_id(key, user_id, name, copy_of)
    if made := session.get(Portfolio, made_as):
        return made
    # The first one is stored before a second, which is never the default by accident.
    session.add(find_portfolio(session, user_id, None, now))
    session.flush()
    source = lock_portfolio(session, user_id, copy_of, now) if copy_of else None
    mine = sa.select(sa.func.count()).where(Portfolio.user_id == user_id)
    if session.scalars(mine).one() >= MAX_PORTFOLIOS:
        raise TooManyPortfolios
    copied = (*TEXTS, "section_order", "hidden_sections")
    values = {field: getattr(source, field) for field in copied} if source else {}
    portfolio = Portfolio(
        **{**values, "name": name}, id=made_as, user_id=user_id, created_at=now, updated_at=now
    )
    session.add(portfolio)
    session.flush()
    if source:
        item = PortfolioItem
        rest = (item.evidence_id, item.user_id, item.position, item.redacted_title,
                item.redacted_description, item.redacted_shows_impacts)  # fmt: skip
        session.execute(
            sa.insert(item).from_select(
                ["portfolio_id", *(column.key for column in rest)],
                sa.select(sa.literal(made_as, sa.Uuid), *rest).where(
                    item.portfolio_id == source.id
                ),
            )
        )
    _record(session, portfolio, "portfolio.made", by=by, now=now)
    return portfolio


def make_default(
    session: Session, user_id: uuid.UUID, portfolio_id: uuid.UUID, *, by: Actor, now: dt.datetime
) -> None:
    """Make a portfolio the one at `/portfolio`. Raises LookupError."""
    portfolio = lock_portfolio(session, user_id, portfolio_id, now)
    if portfolio.is_default:
        return
    session.execute(
        sa.update(Portfolio).where(Portfolio.user_id == user_id).values(is_default=False)
    )
    portfolio.is_default = True
    _record(session, portfolio, "portfolio.made_default", by=by, now=now)


def delete_portfolio(
    session: Session, user_id: uuid.UUID, portfolio_id: uuid.UUID, *, by: Actor, now: dt.datetime
) -> None:
    """Delete a portfolio with its public links, which stop working.

    Raises IsDefault, and LookupError.
    """
    portfolio = lock_portfolio(session, user_id, portfolio_id, now)
    if portfolio.is_default:
        raise IsDefault
    session.delete(portfolio)
    _record(session, portfolio, "portfolio.deleted", by=by, now=now)


def save_texts(
    session: Session,
    user_id: uuid.UUID,
    portfolio_id: uuid.UUID,
    texts: Texts,
    *,
    revision: int,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Save the texts of a portfolio, and which address, profiles and levels it shows.

    `revision` is the one that the form was filled from, 0 where nothing was saved yet. Saving the
    current texts changes nothing. Raises StalePortfolio where the revision is no longer current,
    and LookupError.
    """
    portfolio = lock_portfolio(session, user_id, portfolio_id, now)
    changed = {
        name: getattr(texts, name)
        for name in TEXTS
        if getattr(portfolio, name) != getattr(texts, name)
    }
    if portfolio.revision and not changed:
        return
    if revision != portfolio.revision:
        raise StalePortfolio(portfolio)
    for name, value in changed.items():
        setattr(portfolio, name, value)
    _next_revision(portfolio, now)
    _record(session, portfolio, "portfolio.written", by=by, now=now, revision=portfolio.revision)


def show_section(
    session: Session,
    user_id: uuid.UUID,
    portfolio_id: uuid.UUID,
    key: str,
    *,
    is_shown: bool,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Show a section of `SECTIONS`, or hide it. Raises LookupError."""
    portfolio = lock_portfolio(session, user_id, portfolio_id, now)
    hidden = set(portfolio.hidden_sections.split())
    hidden = hidden - {key} if is_shown else hidden | {key}
    arrange_sections(
        session, portfolio, sections.ordered(portfolio.section_order), hidden, by=by, now=now
    )


def move_section(
    session: Session,
    user_id: uuid.UUID,
    portfolio_id: uuid.UUID,
    key: str,
    place: int,
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Move a section to a place, counted from 0 and clamped. Raises LookupError."""
    portfolio = lock_portfolio(session, user_id, portfolio_id, now)
    order = sections.moved(portfolio.section_order, key, place)
    hidden = set(portfolio.hidden_sections.split())
    arrange_sections(session, portfolio, order, hidden, by=by, now=now)


def arrange_sections(
    session: Session,
    portfolio: Portfolio,
    order: Sequence[str],
    hidden: set[str],
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Store the order of the sections of a locked portfolio, and which of them are hidden."""
    arranged = (sections.joined(order), " ".join(sorted(hidden)))
    if arranged == (portfolio.section_order, portfolio.hidden_sections):
        return
    portfolio.section_order, portfolio.hidden_sections = arranged
    _record(session, portfolio, "portfolio.arranged", by=by, now=now)


def save_profiles(
    session: Session,
    user_id: uuid.UUID,
    urls: Mapping[str, str],
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Store the full addresses of the person's profiles by network, without the empty ones."""
    lock_user(session, user_id)
    session.execute(sa.delete(Profile).where(Profile.user_id == user_id))
    rows = [{"user_id": user_id, "network": key, "url": url} for key, url in urls.items() if url]
    if rows:
        session.execute(sa.insert(Profile), rows)
    record_history(
        session, user_id=user_id, by=by.id, action="portfolio.profiles", subject="profiles", now=now
    )


def add_item(
    session: Session,
    user_id: uuid.UUID,
    portfolio_id: uuid.UUID,
    evidence: Evidence,
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Add a piece at the end of a portfolio; one that is already in it keeps its place.

    Raises NotVisibleInPortfolio where its visibility is not `portfolio`, PortfolioFull where there
    is no room, and LookupError.
    """
    portfolio = lock_portfolio(session, user_id, portfolio_id, now)
    session.refresh(evidence, ["visibility"])
    if not evidence.is_public:
        raise NotVisibleInPortfolio
    chosen = _selected_ids(session, portfolio_id)
    if evidence.id in chosen:
        return
    if len(chosen) >= MAX_ITEMS:
        raise PortfolioFull
    arrange_items(session, portfolio, [*chosen, evidence.id])
    _record(session, portfolio, "portfolio.chosen", evidence.id, by=by, now=now)


def add_all_items(
    session: Session, user_id: uuid.UUID, portfolio_id: uuid.UUID, *, by: Actor, now: dt.datetime
) -> int:
    """Add what `Selection.addable` names, newest first; return how many pieces that are."""
    portfolio = lock_portfolio(session, user_id, portfolio_id, now)
    chosen = _selected_ids(session, portfolio_id)
    addable = load_selection(session, user_id, portfolio_id, by.today(now)).addable
    added = [item.id for item in addable][: max(0, MAX_ITEMS - len(chosen))]
    if added:
        arrange_items(session, portfolio, [*chosen, *added])
        _record(session, portfolio, "portfolio.chosen", "all", by=by, now=now, count=len(added))
    return len(added)


def remove_item(
    session: Session,
    user_id: uuid.UUID,
    portfolio_id: uuid.UUID,
    evidence_id: uuid.UUID,
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Remove a piece from a portfolio, if it is in it; its redaction is kept.

    Raises LookupError.
    """
    portfolio = lock_portfolio(session, user_id, portfolio_id, now)
    chosen = _selected_ids(session, portfolio_id)
    if evidence_id in chosen:
        arrange_items(session, portfolio, [key for key in chosen if key != evidence_id])
        _record(session, portfolio, "portfolio.left_out", evidence_id, by=by, now=now)


def move_item(
    session: Session,
    user_id: uuid.UUID,
    portfolio_id: uuid.UUID,
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
    portfolio = lock_portfolio(session, user_id, portfolio_id, now)
    chosen = _selected_ids(session, portfolio_id)
    eligible = set(_eligible_ids(session, user_id))
    before = [key for key in chosen if key in eligible]
    if evidence_id not in before:
        raise LookupError(f"{evidence_id} is not in the portfolio")
    shown = [key for key in before if key != evidence_id]
    shown.insert(max(0, position), evidence_id)
    if shown != before:
        arrange_items(session, portfolio, shown + [key for key in chosen if key not in eligible])
        _record(
            session,
            portfolio,
            "portfolio.ordered",
            evidence_id,
            by=by,
            now=now,
            position=position,
        )


def replace_items(
    session: Session,
    user_id: uuid.UUID,
    portfolio_id: uuid.UUID,
    items: Mapping[uuid.UUID, Redaction | None],
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Make these the pieces of a portfolio, in this order, each redacted or not.

    Those that may not be shown stay where they were chosen before; to choose another one raises
    NotVisibleInPortfolio with its id, more than MAX_ITEMS PortfolioFull, and LookupError.
    """
    portfolio = lock_portfolio(session, user_id, portfolio_id, now)
    choices = load_choices(session, portfolio_id)
    before = {key: choices[key].redaction for key in _selected_ids(session, portfolio_id)}
    if list(items.items()) == list(before.items()):
        return
    if len(items) > MAX_ITEMS:
        raise PortfolioFull
    if unknown := items.keys() - before.keys() - set(_eligible_ids(session, user_id)):
        raise NotVisibleInPortfolio(*sorted(map(str, unknown)))
    arrange_items(session, portfolio, list(items), redactions=items)
    _record(session, portfolio, "portfolio.replaced", by=by, now=now)


def redact_item(
    session: Session,
    user_id: uuid.UUID,
    portfolio_id: uuid.UUID,
    evidence_id: uuid.UUID,
    redaction: Redaction | None,
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Set what readers of a portfolio get in place of a piece, or with None show the piece itself.

    Raises LookupError where the piece is not in the portfolio.
    """
    portfolio = lock_portfolio(session, user_id, portfolio_id, now)
    choice = load_choices(session, portfolio_id).get(evidence_id)
    if choice is None:
        raise LookupError(f"{evidence_id} is not in the portfolio")
    if choice.redaction == redaction:
        return
    session.execute(
        sa.update(PortfolioItem)
        .where(PortfolioItem.portfolio_id == portfolio_id, PortfolioItem.evidence_id == evidence_id)
        .values(**redaction_columns(redaction))
    )
    action = "portfolio.redacted" if redaction else "portfolio.unredacted"
    _record(session, portfolio, action, evidence_id, by=by, now=now)


def redaction_columns(redaction: Redaction | None) -> dict[str, Any]:
    """Return a redaction as the columns of an item hold it."""
    return {
        "redacted_title": redaction.title if redaction else None,
        "redacted_description": redaction.description if redaction else "",
        "redacted_shows_impacts": bool(redaction and redaction.shows_impacts),
    }


def arrange_items(
    session: Session,
    portfolio: Portfolio,
    keys: Sequence[uuid.UUID],
    *,
    redactions: Mapping[uuid.UUID, Redaction | None] = MappingProxyType({}),
) -> None:
    """Make these the chosen pieces of a locked portfolio, in this order.

    Each keeps its redaction unless `redactions` has another one, or None, for it.
    """
    item = PortfolioItem
    kept = {key: choice.redaction for key, choice in load_choices(session, portfolio.id).items()}
    kept = {key: redaction for key, redaction in {**kept, **redactions}.items() if redaction}
    session.execute(sa.delete(item).where(item.portfolio_id == portfolio.id))
    places = {key: place for place, key in enumerate(keys)}
    rows = [
        {
            "portfolio_id": portfolio.id,
            "user_id": portfolio.user_id,
            "evidence_id": key,
            "position": places.get(key),
            **redaction_columns(kept.get(key)),
        }
        for key in {**places, **kept}
    ]
    if rows:
        session.execute(sa.insert(item), rows)


def _next_revision(portfolio: Portfolio, now: dt.datetime) -> None:
    portfolio.revision += 1
    portfolio.updated_at = now


def _selected_ids(session: Session, portfolio_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """Return the pieces that the person chose, in order."""
    item = PortfolioItem
    return session.scalars(
        sa.select(item.evidence_id)
        .where(item.portfolio_id == portfolio_id, item.position.is_not(None))
        .order_by(item.position, item.evidence_id)
    ).all()


def _eligible_ids(session: Session, user_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """Return the person's pieces that may be shown."""
    return session.scalars(
        sa.select(Evidence.id).where(Evidence.user_id == user_id, is_visible(Audience.PUBLIC))
    ).all()


def _record(
    session: Session,
    portfolio: Portfolio,
    action: str,
    subject: object = None,
    *,
    by: Actor,
    now: dt.datetime,
    **data: Any,
) -> None:
    """Record a change of a portfolio; `subject` is the piece that it is about, if it is."""
    record_history(
        session,
        user_id=portfolio.user_id,
        by=by.id,
        action=action,
        subject=str(subject or portfolio.id),
        now=now,
        name=portfolio.name,
        **data,
    )
