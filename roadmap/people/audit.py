"""The audit log of this installation."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.people.models import AuditEntry


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
    """Adds one line to the audit log."""
    line = {"actor_id": by, "at": now, "action": action, "target": target}
    session.execute(_INSERT_AUDIT_ENTRY, {**line, "address": address, "data": data})


def record_audit_each(
    session: Session,
    people: Collection[uuid.UUID],
    *,
    by: uuid.UUID | None,
    action: str,
    target: str,
    now: dt.datetime,
) -> None:
    """Adds a line about each of these people, in one statement."""
    line = {"actor_id": by, "at": now, "action": action, "target": target, "address": ""}
    if people:
        lines = [{**line, "data": {"person": str(user_id)}} for user_id in people]
        session.execute(_INSERT_AUDIT_ENTRY, lines)


_AUDIT_ENTRIES: Any = AuditEntry.__table__


_INSERT_AUDIT_ENTRY = sa.insert(_AUDIT_ENTRIES)
