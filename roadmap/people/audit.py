"""The audit log of this installation."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.database import count_changed
from roadmap.people.models import AuditEntry

_ENTRIES: Any = AuditEntry.__table__
# Entries deleted per transaction, so that it holds locks only briefly.
PRUNE_BATCH = 10_000


def record_audit(
    session: Session,
    action: str,
    target: object = "",
    *,
    by: uuid.UUID | None,
    now: dt.datetime,
    address: str = "",
    user_ids: Collection[uuid.UUID] | None = None,
    **data: Any,
) -> None:
    """Add an entry to the audit log, or one for each of the `user_ids`, in one statement.

    `action` has the form `thing.verb`, `target` is the key or id of the thing, and `data` has JSON
    values.
    """
    entry = {
        "actor_id": by, "at": now, "action": action, "target": str(target), "address": address,
    }  # fmt: skip
    rows = [data] if user_ids is None else [{**data, "person": str(key)} for key in user_ids]
    if rows:
        session.execute(sa.insert(_ENTRIES), [{**entry, "data": data} for data in rows])


def prune(session: Session, *, before: dt.datetime) -> int:
    """Delete at most PRUNE_BATCH entries older than `before`; return how many."""
    return count_changed(session, sa.delete(_ENTRIES).where(_is_in_batch(before)))


def clear_addresses(session: Session, *, before: dt.datetime) -> int:
    """Clear the addresses of at most PRUNE_BATCH entries older than `before`; return how many.

    Apart from the erasure of a person, this is the only change to existing entries.
    """
    has_address = _is_in_batch(before, _ENTRIES.c.address != "")
    return count_changed(session, sa.update(_ENTRIES).where(has_address).values(address=""))


def _is_in_batch(before: dt.datetime, *conditions: Any) -> Any:
    old = sa.select(_ENTRIES.c.id).where(_ENTRIES.c.at < before, *conditions)
    return _ENTRIES.c.id.in_(old.order_by(_ENTRIES.c.at).limit(PRUNE_BATCH))
