"""Store imported pay by state, and offers that a person saves."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.limits import LimitReached, count_rows
from roadmap.core.types import form_id
from roadmap.market.models import ImportedPay, Offer, PayImport
from roadmap.market.rules import OfferTerms
from roadmap.people.audit import record_audit
from roadmap.people.locks import lock_user_to_read

if TYPE_CHECKING:
    from roadmap.market.oews_file import OewsFile, StateWages

MAX_OFFERS = 50


@dataclass(frozen=True, slots=True)
class ImportChange:
    """What an import did for one occupation; `changed` counts states that differ from before."""

    soc: str
    is_new: bool
    changed: int


def import_pay(session: Session, file: OewsFile, *, now: dt.datetime) -> list[ImportChange]:
    """Store what a file says, in place of an earlier one of the same year."""
    changes = []
    for soc, wages in sorted(file.wages.items()):
        of_this = sa.select(PayImport).where(PayImport.soc == soc, PayImport.year == file.year)
        before = session.scalar(of_this)
        rows = {state: _row(state, each) for state, each in wages.items()}
        if before is None:
            before = PayImport(soc=soc, year=file.year, states=[])
            session.add(before)
            changes.append(ImportChange(soc, is_new=True, changed=len(rows)))
        else:
            old = {row.state: _values(row) for row in before.states}
            new = {state: _values(row) for state, row in rows.items()}
            changed = sum(old.get(state) != new.get(state) for state in old.keys() | new.keys())
            changes.append(ImportChange(soc, is_new=False, changed=changed))
            if not changed:
                continue
            before.states.clear()
            session.flush()
        before.file_name, before.sha256, before.imported_at = file.name[-200:], file.sha256, now
        before.states.extend(rows.values())
    session.flush()
    if any(change.changed for change in changes):
        record_audit(
            session, by=None, action="market.imported", target=file.name[-200:], now=now,
            year=file.year,
        )  # fmt: skip
    return changes


def _row(state: str, wages: StateWages) -> ImportedPay:
    return ImportedPay(
        state=state,
        jobs=wages.jobs,
        mean=wages.mean.amount,
        mean_is_ceiling=wages.mean.is_ceiling,
        median=wages.median.amount,
        median_is_ceiling=wages.median.is_ceiling,
    )


def _values(row: ImportedPay) -> tuple[object, ...]:
    return (row.jobs, row.mean, row.mean_is_ceiling, row.median, row.median_is_ceiling)


def save_offer(
    session: Session,
    user_id: uuid.UUID,
    terms: OfferTerms,
    *,
    name: str,
    currency: str,
    now: dt.datetime,
    key: str = "",
) -> Offer:
    """Save an offer, once for each `key` of a form. Raises LimitReached.

    It leaves no line in the history, and nothing that others see depends on it.
    """
    lock_user_to_read(session, user_id)
    made_as = form_id(key, user_id, Offer.__tablename__, name, currency, terms)
    if (made := session.get(Offer, made_as)) is not None:
        return made
    if count_rows(session, Offer, Offer.user_id == user_id) >= MAX_OFFERS:
        raise LimitReached(
            _l("You already have %(most)d offers, the maximum.", most=MAX_OFFERS),
            _l("Delete one that you no longer need, then save this one again."),
        )
    offer = Offer(
        id=made_as, user_id=user_id, name=name, currency=currency, created_at=now, **asdict(terms)
    )
    session.add(offer)
    session.flush()
    return offer


def delete_offer(session: Session, offer: Offer) -> None:
    session.delete(offer)
    session.flush()
