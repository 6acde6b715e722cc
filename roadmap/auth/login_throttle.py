"""What every page shares that asks for a secret: nothing is locked while a hash is computed.

A wrong password is counted after its hash, a right one not at all: that saves whoever knows it a
write to the disk. Nobody gains tries by sending many at once, because limits are looked at, and a
wrong try is counted, by whoever holds one of the two places in which a process hashes. At most one
try more than the limit gets through for each further place.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from roadmap.auth import passwords, rate_limits
from roadmap.core.database import db
from roadmap.core.proxy import client_address
from roadmap.core.web import now
from roadmap.people.audit import record_audit
from roadmap.people.models import User

REFUSAL_AUDIT_INTERVAL = dt.timedelta(minutes=1)
# More addresses than this are not remembered.
MAX_TRACKED_REFUSALS = 1000


@dataclass(frozen=True, slots=True)
class PasswordCheck:
    """A password that was tried: `person` where it is theirs, else None.

    `wait` seconds where it was not even looked at, because there were too many tries before.
    `has_failures` says whether there are mistakes to forgive.
    """

    person: User | None = None
    wait: int = 0
    has_failures: bool = False


def check_password(
    find: Callable[[Session], User | None],
    typed: str,
    limit: Sequence[rate_limits.Limit],
    *,
    what: str,
    target: str,
    by: uuid.UUID | None = None,
) -> PasswordCheck:
    """Whether what was typed is the password of the person that `find` answers.

    A deactivated person and nobody at all have none, which takes as long to find out. A failure
    is counted and noted as `<what>.failed`, a refusal as `<what>.refused`, about `target`. Ends
    the request's transaction; call it before anything is written.
    """
    end_transaction()
    with passwords.HashingSlot():
        with read_only_session() as session:
            status = rate_limits.check_limits(session, limit, now=now())
            person = None if status.wait else find(session)
        if not status.wait:
            active = person is not None and person.deactivated_at is None
            if passwords.verify(person.password_hash if person and active else None, typed):
                return PasswordCheck(person, has_failures=status.has_failures)
            with db.own_transaction() as own:
                rate_limits.record_attempt(own, limit, now=now())
                _record_audit(own, f"{what}.failed", target, by)
            return PasswordCheck()
    audit_in_own_transaction(f"{what}.refused", target=target, by=by)
    return PasswordCheck(wait=status.wait)


def end_transaction() -> None:
    """Ends the transaction that loading the person began, so that no lock is held meanwhile.

    Only before the request has written anything.
    """
    db.session.rollback()


@contextlib.contextmanager
def read_only_session() -> Iterator[Session]:
    """The request's session for a look that takes no writing lock, although it is a POST.

    What was loaded may be used afterwards as it was.
    """
    end_transaction()
    db.session.connection(execution_options={"writes": False})
    yield db.session
    db.session.expunge_all()
    db.session.rollback()


def audit_in_own_transaction(
    action: str, *, target: str, by: uuid.UUID | None = None, **data: Any
) -> None:
    """Writes to the audit log what must be kept although the request is refused."""
    end_transaction()
    with db.own_transaction() as own:
        _record_audit(own, action, target, by, **data)


def audit_refusal_throttled(action: str, *, by: uuid.UUID | None = None) -> None:
    """Writes to the audit log what is refused here before anything is tried.

    It costs whoever sends it nothing, so each process writes one line a minute for one action and
    address, however often it is sent: nobody fills the log, or hides something in it.
    """
    limit = rate_limits.attempt_limits(action, account="", address=client_address())[0]
    noted: dict[str, dt.datetime] = current_app.extensions.setdefault("refusals_noted", {})
    moment = now()
    last = noted.get(limit.bucket)
    if last is not None and moment - last < REFUSAL_AUDIT_INTERVAL:
        return
    if len(noted) >= MAX_TRACKED_REFUSALS:
        noted.clear()
    noted[limit.bucket] = moment
    audit_in_own_transaction(action, target="", by=by)


def _record_audit(
    session: Session, action: str, target: str, by: uuid.UUID | None, **data: Any
) -> None:
    record_audit(
        session,
        by=by,
        action=action,
        target=target[:200],
        address=client_address(),
        now=now(),
        **data,
    )


def too_many_requests(page: Response, wait: int) -> Response:
    """Turns a page into the answer to one try too many; `wait` in seconds."""
    page.status_code = 429
    page.headers["Retry-After"] = str(wait)
    return page
