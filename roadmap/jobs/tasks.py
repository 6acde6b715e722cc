"""The tasks of the job process: mail, fetching, summaries, warnings, erasure and pruning.

All state is in the database, so tasks may run at any time, repeatedly and concurrently.
`roadmap.jobs.queue` schedules them.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections import Counter
from collections.abc import Callable, Iterable

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from roadmap.auth.actions import clear_session_addresses, prune_sessions
from roadmap.auth.actions import prune as prune_auth
from roadmap.auth.email_confirmation import prune as prune_emails
from roadmap.core.clock import utc_now
from roadmap.core.database import db
from roadmap.erasure.actions import erase_due
from roadmap.evidence.file_actions import delete_unused_files, prune_uploads
from roadmap.importers import fetching
from roadmap.importers.actions import prune as prune_imports
from roadmap.invitations.actions import prune as prune_invitations
from roadmap.mail import outbox
from roadmap.mail.outbox import DeliveryResult
from roadmap.momentum import actions as momentum
from roadmap.notifications import lapses
from roadmap.notifications.actions import prune as prune_notifications
from roadmap.people import audit
from roadmap.people.audit import record_audit
from roadmap.readiness.actions import find_expired, recompute

log = logging.getLogger(__name__)


# Functions that delete old rows, by their names in the output of `jobs run --once`.
PRUNERS: dict[str, Callable[..., int]] = {
    "attempts, links and tokens": prune_auth,
    "unconfirmed addresses": prune_emails,
    "invitations": prune_invitations,
    "imports": prune_imports,
    "uploads": prune_uploads,
    "mails": outbox.prune,
    "notifications": prune_notifications,
}


def deliver(stopping: Callable[[], bool] = lambda: False) -> DeliveryResult:
    """Send all due mail."""
    return outbox.deliver_due(utc_now, stopping)


def fetch_pages(stopping: Callable[[], bool] = lambda: False) -> int:
    """Fetch the pages for pending imports. Returns the number of pages."""
    return fetching.fetch_due(utc_now, stopping)


def recompute_expired(stopping: Callable[[], bool] = lambda: False) -> int:
    """Recompute expired summaries, each in a separate transaction. Returns their number."""
    with db.own_transaction() as own:
        people = find_expired(own, now=utc_now())

    def process(user_id: uuid.UUID) -> None:
        with db.own_transaction() as own:
            recompute(own, user_id, now=utc_now())

    failure = "the summary of person %s could not be recomputed"
    return _for_each(people, process, stopping, failure=failure)


def take_snapshots(stopping: Callable[[], bool] = lambda: False) -> int:
    """Take due progress snapshots. Returns the number of people.

    Uses separate transactions per person. If stopped, the next run continues.
    """

    def process(user_id: uuid.UUID) -> None:
        more = True
        while more and not stopping():
            with db.own_transaction() as own:
                more = momentum.take_snapshots(own, user_id)

    count, after = 0, None
    while True:
        with db.own_transaction() as own:
            people = momentum.find_due(own, after=after)
        failure = "no snapshot of person %s could be taken"
        count += _for_each(people, process, stopping, failure=failure)
        if stopping() or len(people) < momentum.BATCH_SIZE:
            return count
        after = people[-1]


def _for_each(
    people: Iterable[uuid.UUID],
    process: Callable[[uuid.UUID], None],
    stopping: Callable[[], bool],
    *,
    failure: str,
) -> int:
    """Run `process` for each person, logging failures. Returns the number of successes."""
    count = 0
    for user_id in people:
        if stopping():
            break
        try:
            process(user_id)
        except sa.exc.OperationalError:
            # The database is down, so the others would fail too.
            raise
        except Exception:
            log.exception(failure, user_id)
        else:
            count += 1
    return count


def warn_of_lapses() -> int:
    """Notify people whose evidence will expire soon. Returns the number of warnings."""
    with db.own_transaction() as own:
        return lapses.warn_owners(own, now=utc_now())


def prune() -> Counter[str]:
    """Delete rows past their retention. Returns the number of rows by name."""
    pruned: Counter[str] = Counter()
    with db.own_transaction() as own:
        for name, delete in PRUNERS.items():
            pruned[name] = delete(own, now=utc_now())
        if days := current_app.config["SESSION_DAYS"]:
            pruned["sessions"] = prune_sessions(own, days=days, now=utc_now())
    pruned["lines of the audit log"] = prune_audit_log()
    pruned["network addresses"] = clear_addresses()
    return +pruned


def prune_audit_log() -> int:
    """Delete entries older than AUDIT_DAYS in short transactions. Returns their number.

    Uses whole UTC days, so that the log has at most one entry per day about this.
    """
    days: int = current_app.config["AUDIT_DAYS"]
    if not days:
        return 0
    midnight = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    before = midnight - dt.timedelta(days=days)
    pruned = _run_in_batches(lambda own: audit.prune(own, before=before))
    if pruned:
        with db.own_transaction() as own:
            record_audit(
                own, "audit.pruned", before.date().isoformat(), by=None, now=utc_now(), count=pruned
            )
    return pruned


def clear_addresses() -> int:
    """Clear network addresses older than ADDRESS_DAYS. Returns the number of rows."""
    days: int = current_app.config["ADDRESS_DAYS"]
    if not days:
        return 0
    before = utc_now() - dt.timedelta(days=days)
    with db.own_transaction() as own:
        sessions = clear_session_addresses(own, before=before)
    return sessions + _run_in_batches(lambda own: audit.clear_addresses(own, before=before))


def _run_in_batches(process: Callable[[Session], int]) -> int:
    """Run batches in separate transactions until one is not full. Returns the total."""
    total, batch = 0, audit.PRUNE_BATCH
    while batch == audit.PRUNE_BATCH:
        with db.own_transaction() as own:
            batch = process(own)
        total += batch
    return total


def run_maintenance(stopping: Callable[[], bool] = lambda: False) -> None:
    """Update summaries and send warnings. Then erase and prune, even if that failed."""
    try:
        recompute_expired(stopping)
        take_snapshots(stopping)
        warn_of_lapses()
    finally:
        try:
            erase_due(now=utc_now(), stopping=stopping)
        finally:
            prune()
            delete_unused_files()


def run_all_once() -> str:
    """Run every task once and return a one-line report."""
    warned, mail, recomputed = warn_of_lapses(), deliver(), recompute_expired()
    erased, snapshots, pruned = erase_due(now=utc_now()), take_snapshots(), prune()
    fetched, files = fetch_pages(), delete_unused_files()
    kinds = "; ".join(f"{name}: {count}" for name, count in pruned.items())
    return (
        f"Mail: {mail.sent} sent, {mail.postponed} put off, {mail.given_up} given up. "
        f"Summaries recomputed: {recomputed}. Snapshots taken: {snapshots}. "
        f"Warnings of lapses: {warned}. "
        f"Old rows removed: {pruned.total()}{f' ({kinds})' if kinds else ''}. "
        f"Pages fetched: {fetched}. Unused files deleted: {files}. People erased: {erased}."
    )
