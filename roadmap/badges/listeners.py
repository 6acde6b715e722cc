"""Revoke badges in the transaction that invalidates their claims."""

from __future__ import annotations

from sqlalchemy.orm import Session

from roadmap.badges.actions import revoke_unsupported
from roadmap.core.signals import PersonChange, person_changed


@person_changed.connect
def _person_changed(session: Session, change: PersonChange) -> None:
    if change.thing == "evidence":
        revoke_unsupported(session, change)
