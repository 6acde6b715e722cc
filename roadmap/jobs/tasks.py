"""The job process: it sends mail, keeps figures current, and clears out what is old.

The tables are the truth, and every job may run at any time, twice, or in two processes at once.
What wakes and schedules them is next door, in `roadmap.jobs.queue`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import sqlalchemy as sa

from roadmap.auth.pruning import prune as prune_auth
from roadmap.core.clock import utc_now
from roadmap.core.database import db
from roadmap.invitations.pruning import prune as prune_invitations
from roadmap.mail import outbox
from roadmap.mail.outbox import DeliveryResult
from roadmap.notifications.actions import prune as prune_notifications
from roadmap.readiness.actions import find_expired, recompute

log = logging.getLogger(__name__)


@dataclass
class JobsResult:
    """What one round of everything did."""

    mail: DeliveryResult = field(default_factory=DeliveryResult)
    recomputed: int = 0
    pruned: int = 0

    def __str__(self) -> str:
        return (
            f"Mail: {self.mail.sent} sent, {self.mail.put_off} put off, "
            f"{self.mail.given_up} given up. Summaries made anew: {self.recomputed}. "
            f"Old rows removed: {self.pruned}."
        )


# --- The jobs. Each needs an application context. -------------------------------------------------


def never_stop() -> bool:
    return False


def deliver(stopping: Callable[[], bool] = never_stop) -> DeliveryResult:
    """Sends the mails that are due, round after round."""
    total = DeliveryResult()
    while True:
        done = outbox.deliver_due(utc_now, stopping)
        total.sent += done.sent
        total.put_off += done.put_off
        total.given_up += done.given_up
        if done.all < outbox.BATCH_SIZE or stopping():
            return total


def recompute_expired(stopping: Callable[[], bool] = never_stop) -> int:
    """Makes the summaries anew that have run out, each in a transaction of its own.

    Returns how many. One that fails is logged, and tried again with the next round.
    """
    with db.own_transaction() as own:
        people = find_expired(own, now=utc_now())
    count = 0
    for user_id in people:
        if stopping():
            break
        try:
            with db.own_transaction() as own:
                recompute(own, user_id, now=utc_now())
        except sa.exc.OperationalError:
            # Not this person but the database: the others would fail in the same way.
            raise
        except Exception:
            # Whatever is wrong with one, the others get theirs.
            log.exception("the summary of person %s could not be made anew", user_id)
        else:
            count += 1
    return count


def prune() -> int:
    """Delete what is past its retention; return the number of rows."""
    pruners = (prune_auth, prune_invitations, outbox.prune, prune_notifications)
    with db.own_transaction() as own:
        return sum(each(own, now=utc_now()) for each in pruners)


def tidy(stopping: Callable[[], bool] = never_stop) -> None:
    """Keeps figures current and clears out, the one whatever becomes of the other."""
    try:
        recompute_expired(stopping)
    finally:
        prune()


def run_all_once() -> JobsResult:
    """All that is due at this moment."""
    return JobsResult(deliver(), recompute_expired(), prune())
