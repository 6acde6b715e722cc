"""Store imported pay by state and saved offers."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.i18n import _l
from roadmap.core.limits import LimitReached
from roadmap.core.types import form_id
from roadmap.market.models import ImportedPay, Offer, PayImport
from roadmap.market.rules import OfferTerms
from roadmap.people.audit import record_audit
from roadmap.people.private_rows import add_row

if TYPE_CHECKING:
    from roadmap.market.oews_file import OewsFile

MAX_OFFERS = 50


@dataclass(frozen=True, slots=True)
class ImportChange:
    """The result of an import for one occupation. `changed` counts states with new values."""

    soc: str
    is_new: bool
    changed: int


def import_pay(session: Session, file: OewsFile, *, now: dt.datetime) -> list[ImportChange]:
    """Store the wages of a file, replacing an earlier import of the same year."""
    changes = []
    for soc, wages in sorted(file.wages.items()):
        rows = [
            ImportedPay(
                state=state,
                jobs=each.jobs,
                mean=each.mean.amount,
                mean_is_ceiling=each.mean.is_ceiling,
                median=each.median.amount,
                median_is_ceiling=each.median.is_ceiling,
            )
            for state, each in wages.items()
        ]
        same_import = sa.select(PayImport).where(PayImport.soc == soc, PayImport.year == file.year)
        before = session.scalar(same_import)
        old, new = (
            {_values(row) for row in found} for found in (before.states if before else [], rows)
        )
        changed = len({state for state, *_pay in old ^ new})
        changes.append(ImportChange(soc, before is None, changed))
        if not changed:
            continue
        if before is not None:
            session.delete(before)
            session.flush()
        session.add(
            PayImport(
                soc=soc, year=file.year, file_name=file.name[-200:], sha256=file.sha256,
                imported_at=now, states=rows,
            )
        )  # fmt: skip
    session.flush()
    if any(change.changed for change in changes):
        record_audit(session, "market.imported", file.name[-200:], by=None, now=now, year=file.year)
    return changes


def _values(row: ImportedPay) -> tuple[object, ...]:
    return (row.state, row.jobs, row.mean, row.mean_is_ceiling, row.median, row.median_is_ceiling)


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
    """Save an offer, once per form `key`, without recording history. Raises LimitReached."""
    offer = Offer(
        id=form_id(key, user_id, Offer.__tablename__, name, currency, terms),
        user_id=user_id, name=name, currency=currency, created_at=now, **asdict(terms),
    )  # fmt: skip
    limit = LimitReached(
        _l("You already have %(most)d offers, the maximum.", most=MAX_OFFERS),
        _l("Delete one that you no longer need, then save this one again."),
    )
    return add_row(session, offer, limit, MAX_OFFERS)[0]


def delete_offer(session: Session, offer: Offer) -> None:
    session.delete(offer)
    session.flush()
