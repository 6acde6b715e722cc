"""Limits on the number of rows per user."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_babel import LazyString
from sqlalchemy.orm import Session


class LimitReached(ValueError):
    """The user has the maximum number of rows. Its text is the message, followed by the advice."""

    def __init__(self, message: LazyString, advice: LazyString) -> None:
        super().__init__(message, advice)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message} {self.advice}"


def count_rows(session: Session, model: Any, *conditions: Any) -> int:
    """Count matching rows. Lock the user first, so that concurrent inserts are counted."""
    counted = sa.select(sa.func.count()).select_from(model).where(*conditions)
    return session.scalar(counted) or 0
