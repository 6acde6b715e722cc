"""Change rows that nobody but their owner sees, below the lock of the owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from roadmap.core.stale_forms import RowDeleted, check_seen
from roadmap.people.locks import lock_and_refresh


def lock_row(session: Session, row: Any) -> None:
    """Read a row again below the lock of its owner. Raises RowDeleted."""
    if not lock_and_refresh(session, row):
        raise RowDeleted


def change_row(session: Session, row: Any, values: Mapping[str, Any], *, seen: str) -> None:
    """Give a row the values of a form, by column. Raises RowDeleted and StaleForm.

    `seen` is the fingerprint of what the form showed; without it anything is replaced.
    """
    lock_row(session, row)
    check_seen(seen, {name: getattr(row, name) for name in values}, values)
    for name, value in values.items():
        setattr(row, name, value)
    session.flush()
