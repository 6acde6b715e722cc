"""Add and change rows that only their owner sees, while holding the owner's lock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.limits import LimitReached, count_rows
from roadmap.core.stale_forms import RowDeleted, check_fingerprint
from roadmap.people.locks import lock_and_refresh, lock_user_without_version

Row = TypeVar("Row", bound=Any)


def add_row(
    session: Session, row: Row, limit_error: LimitReached, max_rows: int, *conditions: Any
) -> tuple[Row, bool]:
    """Add a row, only once per id from `form_id`; return it and whether it is new.

    Raises `limit_error` if the person already has `max_rows` rows that meet the `conditions`.
    """
    lock_user_without_version(session, row.user_id)
    model = type(row)
    mine = sa.select(model).where(model.id == row.id, model.user_id == row.user_id)
    if (made := session.scalar(mine)) is not None:
        return made, False
    if count_rows(session, model, model.user_id == row.user_id, *conditions) >= max_rows:
        raise limit_error
    session.add(row)
    session.flush()
    return row, True


def lock_row(session: Session, row: Any) -> None:
    """Lock the owner of a row and reload the row. Raises RowDeleted."""
    if not lock_and_refresh(session, row):
        raise RowDeleted


def change_row(session: Session, row: Any, values: Mapping[str, Any], *, seen: str) -> None:
    """Set columns of a row to the values of a form. Raises RowDeleted and StaleForm.

    `seen` is the fingerprint of the values that the form showed; if empty, nothing is compared.
    """
    lock_row(session, row)
    check_fingerprint(seen, {name: getattr(row, name) for name in values}, values)
    for name, value in values.items():
        setattr(row, name, value)
    session.flush()
