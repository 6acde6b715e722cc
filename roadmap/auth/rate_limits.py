"""Count attempts in the database, to prevent guessing.

Counts apply across processes and restarts, even if the request is rolled back. Cheap attempts are
counted before the check; passwords only after they were wrong, see `login_throttle`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import math
import uuid
from collections import Counter

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from roadmap.auth.models import Attempt
from roadmap.auth.tokens import hash_token
from roadmap.core.database import db, lock_name
from roadmap.core.proxy import client_address

WINDOW = dt.timedelta(minutes=15)
# The limit of mails with a link to set a password.
RESET_WINDOW = dt.timedelta(hours=1)
LONGEST_WINDOW = max(WINDOW, RESET_WINDOW)
MAX_RESET_MAILS = 3
# Limits per account and address, and in total per address and per account.
MAX_PER_ACCOUNT_AND_ADDRESS = 10
MAX_PER_ADDRESS = 50
MAX_PER_ACCOUNT = 100
# Limits per inviter, and in total per invited address.
MAX_PER_INVITER = 50
MAX_PER_INVITED_ADDRESS = 5
PRUNE_INTERVAL = dt.timedelta(minutes=1)

# The maximum number of attempts within the window, by bucket.
Limits = dict[str, int]


def attempt_limits(what: str, *, account: str = "", address: str) -> Limits:
    """Return the limits of an attempt. `account` is an e-mail key or an id."""
    network = network_of(address)
    limits = {_bucket(what, "address", network): MAX_PER_ADDRESS}
    if account:
        limits[_bucket(what, "one", account, network)] = MAX_PER_ACCOUNT_AND_ADDRESS
        limits[_bucket(what, "account", account)] = MAX_PER_ACCOUNT
    return limits


def token_limits(what: str, token: str) -> Limits:
    """Return the limits of attempts to use the secret link of this request."""
    return attempt_limits(what, account=hash_token(token).hex(), address=client_address())


def device_limits(device: str) -> Limits:
    """Return the limits of a known browser, which is not limited by others."""
    return {_bucket("sign-in", "device", device): MAX_PER_ACCOUNT_AND_ADDRESS}


def reset_limits(account: str, address: str) -> Limits:
    """Return the limits of password link requests.

    There is no limit per account alone, because others could use it to lock the person out.
    """
    limits = attempt_limits("reset", account=account, address=address)
    del limits[_bucket("reset", "account", account)]
    return limits


def reset_mail_limits(user_id: uuid.UUID) -> Limits:
    """Return the limit of password link mails per person, within RESET_WINDOW."""
    return {_bucket("reset-mail", "person", str(user_id)): MAX_RESET_MAILS}


def invitation_limits(inviter: uuid.UUID, email_key: str) -> Limits:
    """Return the limits of invitations. `email_key` is empty for links that are not mailed."""
    limits = {_bucket("invite", "inviter", str(inviter)): MAX_PER_INVITER}
    return limits | invited_address_limits(email_key) if email_key else limits


def invited_address_limits(email_key: str) -> Limits:
    """Return the limit of invitations to an address, by everyone together."""
    return {_bucket("invite", "invited", email_key): MAX_PER_INVITED_ADDRESS}


def confirmation_limits(requested_by: uuid.UUID, email_key: str) -> Limits:
    """Return the limits of confirmation mails, for an account or an invitation."""
    return {
        _bucket("confirm-email", "by", str(requested_by)): MAX_PER_INVITED_ADDRESS,
        _bucket("confirm-email", "address", email_key): MAX_PER_INVITED_ADDRESS,
    }


def check_limits(
    session: Session, limits: Limits, *, window: dt.timedelta = WINDOW, now: dt.datetime
) -> int:
    """Return the seconds until another attempt is allowed, or 0."""
    wait = 0
    newest = sa.select(Attempt.attempted_at).order_by(Attempt.attempted_at.desc())
    for bucket, most in limits.items():
        # Wait until the oldest attempt that counts towards the limit leaves the window.
        oldest = newest.where(Attempt.bucket == bucket).offset(most - 1).limit(1)
        if (at := session.scalar(oldest)) is not None:
            wait = max(wait, math.ceil((at + window - now).total_seconds()))
    return wait


def record_attempt(session: Session, limits: Limits, *, now: dt.datetime) -> None:
    """Count an attempt in a transaction separate from the request's."""
    rows = [{"bucket": bucket, "attempted_at": now} for bucket in limits]
    session.execute(sa.insert(Attempt), rows)
    pruned: dt.datetime | None = current_app.extensions.get("attempts_pruned")
    if pruned is None or abs(now - pruned) >= PRUNE_INTERVAL:
        session.execute(sa.delete(Attempt).where(Attempt.attempted_at <= now - LONGEST_WINDOW))
        current_app.extensions["attempts_pruned"] = now


def count_attempt(*attempts: Limits, window: dt.timedelta = WINDOW, now: dt.datetime) -> int:
    """Count one or more attempts and return 0, or count none and return the seconds to wait.

    Ends the request's transaction, so call it before writing anything.
    """
    counts = Counter(bucket for limits in attempts for bucket in limits)
    # All of them have to fit, so each bucket must have room for the last one.
    room = {
        bucket: most - counts[bucket] + 1 for limits in attempts for bucket, most in limits.items()
    }
    db.session.rollback()
    with db.own_transaction() as session:
        for bucket in sorted(room):
            lock_name(session, bucket)
        wait = check_limits(session, room, window=window, now=now)
        if not wait:
            for limits in attempts:
                record_attempt(session, limits, now=now)
    return wait


def clear_failures(session: Session, limits: Limits) -> None:
    """Clear the failures of an account at an address, but not those of the address alone."""
    buckets = [name for name, most in limits.items() if most == MAX_PER_ACCOUNT_AND_ADDRESS]
    session.execute(sa.delete(Attempt).where(Attempt.bucket.in_(buckets)))


def uncount_attempt(session: Session, limits: Limits) -> None:
    """Remove the newest attempt after a success."""
    for bucket in limits:
        newest = sa.select(Attempt.id).where(Attempt.bucket == bucket)
        newest = newest.order_by(Attempt.attempted_at.desc()).limit(1)
        session.execute(sa.delete(Attempt).where(Attempt.id == newest.scalar_subquery()))


def _bucket(*parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
    return f"{parts[0]}:{parts[1]}:{digest[:40]}"


def network_of(address: str) -> str:
    """Return an IPv4 address, or the /64 network of an IPv6 address, which is one host's."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address
