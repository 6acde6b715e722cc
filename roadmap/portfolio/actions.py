"""Change a portfolio's texts, sections, items and redactions.

Only the owner makes these changes. Functions that take a portfolio expect one that
`lock_portfolio` returned.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.i18n import _l
from roadmap.core.limits import LimitReached, count_rows
from roadmap.core.stale_forms import RowDeleted, StaleForm, check_fingerprint, refresh
from roadmap.core.types import form_id
from roadmap.evidence import actions as evidence_actions
from roadmap.evidence.audience_sql import is_visible
from roadmap.evidence.item import Audience
from roadmap.evidence.models import Evidence
from roadmap.people.actor import Actor
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user
from roadmap.portfolio import sections
from roadmap.portfolio.models import Portfolio, PortfolioItem, Profile, Redaction
from roadmap.portfolio.selection import (
    chosen_ids,
    find_portfolio,
    load_choices,
    load_selection,
)

# Exports stay within their time limit up to this number.
MAX_ITEMS = 300
MAX_PORTFOLIOS = 20
# The columns that the form of a portfolio edits.
EDITABLE_FIELDS = (
    "name", "headline", "introduction", "shows_email", "shows_self_assessed", "shows_below_bar",
    "left_out_skills", "shown_profiles",
)  # fmt: skip


class NotVisibleInPortfolio(Exception):
    """The visibility of the item is not `portfolio`."""


class CannotDeleteDefault(Exception):
    """The default portfolio cannot be deleted until another one is the default."""


def lock_portfolio(
    session: Session, portfolio_id: uuid.UUID, *, by: Actor, now: dt.datetime
) -> Portfolio:
    """Lock the owner and load a portfolio, inserting their first one if it has no row yet.

    Raises RowDeleted if the portfolio belongs to somebody else or was deleted.
    """
    lock_user(session, by.id)
    portfolio = session.get(Portfolio, portfolio_id, populate_existing=True)
    if portfolio is None:
        portfolio = find_portfolio(session, by.id, portfolio_id, now)
        if portfolio is not None:
            session.add(portfolio)
            session.flush()
    if portfolio is None or portfolio.user_id != by.id:
        raise RowDeleted(f"no portfolio {portfolio_id} of {by.id}")
    return portfolio


def create_portfolio(
    session: Session,
    *,
    name: str,
    copy_of: uuid.UUID | None = None,
    by: Actor,
    now: dt.datetime,
    key: str = "",
) -> Portfolio:
    """Create an empty portfolio or a copy of another one; idempotent by the form's `key`.

    A copy has everything except the public links. Raises LimitReached.
    """
    lock_user(session, by.id)
    portfolio_id = form_id(key, by.id, name, copy_of)
    if existing := session.get(Portfolio, portfolio_id):
        return existing
    # The first portfolio must have a row, or the second would become the default.
    session.add(find_portfolio(session, by.id, None, now))
    session.flush()
    source = lock_portfolio(session, copy_of, by=by, now=now) if copy_of else None
    if count_rows(session, Portfolio, Portfolio.user_id == by.id) >= MAX_PORTFOLIOS:
        raise LimitReached(
            _l("You have %(most)d portfolios, the maximum.", most=MAX_PORTFOLIOS),
            _l("Delete one first."),
        )
    copied = (*EDITABLE_FIELDS, "section_order", "hidden_sections")
    values = {field: getattr(source, field) for field in copied} if source else {}
    portfolio = Portfolio(
        **{**values, "name": name}, id=portfolio_id, user_id=by.id, created_at=now, updated_at=now
    )
    session.add(portfolio)
    session.flush()
    if source:
        for evidence_id, item in load_choices(session, source.id).items():
            session.add(
                PortfolioItem(
                    portfolio_id=portfolio_id, user_id=by.id, evidence_id=evidence_id,
                    position=item.position, redaction=item.redaction,
                )
            )  # fmt: skip
        session.flush()
    _record(session, portfolio, "portfolio.made", now=now)
    return portfolio


def make_default(session: Session, portfolio: Portfolio, *, now: dt.datetime) -> None:
    """Make this the default portfolio, shown at `/portfolio`."""
    if portfolio.is_default:
        return
    session.execute(
        sa.update(Portfolio).where(Portfolio.user_id == portfolio.user_id).values(is_default=False)
    )
    portfolio.is_default = True
    _record(session, portfolio, "portfolio.made_default", now=now)


def delete_portfolio(session: Session, portfolio: Portfolio, *, now: dt.datetime) -> None:
    """Delete a portfolio and its public links. Raises CannotDeleteDefault."""
    if portfolio.is_default:
        raise CannotDeleteDefault
    session.delete(portfolio)
    _record(session, portfolio, "portfolio.deleted", now=now)


def save_texts(
    session: Session,
    portfolio: Portfolio,
    texts: Mapping[str, Any],
    *,
    revision: int,
    now: dt.datetime,
) -> None:
    """Save the given columns of `EDITABLE_FIELDS`.

    `revision` is the revision that the form was loaded from, 0 if nothing was saved yet. Saving
    unchanged values is a no-op. Raises StaleForm if the revision is not the current one.
    """
    changed = {name: text for name, text in texts.items() if getattr(portfolio, name) != text}
    if portfolio.revision and not changed:
        return
    if revision != portfolio.revision:
        raise StaleForm(portfolio)
    for name, value in changed.items():
        setattr(portfolio, name, value)
    portfolio.revision += 1
    portfolio.updated_at = now
    _record(session, portfolio, "portfolio.written", now=now, revision=portfolio.revision)


def show_section(
    session: Session, portfolio: Portfolio, key: str, *, is_shown: bool, now: dt.datetime
) -> None:
    """Show or hide a section, a key of `SECTIONS`."""
    hidden = set(portfolio.hidden_sections.split())
    hidden = hidden - {key} if is_shown else hidden | {key}
    order = sections.ordered(portfolio.section_order)
    arrange_sections(session, portfolio, order, hidden, now=now)


def move_section(
    session: Session, portfolio: Portfolio, key: str, place: int, *, now: dt.datetime
) -> None:
    """Move a section to a 0-based position, clamped to the number of sections."""
    order = sections.moved(portfolio.section_order, key, place)
    hidden = set(portfolio.hidden_sections.split())
    arrange_sections(session, portfolio, order, hidden, now=now)


def arrange_sections(
    session: Session,
    portfolio: Portfolio,
    order: Sequence[str],
    hidden: set[str],
    *,
    now: dt.datetime,
) -> None:
    """Store the order of the sections and the keys of the hidden ones."""
    arranged = (sections.to_stored(order), " ".join(sorted(hidden)))
    if arranged == (portfolio.section_order, portfolio.hidden_sections):
        return
    portfolio.section_order, portfolio.hidden_sections = arranged
    _record(session, portfolio, "portfolio.arranged", now=now)


def save_profiles(
    session: Session, urls: Mapping[str, str], *, by: Actor, now: dt.datetime
) -> None:
    """Replace the person's profiles by these URLs, keyed by network; empty URLs are skipped."""
    lock_user(session, by.id)
    session.execute(sa.delete(Profile).where(Profile.user_id == by.id))
    session.add_all(
        Profile(user_id=by.id, network=network, url=url) for network, url in urls.items() if url
    )
    record_history(session, by.id, "portfolio.profiles", "profiles", by=by.id, now=now)


