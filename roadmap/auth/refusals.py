"""Write refusals to the audit log, rate-limited and with a count.

Otherwise anybody could flood the log. Each process writes at most one line a minute per action and
sender, and one for all further senders once there are many.
"""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from roadmap.auth import rate_limits
from roadmap.core.database import db
from roadmap.core.proxy import client_address
from roadmap.core.web import now
from roadmap.people.audit import record_audit

INTERVAL = dt.timedelta(minutes=1)
# The number of senders per action with separate lines; all others share a line.
MAX_SENDERS = 10


@dataclass
class _PendingRefusals:
    """Refusals of an action and sender since the last line: their count, and the next line."""

    counted_from: dt.datetime
    line: dict[str, Any]
    unwritten: int = 0


class RefusalLog:
    """The refusals of this process that are not written yet."""

    def __init__(self) -> None:
        self._pending: dict[tuple[str, str], _PendingRefusals] = {}
        self._lock = threading.Lock()

    def add(self, sender: str, line: dict[str, Any], moment: dt.datetime) -> list[dict[str, Any]]:
        """Count a refusal; return the lines to write now, including its own if none is recent."""
        # Take due lines first, because a refusal after a quiet minute is not a repetition.
        lines = self.pop_due(moment)
        key = line["action"], sender
        with self._lock:
            senders = Counter(action for action, _sender in self._pending)
            if key not in self._pending and senders[line["action"]] >= MAX_SENDERS:
                key, line["several"] = (line["action"], ""), True
            if key in self._pending:
                self._pending[key].unwritten += 1
                return lines
            self._pending[key] = _PendingRefusals(moment, line)
        return [*lines, line]

    def pop_due(self, moment: dt.datetime) -> list[dict[str, Any]]:
        """Return the due lines, and remove senders without recent refusals."""
        lines = []
        with self._lock:
            for key, found in [*self._pending.items()]:
                if moment - found.counted_from < INTERVAL:
                    continue
                if found.unwritten:
                    lines.append({**found.line, "times": found.unwritten})
                    found.counted_from, found.unwritten = moment, 0
                else:
                    del self._pending[key]
        return lines


def audit_refusal(
    action: str,
    target: str = "",
    *,
    by: uuid.UUID | None = None,
    person: uuid.UUID | None = None,
    each_target: bool = False,
) -> None:
    """Audit a refusal in a separate transaction, and end the request's transaction.

    `person` is the owner of the refused page or record. With `each_target`, each target of a sender
    gets a separate line.
    """
    db.session.rollback()
    address = client_address()
    sender = str(by or rate_limits.network_of(address))
    line = {"by": by, "action": action, "target": target[:200], "address": address}
    if person is not None:
        line["person"] = str(person)
    _write(_log().add(f"{sender} {target}" if each_target else sender, line, now()))


def write_due_refusals() -> None:
    """Write due counts. Call it before the request has written anything."""
    _write(_log().pop_due(now()))


def _write(lines: list[dict[str, Any]]) -> None:
    if not lines:
        return

    def record(own: Session) -> None:
        for line in lines:
            record_audit(own, now=now(), **line)

    db.write_or_log(record, what=f"refusals {lines}")


def _log() -> RefusalLog:
    log: RefusalLog = current_app.extensions.setdefault("refusals", RefusalLog())
    return log
