"""Revoke badges when what they say is no longer confirmed, in the same transaction."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy.orm import Session

from roadmap.badges.actions import revoke_unfounded
from roadmap.core.signals import person_changed


def _person_changed(
    session: Session,
    *,
    user_id: uuid.UUID,
    what: str,
    by: uuid.UUID | None,
    now: dt.datetime,
    **_more: Any,
) -> None:
    if what == "evidence":
        revoke_unfounded(session, user_id, by=by, now=now)


def listen() -> None:
    person_changed.connect(_person_changed)
