"""The job process: it sends mail, keeps figures current, and clears out what is old.

The tables are the truth, and every job may run at any time, twice, or in two processes at once.
What wakes and schedules them is next door, in `roadmap.job_queue`.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click
import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy import event
from sqlalchemy.orm import Session

from roadmap.accounts import outbox
from roadmap.accounts.outbox import PUT, Delivered
from roadmap.accounts.pruning import prune as prune_accounts
from roadmap.cli.commands import Commands, now
from roadmap.core.database import db
from roadmap.notify.actions import prune as prune_notifications
from roadmap.readiness.actions import expired, recompute

if TYPE_CHECKING:
    from roadmap.job_queue import Jobs

log = logging.getLogger(__name__)


@dataclass
class Done:
    """What one round of everything did."""

    mail: Delivered = field(default_factory=Delivered)
    recomputed: int = 0
    pruned: int = 0

    def __str__(self) -> str:
        return (
            f"Mail: {self.mail.sent} sent, {self.mail.put_off} put off, "
            f"{self.mail.given_up} given up. Summaries made anew: {self.recomputed}. "
            f"Old rows removed: {self.pruned}."
        )


# --- The jobs. Each needs an application context. -------------------------------------------------


def never() -> bool:
    return False


def deliver(stopping: Callable[[], bool] = never) -> Delivered:
    """Sends the mails that are due, round after round."""
    total = Delivered()
    while True:
        done = outbox.deliver_due(now, stopping)
        total.sent += done.sent
        total.put_off += done.put_off
        total.given_up += done.given_up
        if done.all < outbox.MOST_AT_ONCE or stopping():
            return total


def keep_current(stopping: Callable[[], bool] = never) -> int:
    """Makes the summaries anew that have run out, each in a transaction of its own.

    Returns how many. One that fails is logged, and tried again with the next round.
    """
    with db.own_transaction() as own:
        people = expired(own, now=now())
    count = 0
    for user_id in people:
        if stopping():
            break
        try:
            with db.own_transaction() as own:
                recompute(own, user_id, now=now())
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
    """Removes what is old; returns how many rows that were."""
    with db.own_transaction() as own:
        return prune_accounts(own, now=now()) + prune_notifications(own, now=now())


def tidy(stopping: Callable[[], bool] = never) -> None:
    """Keeps figures current and clears out, the one whatever becomes of the other."""
    try:
        keep_current(stopping)
    finally:
        prune()


def everything_once() -> Done:
    """All that is due at this moment."""
    return Done(deliver(), keep_current(), prune())


# --- Waking ---------------------------------------------------------------------------------------


def jobs_of(app: Flask) -> Jobs:
    """The queue of this application, opened with the first who asks.

    Imported no earlier: huey brings the drivers of databases along that nobody uses here, and most
    processes never ask.
    """
    from roadmap.job_queue import Jobs

    found: Jobs | None = app.extensions.get("jobs")
    if found is None:
        found = app.extensions["jobs"] = Jobs(app)
    return found


def _wake(session: Session) -> None:
    """After a commit that put mail into the outbox: the job process need not wait for its sweep."""
    # The release of a savepoint is a commit as well, but nothing of it can be seen yet.
    if session.in_nested_transaction() or not session.info.pop(PUT, False):
        return
    try:
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        jobs_of(app).wake()
    except (OSError, sqlite3.Error) as error:
        log.warning("the job process could not be woken, mail leaves within a minute: %s", error)


# --- The commands ---------------------------------------------------------------------------------

group = Commands("jobs", help="Background work: mail, figures, clearing out.")


@group.command("run")
@click.option("--once", is_flag=True, help="Do everything that is due, and end.")
@click.option("--attached", is_flag=True, help="End as well when standard input ends.")
def run(once: bool, attached: bool) -> None:
    """Sends mail, makes figures anew that have run out, and clears out what is old."""
    if once:
        click.echo(str(everything_once()))
        return
    jobs_of(current_app._get_current_object()).run(attached=attached)  # type: ignore[attr-defined]


def register(app: Flask) -> None:
    """Adds the commands, and wakes the job process after each commit that put mail."""
    app.cli.add_command(group)
    if not event.contains(Session, "after_commit", _wake):
        event.listen(Session, "after_commit", _wake)
