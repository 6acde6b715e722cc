"""Create, revoke and resolve public links to a portfolio.

The token in a URL is the row's id, signed with the instance's secret key (HMAC-SHA-256). It can be
shown to the owner again, cannot be guessed, and cannot be derived from a copy of the database.
Changing the secret key invalidates all links.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from flask import current_app
from itsdangerous import BadSignature, Signer
from sqlalchemy.orm import Session

from roadmap.core.dates import local_date
from roadmap.core.i18n import _l
from roadmap.core.limits import LimitReached
from roadmap.core.stale_forms import refresh
from roadmap.core.types import form_id, new_id
from roadmap.evidence import queries as evidence
from roadmap.evidence.item import Item
from roadmap.evidence.queries import PublicLinks
from roadmap.people.actor import Actor
from roadmap.people.audit import record_audit
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user
from roadmap.people.models import User
from roadmap.portfolio.models import Portfolio, PortfolioItem, PortfolioLink

MAX_OPEN_LINKS = 20


def sign_token(link: PortfolioLink) -> str:
    """Return the token that follows `/p/` in the URL of a link."""
    return _signer().sign(link.id.hex).decode()


def create_link(
    session: Session,
    portfolio: Portfolio,
    *,
    label: str,
    expires_at: dt.datetime | None,
    now: dt.datetime,
    key: str = "",
) -> PortfolioLink:
    """Create a public link to a locked portfolio, idempotent by `key`. Raises LimitReached."""
    user_id = portfolio.user_id
    link_id = form_id(key, user_id, portfolio.id, label, expires_at and expires_at - now)
    links = list_links(session, user_id)
    for existing in links:
        if existing.id == link_id:
            if is_open(existing, now):
                return existing
            link_id = new_id()
    if sum(is_open(link, now) for link in links) >= MAX_OPEN_LINKS:
        raise LimitReached(
            _l("You have %(most)d active links, the maximum.", most=MAX_OPEN_LINKS),
            _l("Revoke one that is no longer needed."),
        )
    link = PortfolioLink(
        id=link_id,
        user_id=user_id,
        portfolio_id=portfolio.id,
        label=label,
        created_at=now,
        expires_at=expires_at,
    )
    session.add(link)
    session.flush()
    _record_change(session, link, "portfolio.link_made", user_id, now)
    return link


def revoke_link(session: Session, link: PortfolioLink, *, by: Actor, now: dt.datetime) -> None:
    """Revoke a link permanently."""
    lock_user(session, link.user_id)
    refresh(session, link)
    if link.revoked_at is None:
        link.revoked_at = now
        _record_change(session, link, "portfolio.link_revoked", by.id, now)


def list_links(session: Session, user_id: uuid.UUID) -> Sequence[PortfolioLink]:
    """Load the links to all portfolios of a person, newest first."""
    return session.scalars(
        sa.select(PortfolioLink)
        .where(PortfolioLink.user_id == user_id)
        .order_by(PortfolioLink.created_at.desc(), PortfolioLink.id.desc())
    ).all()


def is_open(link: PortfolioLink, now: dt.datetime) -> bool:
    """Return whether the link is neither revoked nor expired."""
    return link.revoked_at is None and (link.expires_at is None or now < link.expires_at)


def find_open_link(
    session: Session, token: str, *, now: dt.datetime
) -> tuple[PortfolioLink, dt.date] | None:
    """Load the open link of a token, and today's date in the owner's time zone.

    Returns None if the link has ended or never existed, or the owner's account is deactivated.
    """
    try:
        key = uuid.UUID(_signer().unsign(token.encode("utf-8", "replace")).decode())
    except (BadSignature, ValueError):
        return None
    found = session.execute(
        sa.select(PortfolioLink, User.timezone)
        .join(User, User.id == PortfolioLink.user_id)
        .where(PortfolioLink.id == key, User.deactivated_at.is_(None))
    ).first()
    if found is None or not is_open(found[0], now):
        return None
    return found[0], local_date(now, found[1])


def record_link_opened(session: Session, link_id: uuid.UUID, day: dt.date) -> None:
    """Record the date on which a link was last opened."""
    session.execute(
        sa.update(PortfolioLink).where(PortfolioLink.id == link_id).values(last_opened_on=day)
    )


def _signer() -> Signer:
    key = current_app.config["SECRET_KEY"]
    return Signer(key, "portfolio link", key_derivation="hmac", digest_method=hashlib.sha256)


def _record_change(
    session: Session, link: PortfolioLink, action: str, by: uuid.UUID, now: dt.datetime
) -> None:
    record_history(session, link.user_id, action, link.id, by=by, now=now)
    record_audit(session, action, link.id, by=by, now=now)


def count_open_links(session: Session, item: Item, now: dt.datetime) -> PublicLinks | None:
    """Count the open links that show an item; return None if it is in no portfolio."""
    if not item.is_public:
        return None
    shown_in = {
        each.portfolio_id: each.redaction is not None
        for each in session.scalars(
            sa.select(PortfolioItem).where(
                PortfolioItem.user_id == item.user_id,
                PortfolioItem.evidence_id == item.id,
                PortfolioItem.position.is_not(None),
            )
        )
    }
    if not shown_in:
        return None
    found = [
        shown_in[link.portfolio_id]
        for link in list_links(session, item.user_id)
        if is_open(link, now) and link.portfolio_id in shown_in
    ]
    return PublicLinks(len(found), sum(found))


# With this an evidence page counts the public links that show the piece.
evidence.count_public_links = count_open_links
