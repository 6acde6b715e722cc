"""Save the costs of certifications. The history records the change, but no amount."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.credentials.models import CredentialCost
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user


def save_cost(
    session: Session,
    user_id: uuid.UUID,
    evidence_id: uuid.UUID,
    year: int,
    amount: int,
    currency: str,
    *,
    now: dt.datetime,
) -> None:
    """Save the cost of a year, replacing the previous amount. 0 deletes it."""
    lock_user(session, user_id)
    saved = session.scalar(
        sa.select(CredentialCost)
        .where(
            CredentialCost.user_id == user_id,
            CredentialCost.evidence_id == evidence_id,
            CredentialCost.year == year,
        )
        .execution_options(populate_existing=True)
    )
    before = (saved.amount, saved.currency) if saved is not None else (0, currency)
    if before == (amount, currency):
        return
    if saved is None:
        saved = CredentialCost(user_id=user_id, evidence_id=evidence_id, year=year)
        session.add(saved)
    if amount:
        saved.amount, saved.currency, saved.updated_at = amount, currency, now
    else:
        session.delete(saved)
    record_history(session, user_id, "credential.cost_saved", evidence_id, by=user_id, now=now)
