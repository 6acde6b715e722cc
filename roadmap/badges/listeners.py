"""Revoke badges in the transaction that invalidates their claims."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from roadmap.badges.actions import revoke_unsupported
from roadmap.core.signals import person_changed


@person_changed.connect
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
    retracted = data if action == "evidence.verification_withdrawn" else None
    revoke_unsupported(session, user_id, evidence_id=subject, retracted=retracted, by=by, now=now)
