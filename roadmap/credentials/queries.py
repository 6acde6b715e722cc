"""Load the credential content and the user's own certifications and costs."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.dates import PartialDate
from roadmap.credentials.models import CredentialCost
from roadmap.credentials.rules import days_left, warning_days
from roadmap.evidence.item import Audience, Item
from roadmap.evidence.loader import load_items
from roadmap.evidence.models import Evidence, EvidenceVersion

if TYPE_CHECKING:
    from roadmap.credentials.content import CredentialContent


@cache
def credential_content() -> CredentialContent:
    """Return the parsed content, which is cached per process."""
    # Imported here, so that Pydantic does not slow down the start of the application.
    from roadmap.catalog.files import read_as
    from roadmap.credentials.content import CredentialContent

    return read_as(Path(__file__).parent / "content.yaml", CredentialContent)


@dataclass(frozen=True, slots=True)
class OwnCertification:
    """A user's certification. `days_left` is None if it does not expire.

    `warning` is the due entry of `WARNING_DAYS`, None if no warning is due.
    """

    item: Item
    expires_on: PartialDate | None
    days_left: int | None
    warning: int | None

    @property
    def has_lapsed(self) -> bool:
        return self.days_left is not None and self.days_left < 0


def own_certifications(
    session: Session, user_id: uuid.UUID, today: dt.date
) -> list[OwnCertification]:
    """Load the user's certifications: next to lapse first, already lapsed ones last.

    Dates are those of the version that counts (`Item.counted`).
    """
    ids = session.scalars(
        sa.select(Evidence.id)
        .where(
            Evidence.user_id == user_id,
            sa.exists().where(
                EvidenceVersion.evidence_id == Evidence.id, EvidenceVersion.kind == "certification"
            ),
        )
        .order_by(Evidence.id)
    ).all()
    items = load_items(session, Audience.OWNER, ids, texts=False)
    held = [
        _own_certification(item, today) for item in items if item.counted.kind == "certification"
    ]
    far = dt.date.max.toordinal()
    return sorted(
        held,
        key=lambda each: (each.has_lapsed, far if each.days_left is None else abs(each.days_left)),
    )


def _own_certification(item: Item, today: dt.date) -> OwnCertification:
    expires_on = item.counted.expires_on
    return OwnCertification(
        item,
        expires_on,
        days_left(expires_on, today) if expires_on else None,
        warning_days(expires_on, today),
    )


def count_by_kind(session: Session, user_id: uuid.UUID) -> dict[str, int]:
    """Count the user's pieces of evidence by the kind of their current version."""
    rows = session.execute(
        sa.select(EvidenceVersion.kind, sa.func.count())
        .join(Evidence, Evidence.current_id == EvidenceVersion.id)
        .where(Evidence.user_id == user_id)
        .group_by(EvidenceVersion.kind)
    )
    return dict(iter(rows))


def own_costs(session: Session, user_id: uuid.UUID) -> dict[uuid.UUID, list[CredentialCost]]:
    """Load the user's costs by certification, latest year first."""
    rows = session.scalars(
        sa.select(CredentialCost)
        .where(CredentialCost.user_id == user_id)
        .order_by(CredentialCost.year.desc(), CredentialCost.id)
    )
    found: dict[uuid.UUID, list[CredentialCost]] = {}
    for each in rows:
        found.setdefault(each.evidence_id, []).append(each)
    return found


def costs_by_year(
    costs: Mapping[uuid.UUID, Sequence[CredentialCost]],
) -> list[tuple[int, list[tuple[str, int]]]]:
    """Return the sums by year, latest first, and by currency, without conversion."""
    sums: Counter[tuple[int, str]] = Counter()
    for each in chain.from_iterable(costs.values()):
        sums[each.year, each.currency] += each.amount
    years = sorted({year for year, _currency in sums}, reverse=True)
    return [
        (
            year,
            sorted((currency, total) for (when, currency), total in sums.items() if when == year),
        )
        for year in years
    ]