def add_item(
    session: Session, portfolio: Portfolio, evidence: Evidence, *, now: dt.datetime
) -> None:
    """Append an item to a portfolio; an item that is already in it keeps its position.

    Raises NotVisibleInPortfolio and LimitReached.
    """
    refresh(session, evidence, ["visibility"])
    if not evidence.is_public:
        raise NotVisibleInPortfolio
    chosen = _chosen(session, portfolio)
    if evidence.id in chosen:
        return
    _check_room(chosen)
    _arrange_items(session, portfolio, [*chosen, evidence.id])
    _record(session, portfolio, "portfolio.chosen", evidence.id, now=now)


def publish_item(
    session: Session, portfolio: Portfolio, evidence: Evidence, *, by: Actor, now: dt.datetime
) -> None:
    """Change an item's visibility to `portfolio`, which its author confirmed, and append it.

    Raises LimitReached and InvalidInput.
    """
    chosen = _chosen(session, portfolio)
    if evidence.id not in chosen:
        _check_room(chosen)
    evidence_actions.lock_and_reload(session, evidence, by)
    public = replace(evidence_actions.evidence_input(evidence), visibility="portfolio")
    evidence_actions.edit(session, evidence, public, by=by, now=now)
    add_item(session, portfolio, evidence, now=now)


def add_all_items(
    session: Session, portfolio: Portfolio, today: dt.date, *, now: dt.datetime
) -> int:
    """Append the items of `Selection.addable`, newest first, and return their number."""
    chosen = _chosen(session, portfolio)
    addable = load_selection(session, portfolio.user_id, portfolio.id, today).addable
    added = [item.id for item in addable][: max(0, MAX_ITEMS - len(chosen))]
    if added:
        _arrange_items(session, portfolio, [*chosen, *added])
        _record(session, portfolio, "portfolio.chosen", "all", now=now, count=len(added))
    return len(added)


def remove_item(
    session: Session, portfolio: Portfolio, evidence_id: uuid.UUID, *, now: dt.datetime
) -> None:
    """Remove an item from a portfolio, if present; its redaction is kept."""
    chosen = _chosen(session, portfolio)
    if evidence_id in chosen:
        _arrange_items(session, portfolio, [key for key in chosen if key != evidence_id])
        _record(session, portfolio, "portfolio.left_out", evidence_id, now=now)


