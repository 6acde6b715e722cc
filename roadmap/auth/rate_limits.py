"""Count attempts in the database, so that nothing can be guessed by trying often.

An attempt is counted in a separate transaction: the count holds although the request is refused,
across processes and restarts. Cheap attempts are counted before they are checked; passwords after
they were wrong, see `login_throttle`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import math
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from roadmap.auth.models import Attempt
from roadmap.core.database import db
from roadmap.core.types import new_id

WINDOW = dt.timedelta(minutes=15)
# Limits for one account from one address, and in all for an address and for an account.
MAX_PER_ACCOUNT_AND_ADDRESS = 10
MAX_PER_ADDRESS = 50
MAX_PER_ACCOUNT = 100
# Limits for one inviter, and in all for one invited address.
MAX_PER_INVITER = 50
MAX_PER_INVITED_ADDRESS = 5
PRUNE_INTERVAL = dt.timedelta(minutes=1)

# On the table, which is faster: every sign-in asks.
_ATTEMPTS: Any = Attempt.__table__
# As many rows as the limits allow, and the few that simultaneous requests may add.
_RECENT_ATTEMPTS = (
    sa.select(_ATTEMPTS.c.bucket, _ATTEMPTS.c.attempted_at)
    .where(
        _ATTEMPTS.c.bucket.in_(sa.bindparam("buckets", expanding=True)),
        _ATTEMPTS.c.attempted_at > sa.bindparam("since"),
    )
    .order_by(_ATTEMPTS.c.attempted_at.desc())
)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` attempts with this bucket within the window."""

    bucket: str
    most: int


@dataclass(frozen=True, slots=True)
class LimitStatus:
    """The state of limits: `wait` in seconds until another attempt is allowed, or 0.

    `has_failures` says whether this account failed at this address within the window.
    """

    wait: int
    has_failures: bool


def attempt_limits(what: str, *, account: str, address: str) -> list[Limit]:
    """Return the limits of an attempt. `account` identifies it (an e-mail key, an id)."""
    place = _network(address)
    limits = [Limit(_bucket(what, "address", place), MAX_PER_ADDRESS)]
    if account:
        limits.append(Limit(_bucket(what, "one", account, place), MAX_PER_ACCOUNT_AND_ADDRESS))
        limits.append(Limit(_bucket(what, "account", account), MAX_PER_ACCOUNT))
    return limits


def invitation_limits(inviter: uuid.UUID, email_key: str) -> list[Limit]:
    """Return the limits of an invitation. `email_key` is empty for a link to hand over."""
    limits = [Limit(_bucket("invite", "inviter", str(inviter)), MAX_PER_INVITER)]
    if email_key:
        limits.append(Limit(_bucket("invite", "invited", email_key), MAX_PER_INVITED_ADDRESS))
    return limits


def check_limits(session: Session, limits: Sequence[Limit], *, now: dt.datetime) -> LimitStatus:
    """Return the state of these limits, in one statement. Counts nothing."""
    asked = {"buckets": [limit.bucket for limit in limits], "since": now - WINDOW}
    tries: dict[str, list[dt.datetime]] = defaultdict(list)
    for bucket, at in session.execute(_RECENT_ATTEMPTS, asked):
        tries[bucket].append(at)
    return LimitStatus(
        max(_seconds_to_wait(tries[limit.bucket], limit.most, now) for limit in limits),
        any(tries[limit.bucket] for limit in limits if limit.most == MAX_PER_ACCOUNT_AND_ADDRESS),
    )


def record_attempt(session: Session, limits: Sequence[Limit], *, now: dt.datetime) -> None:
    """Count an attempt in a transaction that outlives the request."""
    rows = [{"id": new_id(), "bucket": limit.bucket, "attempted_at": now} for limit in limits]
    session.execute(sa.insert(_ATTEMPTS), rows)
    _prune(session, now)


def count_attempt(limits: Sequence[Limit], *, now: dt.datetime) -> int:
    """Count an attempt and return 0, or return the seconds to wait.

    The request must hold no transaction.
    """
    with db.own_transaction() as session:
        _lock_buckets(session, limits)
        wait = check_limits(session, limits, now=now).wait
        if not wait:
            record_attempt(session, limits, now=now)
    return wait


def clear_failures(session: Session, limits: Sequence[Limit]) -> None:
    """Forget the failures of this account at this address, after a success.

    Other attempts from the address stay counted, and so do these for the address.
    """
    ones = [limit.bucket for limit in limits if limit.most == MAX_PER_ACCOUNT_AND_ADDRESS]
    session.execute(sa.delete(Attempt).where(Attempt.bucket.in_(ones)))


def uncount_attempt(session: Session, limits: Sequence[Limit], *, now: dt.datetime) -> None:
    """Remove the attempt counted at `now` after a success; earlier ones stay counted."""
    buckets = [limit.bucket for limit in limits]
    session.execute(
        sa.delete(Attempt).where(Attempt.bucket.in_(buckets), Attempt.attempted_at == now)
    )


def _seconds_to_wait(tries: Sequence[dt.datetime], most: int, now: dt.datetime) -> int:
    """Return the time until the oldest attempt that fills the limit leaves the window.

    `tries` are the latest first.
    """
    if len(tries) < most:
        return 0
    return math.ceil((tries[most - 1] + WINDOW - now).total_seconds())


def _lock_buckets(session: Session, limits: Sequence[Limit]) -> None:
    """Serialize the attempts of one bucket; SQLite serializes all writers."""
    if session.get_bind().dialect.name == "postgresql":
        for name in sorted(limit.bucket for limit in limits):
            session.execute(
                sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(name, 0)))
            )


def _prune(session: Session, now: dt.datetime) -> None:
    pruned: dt.datetime | None = current_app.extensions.get("attempts_pruned")
    if pruned is None or abs(now - pruned) >= PRUNE_INTERVAL:
        session.execute(sa.delete(Attempt).where(Attempt.attempted_at <= now - WINDOW))
        current_app.extensions["attempts_pruned"] = now


def _bucket(*parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
    return f"{parts[0]}:{parts[1]}:{digest[:40]}"


def _network(address: str) -> str:
    """Return the address, for IPv6 the /64 network, from which a host can choose addresses."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address
