"""Check passwords with a limit on failures, holding no lock while a hash is computed.

Failures are counted after the hash and successes not at all, which saves them a write. Sending many
attempts at once gains nothing: limits are checked, and failures counted, while holding one of two
hashing slots per process, so each further slot lets at most one extra attempt through.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

from flask import request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from roadmap.auth import passwords, queries, rate_limits
from roadmap.auth.email_addresses import email_key
from roadmap.auth.refusals import audit_refusal
from roadmap.core.database import db
from roadmap.core.proxy import client_address
from roadmap.core.web import now
from roadmap.people.audit import record_audit
from roadmap.people.models import User

# For so long a sign-up form that is sent again signs in to the account that it made.
SENT_AGAIN = dt.timedelta(minutes=10)


class PasswordCheck(NamedTuple):
    """The result of an attempt: `person` if the password is theirs, else None.

    `wait` is in seconds if it was not checked, because of earlier failures.
    """

    person: User | None = None
    wait: int = 0


def check_password(
    person: User | None,
    typed: str,
    limits: rate_limits.Limits,
    *,
    what: str,
    target: str,
    by: uuid.UUID | None = None,
) -> PasswordCheck:
    """Check the typed password against that of a person.

    A deactivated or unknown person has no password, and the check takes as long. Failures are
    counted and audited as `<what>.failed`, refusals as `<what>.refused`, with `target`. Ends
    the request's transaction; call it before anything is written. After a success the caller
    forgets the failures.
    """
    end_transaction()
    with passwords.hashing_slot():
        with read_only_session() as session:
            wait = rate_limits.check_limits(session, limits, now=now())
            # Again, because it may have waited for the slot while the password was changed.
            person = queries.find_to_sign_in(session, person.id) if person else None
        if not wait:
            if passwords.verify(person.password_hash if person else None, typed):
                return PasswordCheck(person)
            with db.own_transaction() as own:
                rate_limits.record_attempt(own, limits, now=now())
            audit_refusal(f"{what}.failed", target, by=by, each_target=True)
            return PasswordCheck()
    audit_refusal(f"{what}.refused", target, by=by)
    return PasswordCheck(wait=wait)


def end_transaction() -> None:
    """End the reading transaction of the request, which has not written anything, and its lock."""
    db.session.rollback()


def find_new_account(email: str, password: str) -> User | None:
    """Return the account that a sign-up form made a moment ago, if it is sent again.

    It is an attempt to sign in, with the same limits. Ends the request's transaction.
    """
    with read_only_session() as session:
        user = queries.find_user_to_sign_in(session, email)
    if user is None or now() - user.created_at > SENT_AGAIN:
        return None
    limits = rate_limits.attempt_limits(
        "sign-in", account=email_key(email), address=client_address()
    )
    return check_password(user, password, limits, what="session", target=email).person


@contextlib.contextmanager
def read_only_session() -> Iterator[Session]:
    """Yield the request's session without a writing lock; loaded objects stay usable."""
    end_transaction()
    db.session.connection(execution_options={"writes": False})
    yield db.session
    db.session.expunge_all()
    db.session.rollback()


def audit_request(
    session: Session, action: str, target: str, by: uuid.UUID | None, **data: Any
) -> None:
    """Audit what this request does, with its address and time."""
    record_audit(
        session, by=by, action=action, target=target[:200], address=client_address(), now=now(),
        **data,
    )  # fmt: skip


def audit_download(*, by: uuid.UUID, action: str, target: str, **data: Any) -> None:
    """Audit a file that is handed out, which a HEAD does not do.

    A GET holds a reading transaction, so the entry is written in one of its own.
    """
    if request.method == "GET":
        end_transaction()
        with db.own_transaction() as own:
            audit_request(own, action, target, by, **data)


def too_many_requests(page: Response, wait: int) -> Response:
    """Turn a page into a 429 response; `wait` is in seconds."""
    page.status_code = 429
    page.headers["Retry-After"] = str(wait)
    return page
