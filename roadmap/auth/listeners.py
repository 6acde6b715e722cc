"""End the sessions of a person whose role changed."""

from __future__ import annotations

from sqlalchemy.orm import Session

from roadmap.auth.actions import end_sessions
from roadmap.core.signals import PersonChange, person_changed


@person_changed.connect
def _end_sessions_after_role_change(session: Session, change: PersonChange) -> None:
    if change.action == "membership.role_changed":
        end_sessions(session, change.user_id)
