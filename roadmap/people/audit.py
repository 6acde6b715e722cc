"""The audit log of this installation."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.people.models import AuditEntry

_ENTRIES: Any = AuditEntry.__table__


def record_audit(
    session: Session,
    *,
    by: uuid.UUID | None,
    action: str,
    target: str = "",
    address: str = "",
    now: dt.datetime,
    **data: Any,
) -> None:
    """Add one entry to the audit log. `action` is `thing.verb`, `data` has JSON values."""
    entry = {"actor_id": by, "at": now, "action": action, "target": target, "address": address}
    session.execute(sa.insert(_ENTRIES), {**entry, "data": data})


def record_audit_each(
    session: Session,
    people: Collection[uuid.UUID],
    *,
    by: uuid.UUID | None,
    action: str,
    target: str,
    now: dt.datetime,
) -> None:
    """Add one entry about each of these people, in one statement."""
    entry = {"actor_id": by, "at": now, "action": action, "target": target, "address": ""}
    if people:
        entries = [{**entry, "data": {"person": str(user_id)}} for user_id in people]
        session.execute(sa.insert(_ENTRIES), entries)
