"""Save tool records. The history records the tool, but no values."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy.orm import Session

from roadmap.core.stale_forms import check_fingerprint
from roadmap.people.history import record_history
from roadmap.people.locks import lock_user
from roadmap.tools import queries
from roadmap.tools.models import EMPTY_VALUES, ToolRecord


def save(
    session: Session,
    user_id: uuid.UUID,
    tool: str,
    values: dict[str, Any],
    *,
    seen: str = "",
    now: dt.datetime,
) -> None:
    """Save level, interest, last use and note, or delete the record if all are empty.

    Unchanged values are not saved. `seen` is the fingerprint of the values shown in the form, "" to
    save unconditionally. Raises StaleForm.
    """
    lock_user(session, user_id)
    saved = queries.records(session, user_id).get(tool)
    if saved is not None:
        session.refresh(saved)
    check_fingerprint(seen, saved.values if saved else EMPTY_VALUES, values)
    if values == (saved.values if saved else EMPTY_VALUES):
        return
    if saved is None:
        session.add(ToolRecord(user_id=user_id, tool=tool, updated_at=now, **values))
    elif values == EMPTY_VALUES:
        session.delete(saved)
    else:
        for name, value in values.items():
            setattr(saved, name, value)
        saved.updated_at = now
    record_history(session, user_id, "tool.recorded", tool, by=user_id, now=now)
