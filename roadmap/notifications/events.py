"""What happens in the rooms below, in one shape for all signals."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from roadmap.evidence.models import Evidence
from roadmap.people.models import User


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a lower room, as its signal reports it.

    `action` is the action of a history entry, or `invitation.sent`, `invitation.ended` and
    `managers.changed` for the other signals, whose arguments are the `data`.
    """

    action: str
    now: dt.datetime
    user_id: uuid.UUID | None = None
    subject: str = ""
    by: uuid.UUID | None = None
    row_id: uuid.UUID | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


def find_shared_evidence(session: Session, event: Event) -> tuple[Evidence, User] | None:
    """Return the evidence that an event is about and its author; None where it is not shared."""
    evidence = session.get(Evidence, uuid.UUID(event.subject))
    if evidence is None or not evidence.is_shared:
        return None
    return evidence, session.get_one(User, evidence.user_id)
