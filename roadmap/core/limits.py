"""How many rows of a kind one person may have."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_babel import LazyString
from sqlalchemy.orm import Session


class LimitReached(ValueError):
    """The person has as many as there can be; the page says so, and what to do."""

    def __init__(self, message: LazyString, advice: LazyString) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


def count_rows(session: Session, model: Any, *conditions: Any) -> int:
    """Return how many rows of a table fulfil the conditions; call it below the person's lock."""
    counted = sa.select(sa.func.count()).select_from(model).where(*conditions)
    return session.scalar(counted) or 0
