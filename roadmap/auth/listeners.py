"""End the sessions of a person whose role changed."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy.orm import Session

from roadmap.auth.actions import end_sessions
from roadmap.core.signals import person_changed


@person_changed.connect
def _end_sessions_after_role_change(
    session: Session, *, user_id: uuid.UUID, action: str, **_more: Any
) -> None:
    if action == "membership.role_changed":
        end_sessions(session, user_id)
