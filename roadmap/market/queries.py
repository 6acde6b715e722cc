"""Load pay by state and saved offers."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from roadmap.market.models import Offer, PayImport
from roadmap.market.rules import Pay, PaySeries, average_year, choose_series

if TYPE_CHECKING:
    from roadmap.market.content import Market

# Key of the content's source for imported figures.
IMPORTED = "oews"
CURRENCY = "USD"


def series(session: Session, content: Market) -> list[PaySeries]:
    """Return the imported and bundled pay series, best first."""
    bundled = []
    for each in content.state_pay:
        pay = {state: Pay(amount) for state, amount in each.values.items()}
        pay |= {state: Pay(None) for state in each.not_published}
        bundled.append(
            PaySeries(
                each.soc, each.measure, each.year, each.currency, pay, each.source,
                is_secondary=each.secondary, is_partial=each.partial, note=each.note,
            )
        )  # fmt: skip
    imported = []
    unpublished = {state.code: Pay(None) for state in content.states}
    for found in session.scalars(sa.select(PayImport).options(selectinload(PayImport.states))):
        for measure in ("median", "mean"):
            pay = unpublished | {
                row.state: Pay(
                    getattr(row, measure), getattr(row, f"{measure}_is_ceiling"), row.jobs
                )
                for row in found.states
            }
            imported.append(
                PaySeries(
                    found.soc, measure, found.year, CURRENCY, pay, IMPORTED, file=found.file_name
                )
            )
    return choose_series(bundled, imported, [each.soc for each in content.occupations])


def offers(session: Session, user_id: uuid.UUID) -> list[Offer]:
    """Return a user's saved offers, grouped by currency, highest first."""
    rows = session.scalars(sa.select(Offer).where(Offer.user_id == user_id).order_by(Offer.id))
    return sorted(rows, key=lambda offer: (offer.currency, -average_year(offer.terms)))
