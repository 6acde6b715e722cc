"""Where accounts listen: a change of what somebody may do ends their sessions."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy.orm import Session

from roadmap.accounts.actions import end_sessions
from roadmap.core.signals import person_changed


def _person_changed(session: Session, *, user_id: uuid.UUID, action: str, **_more: Any) -> None:
    if action == "membership.role_changed":
        end_sessions(session, user_id)


def listen() -> None:
    """Connects the listener; more than once is no harm."""
    person_changed.connect(_person_changed)
