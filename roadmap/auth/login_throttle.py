"""Check passwords with a limit on failures, without holding a lock while hashing.

Only failures are counted, after hashing, so that successes need no write. Sending many attempts at
once gains nothing: limits are checked and failures counted while holding one of two hashing slots
per process, so each further slot lets at most one extra attempt through.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from roadmap.auth import passwords, queries, rate_limits
from roadmap.auth.email_addresses import email_key
from roadmap.auth.refusals import audit_refusal
from roadmap.core.database import db
from roadmap.core.proxy import client_address
from roadmap.core.web import now
from roadmap.people.models import User

# How long resubmitting a sign-up form signs in to the account that it created.
RESUBMISSION_WINDOW = dt.timedelta(minutes=10)


class PasswordCheck(NamedTuple):
    """The result of an attempt: `person` if they may sign in with this password, else None.

    `is_closed` is whether the password is correct, but the account deactivated. `wait` is the
    number of seconds to wait if the limit of failures was reached.
    """

    person: User | None = None
    wait: int = 0
    is_closed: bool = False


def check_password(
    person: User | None,
    typed: str,
    limits: rate_limits.Limits,
    *,
    what: str,
    target: str,
    by: uuid.UUID | None = None,
) -> PasswordCheck:
    """Check the entered password of a person.

    The check takes the same time for unknown people. Failures are counted and audited as
    `<what>.failed`, refusals as `<what>.refused`, with `target`. Ends the request's transaction, so
    call it before writing anything. After a success the caller must clear the failures.
    """
    end_transaction()
    with passwords.hashing_slot():
        with read_only_session() as session:
            wait = rate_limits.check_limits(session, limits, now=now())
            # Reload, because the password may have changed while waiting for the slot.
            person = queries.find_user(session, person.id) if person else None
            may_sign_in = person is not None and queries.find_sign_in_user(session, person.id)
        if not wait:
            is_correct = passwords.verify(person.password_hash if person else None, typed)
            if is_correct and may_sign_in:
                return PasswordCheck(person)
            with db.own_transaction() as own:
                rate_limits.record_attempt(own, limits, now=now())
            audit_refusal(f"{what}.failed", target, by=by, each_target=True)
            return PasswordCheck(is_closed=is_correct)
    audit_refusal(f"{what}.refused", target, by=by)
    return PasswordCheck(wait=wait)


def end_transaction() -> None:
    """End the request's transaction and its lock. Nothing may have been written yet."""
    db.session.rollback()


def find_new_account(email: str, password: str) -> User | None:
    """Return the account that a resubmitted sign-up form has just created, if any.

    This counts as a sign-in attempt, with the same limits. Ends the request's transaction.
    """
    with read_only_session() as session:
        user = queries.find_sign_in_user_by_email(session, email)
    if user is None or now() - user.created_at > RESUBMISSION_WINDOW:
        return None
    limits = rate_limits.attempt_limits(
        "sign-in", account=email_key(email), address=client_address()
    )
    return check_password(user, password, limits, what="session", target=email).person


@contextlib.contextmanager
def read_only_session() -> Iterator[Session]:
    """Yield the request's session without a write lock; loaded objects stay usable."""
    end_transaction()
    db.session.connection(execution_options={"writes": False})
    yield db.session
    db.session.expunge_all()
    db.session.rollback()


def too_many_requests(page: Response, wait: int) -> Response:
    """Turn a page into a 429 response; `wait` is in seconds."""
    page.status_code = 429
    page.headers["Retry-After"] = str(wait)
    return page
