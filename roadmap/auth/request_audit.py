"""Audit actions and downloads of the current request."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from roadmap.auth.login_throttle import end_transaction
from roadmap.core.database import db
from roadmap.core.proxy import client_address
from roadmap.core.web import now
from roadmap.people.audit import record_audit


def audit_request(
    session: Session, action: str, target: str, by: uuid.UUID | None, **data: Any
) -> None:
    """Audit an action of this request, with its address and time."""
    record_audit(session, action, target[:200], by=by, now=now(), address=client_address(), **data)


def audit_download(*, by: uuid.UUID, action: str, target: str, **data: Any) -> None:
    """Audit the download of a file, except for HEAD requests.

    GET requests only read, so the entry is written in a separate transaction.
    """
    if request.method == "GET":
        end_transaction()
        with db.own_transaction() as own:
            audit_request(own, action, target, by, **data)
