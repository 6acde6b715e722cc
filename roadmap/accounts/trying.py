"""What every page shares that asks for a secret: nothing is locked while a hash is computed."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from roadmap.core.database import db
from roadmap.core.proxy import client_address
from roadmap.core.web import now
from roadmap.people.records import audit


def at_rest() -> None:
    """Ends the transaction that loading the person began, so that no lock is held meanwhile.

    Only before the request has written anything.
    """
    db.session.rollback()


@contextlib.contextmanager
def reading() -> Iterator[Session]:
    """The request's session for a look that takes no writing lock, although it is a POST.

    What was loaded may be used afterwards as it was.
    """
    at_rest()
    db.session.connection(execution_options={"writes": False})
    yield db.session
    db.session.expunge_all()
    db.session.rollback()


def note_in_own(action: str, *, target: str, by: uuid.UUID | None = None, **data: Any) -> None:
    """Writes to the audit log what must be kept although the request is refused."""
    at_rest()
    with db.own_transaction() as own:
        audit(
            own,
            by=by,
            action=action,
            target=target[:200],
            address=client_address(),
            now=now(),
            **data,
        )


def too_many(page: Response, wait: int) -> Response:
    """Turns a page into the answer to one try too many; `wait` in seconds."""
    page.status_code = 429
    page.headers["Retry-After"] = str(wait)
    return page
