"""Counted tries, so that nothing can be guessed by trying often.

A try is counted before it is looked at, in a transaction of its own: the count holds although the
request is refused, across processes and restarts.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from roadmap.accounts.models import Attempt
from roadmap.core.database import db
from roadmap.core.types import new_id

WINDOW = dt.timedelta(minutes=15)
# One person from one place may mistype so often; one place, and one account, may so often in all.
MOST_OF_ONE = 10
MOST_OF_ADDRESS = 50
MOST_OF_ACCOUNT = 100
PRUNE_EVERY = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` tries with this bucket within the window."""

    bucket: str
    most: int


@dataclass(frozen=True, slots=True)
class Counted:
    """A try that was let through (`wait` is 0) or refused for `wait` seconds."""

    wait: int
    rows: tuple[uuid.UUID, ...] = ()


def limits_of(what: str, *, account: str, address: str) -> list[Limit]:
    """The limits of one try. `account` is whatever names it (an e-mail key, an id)."""
    place = _place(address)
    limits = [Limit(_bucket(what, "address", place), MOST_OF_ADDRESS)]
    if account:
        limits.append(Limit(_bucket(what, "one", account, place), MOST_OF_ONE))
        limits.append(Limit(_bucket(what, "account", account), MOST_OF_ACCOUNT))
    return limits


def count(limits: Sequence[Limit], *, now: dt.datetime) -> Counted:
    """Counts one try, or says how long to wait. The request's session must be at rest."""
    with db.own_transaction() as session:
        _wait_for_turn(session, limits)
        wait = max(_seconds_to_wait(session, limit, now) for limit in limits)
        if wait:
            return Counted(wait)
        rows = [{"id": new_id(), "bucket": limit.bucket, "at": now} for limit in limits]
        session.execute(sa.insert(Attempt), rows)
        _prune(session, now)
    return Counted(0, tuple(row["id"] for row in rows))  # type: ignore[misc]


def forgive(session: Session, limits: Sequence[Limit], counted: Counted) -> None:
    """After a success: the mistakes of this person at this place, and this try, are forgotten.

    What others tried from the same address stays counted.
    """
    ones = [limit.bucket for limit in limits if limit.most == MOST_OF_ONE]
    session.execute(
        sa.delete(Attempt).where(sa.or_(Attempt.bucket.in_(ones), Attempt.id.in_(counted.rows)))
    )


def _seconds_to_wait(session: Session, limit: Limit, now: dt.datetime) -> int:
    """Until the oldest try that fills the limit leaves the window; 0 where there is room."""
    oldest = session.scalar(
        sa.select(Attempt.at)
        .where(Attempt.bucket == limit.bucket, Attempt.at > now - WINDOW)
        .order_by(Attempt.at.desc())
        .offset(limit.most - 1)
        .limit(1)
    )
    return 0 if oldest is None else math.ceil((oldest + WINDOW - now).total_seconds())


def _wait_for_turn(session: Session, limits: Sequence[Limit]) -> None:
    """Two tries of one bucket count one after the other. SQLite's writers always do."""
    if session.get_bind().dialect.name == "postgresql":
        for name in sorted(limit.bucket for limit in limits):
            session.execute(
                sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(name, 0)))
            )


def _prune(session: Session, now: dt.datetime) -> None:
    pruned: dt.datetime | None = current_app.extensions.get("attempts_pruned")
    if pruned is None or abs(now - pruned) >= PRUNE_EVERY:
        session.execute(sa.delete(Attempt).where(Attempt.at <= now - WINDOW))
        current_app.extensions["attempts_pruned"] = now


def _bucket(*parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
    return f"{parts[0]}:{parts[1]}:{digest[:40]}"


def _place(address: str) -> str:
    """An IPv6 host has a whole /64 to choose its addresses from, so that is one place."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address
