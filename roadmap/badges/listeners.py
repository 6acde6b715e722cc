"""Revoke badges when what they say is no longer confirmed, in the same transaction."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from roadmap.badges.actions import TakenBack, revoke_unfounded
from roadmap.core.signals import person_changed


def _person_changed(
    session: Session,
    *,
    user_id: uuid.UUID,
    what: str,
    action: str,
    subject: str,
    data: Mapping[str, Any],
    by: uuid.UUID | None,
    now: dt.datetime,
    **_more: Any,
) -> None:
    if what != "evidence":
        return
    taken_back = None
    if action == "evidence.verification_withdrawn":
        decided_at = dt.datetime.fromisoformat(data["decided_at"])
        taken_back = TakenBack(subject, frozenset(data["milestones"]), decided_at)
    revoke_unfounded(session, user_id, taken_back=taken_back, by=by, now=now)


def listen() -> None:
    person_changed.connect(_person_changed)