def move_item(
    session: Session,
    portfolio: Portfolio,
    evidence_id: uuid.UUID,
    position: int,
    *,
    now: dt.datetime,
) -> None:
    """Move an item to a 0-based position among the visible items, clamped to their number.

    Items that may no longer be shown go to the end. Raises RowDeleted if the item is not among
    the visible ones.
    """
    chosen = _chosen(session, portfolio)
    eligible = _eligible_ids(session, portfolio.user_id)
    before = [key for key in chosen if key in eligible]
    if evidence_id not in before:
        raise RowDeleted(f"{evidence_id} is not in the portfolio")
    shown = [key for key in before if key != evidence_id]
    shown.insert(max(0, position), evidence_id)
    if shown != before:
        _arrange_items(session, portfolio, shown + [key for key in chosen if key not in eligible])
        _record(session, portfolio, "portfolio.ordered", evidence_id, now=now, position=position)


def replace_items(
    session: Session,
    portfolio: Portfolio,
    items: Mapping[uuid.UUID, Redaction | None],
    *,
    now: dt.datetime,
) -> None:
    """Replace the items of a portfolio by these, at most MAX_ITEMS, in the given order.

    Items that may no longer be shown are accepted if they were in the portfolio before. Others
    raise NotVisibleInPortfolio with their ids.
    """
    choices = load_choices(session, portfolio.id)
    before = {key: choices[key].redaction for key in chosen_ids(choices)}
    if list(items.items()) == list(before.items()):
        return
    if unknown := items.keys() - before.keys() - _eligible_ids(session, portfolio.user_id):
        raise NotVisibleInPortfolio(*sorted(map(str, unknown)))
    _arrange_items(session, portfolio, list(items))
    for key, choice in load_choices(session, portfolio.id).items():
        choice.redaction = items.get(key, choice.redaction)
    _record(session, portfolio, "portfolio.replaced", now=now)


def redact_item(
    session: Session,
    portfolio: Portfolio,
    evidence_id: uuid.UUID,
    redaction: Redaction | None,
    *,
    seen: str = "",
    now: dt.datetime,
) -> None:
    """Set the redaction of an item, or remove it with None.

    `seen` is the fingerprint of the values that the form showed, "" to save unconditionally.
    Raises StaleForm, and RowDeleted if the item is not in the portfolio.
    """
    choice = load_choices(session, portfolio.id).get(evidence_id)
    if choice is None:
        raise RowDeleted(f"{evidence_id} is not in the portfolio")
    check_fingerprint(seen, redaction_values(choice.redaction), redaction_values(redaction))
    if choice.redaction == redaction:
        return
    choice.redaction = redaction
    action = "portfolio.redacted" if redaction else "portfolio.unredacted"
    _record(session, portfolio, action, evidence_id, now=now)


def redaction_values(redaction: Redaction | None) -> dict[str, Any]:
    """Return the form values of a redaction, empty for None."""
    return asdict(redaction) if redaction else {}


def _arrange_items(session: Session, portfolio: Portfolio, keys: Sequence[uuid.UUID]) -> None:
    """Store these as the items of a portfolio, in this order; redactions are kept."""
    choices = load_choices(session, portfolio.id)
    places = {key: place for place, key in enumerate(keys)}
    for key in places.keys() - choices.keys():
        choices[key] = PortfolioItem(
            portfolio_id=portfolio.id, evidence_id=key, user_id=portfolio.user_id, redaction=None
        )
        session.add(choices[key])
    for key, choice in choices.items():
        choice.position = places.get(key)
        if choice.position is None and choice.redaction is None:
            session.delete(choice)
    session.flush()


def _check_room(chosen: Sequence[uuid.UUID]) -> None:
    if len(chosen) >= MAX_ITEMS:
        raise LimitReached(
            _l("A portfolio holds at most %(most)d pieces.", most=MAX_ITEMS),
            _l("Remove one first."),
        )


def _chosen(session: Session, portfolio: Portfolio) -> list[uuid.UUID]:
    return chosen_ids(load_choices(session, portfolio.id))


def _eligible_ids(session: Session, user_id: uuid.UUID) -> set[uuid.UUID]:
    """Load the ids of the person's evidence that a portfolio may show."""
    mine = sa.select(Evidence.id).where(Evidence.user_id == user_id, is_visible(Audience.PUBLIC))
    return set(session.scalars(mine))


def _record(
    session: Session,
    portfolio: Portfolio,
    action: str,
    subject: object = None,
    *,
    now: dt.datetime,
    **data: Any,
) -> None:
    """Record a change by the owner; `subject` is the id of the item concerned, if any."""
    record_history(
        session, portfolio.user_id, action, subject or portfolio.id, by=portfolio.user_id, now=now,
        name=portfolio.name, **data,
    )  # fmt: skip
