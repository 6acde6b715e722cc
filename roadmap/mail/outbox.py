"""A transactional outbox: mail is stored with the change it reports and sent after the commit.

A sender claims one mail at a time in a short transaction, which ends before it connects to the mail
server. If the process dies, the mail is due again when the claim expires. Delivery is at least
once: a mail may arrive twice, with the same Message-ID.
"""

from __future__ import annotations

import datetime as dt
import logging
import smtplib
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.database import count_changed, db
from roadmap.mail import transport
from roadmap.mail.models import OutgoingMail
from roadmap.people.models import User

log = logging.getLogger(__name__)

# Delay after each failed attempt. The failure after the last delay is final.
RETRY_DELAYS = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480))
MAX_TRIES = len(RETRY_DELAYS) + 1
# Duration of a claim, longer than the mail server's timeout.
CLAIM_DURATION = dt.timedelta(minutes=15)
# How long rows are kept after the mail was sent or given up.
RETENTION = dt.timedelta(days=30)
MAX_SUBJECT_LENGTH = MAX_ERROR_LENGTH = 300
# Key in `Session.info` that marks a transaction which enqueued mail.
MAIL_ENQUEUED = "mail_put"

_MAILS: Any = OutgoingMail.__table__
_IS_WAITING = _MAILS.c.due_at.is_not(None)

DeliveryCheck = Callable[[Session, uuid.UUID], bool]
_delivery_checks: dict[str, DeliveryCheck] = {}


def register_delivery_check(kind: str, check: DeliveryCheck) -> None:
    """Register a check by source id, run just before sending, for a kind of a higher layer."""
    _delivery_checks[kind] = check


@dataclass(slots=True)
class DeliveryResult:
    """The number of mails that were sent, postponed after a failure, and given up."""

    sent: int = 0
    postponed: int = 0
    given_up: int = 0


def enqueue(session: Session, *mails: OutgoingMail, now: dt.datetime) -> None:
    """Store mails in one statement, to be sent after the commit of this transaction.

    Without a configured mail server, they are logged instead.
    """
    if not transport.is_configured():
        for mail in mails:
            transport.send(mail.recipient, mail.subject, mail.body)
        return
    for mail in mails:
        mail.subject = " ".join(mail.subject.split())[:MAX_SUBJECT_LENGTH]
        mail.created_at = mail.due_at = now
        session.info[MAIL_ENQUEUED] = True
    session.add_all(mails)
    session.flush()


def record_failed_send(
    user_id: uuid.UUID, to: str, subject: str, error: Exception, *, now: dt.datetime
) -> None:
    """Record a failed mail that bypassed the outbox, for administrators."""
    mail = OutgoingMail(
        user_id=user_id, recipient=to, subject=subject[:MAX_SUBJECT_LENGTH], body="",
        created_at=now, tries=1, failed_at=now,
        error=transport.describe_error(error)[:MAX_ERROR_LENGTH],
    )  # fmt: skip
    with db.own_transaction() as own:
        own.add(mail)


def withdraw(session: Session, kind: str, ids: Collection[uuid.UUID]) -> None:
    """Delete the waiting mails about these sources."""
    if ids:
        source = sa.bindparam("source", type_=sa.Uuid)
        about = sa.delete(_MAILS).where(
            _MAILS.c.source_kind == kind, _MAILS.c.source_id == source, _IS_WAITING
        )
        session.execute(about, [{"source": each} for each in ids])


def withdraw_orphans(session: Session, kind: str, ids: sa.ColumnElement[uuid.UUID]) -> None:
    """Delete the waiting mails of this kind whose source id is not in the column `ids`."""
    exists = sa.exists().where(ids == _MAILS.c.source_id)
    session.execute(sa.delete(_MAILS).where(_MAILS.c.source_kind == kind, ~exists, _IS_WAITING))


def deliver_due(
    clock: Callable[[], dt.datetime], stopping: Callable[[], bool] = lambda: False
) -> DeliveryResult:
    """Send all due mail. Needs an application context. Safe to run concurrently.

    Reads the clock for each mail, because a server can be slow. Stops when `stopping` returns true
    or when the mail server cannot be reached.
    """
    done = DeliveryResult()
    while not stopping() and (claimed := _claim_next(clock())):
        mail, refusal = claimed
        if refusal:
            _give_up(mail, clock(), refusal, done)
            continue
        try:
            transport.send(mail.recipient, mail.subject, mail.body, key=str(mail.id))
        except transport.Unsendable as error:
            _give_up(mail, clock(), str(error), done)
            log.error("mail could not be sent and is given up: %s", error)
        except Exception as error:  # noqa: BLE001 - one bad mail must not hold up the others
            _record_failure(mail, clock(), error, done)
            if _is_unreachable(error):
                break
        else:
            _update_claimed(mail, due_at=None, sent_at=clock(), body="", error="")
            done.sent += 1
    return done


def retry_now(session: Session, *, now: dt.datetime) -> None:
    """Make mail that waits for a retry due now and reset its number of attempts.

    For use after the mail server was repaired. Claimed mail is not changed.
    """
    waits = sa.and_(_MAILS.c.due_at > now, _MAILS.c.failed_at.is_not(None))
    session.execute(sa.update(_MAILS).where(waits).values(due_at=now, tries=0))


def count_waiting(session: Session) -> int:
    """Return the number of unsent mails."""
    return session.scalar(sa.select(sa.func.count()).where(_IS_WAITING)) or 0


def find_unsent(
    session: Session, kind: str, ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, tuple[str, bool]]:
    """Return the error of failed mails by source id, and whether they will be retried."""
    if not ids:
        return {}
    query = sa.select(_MAILS.c.source_id, _MAILS.c.error, _IS_WAITING.label("waits")).where(
        _MAILS.c.source_kind == kind,
        _MAILS.c.source_id.in_(ids),
        _MAILS.c.sent_at.is_(None),
        _MAILS.c.error != "",
    )
    return {row.source_id: (row.error, row.waits) for row in session.execute(query)}


def find_delivery(session: Session, kind: str, source_id: uuid.UUID) -> tuple[str, str]:
    """Return the state of the mail about this source, and the error of its last attempt.

    The state is `sent`, `waiting`, `failed`, or "" if there is no mail.
    """
    query = sa.select(_MAILS.c.sent_at, _IS_WAITING.label("waits"), _MAILS.c.error).where(
        _MAILS.c.source_kind == kind, _MAILS.c.source_id == source_id
    )
    mail = session.execute(query.order_by(_MAILS.c.id.desc()).limit(1)).first()
    if mail is None:
        return "", ""
    state = "sent" if mail.sent_at else "waiting" if mail.waits else "failed"
    return state, mail.error


def prune(session: Session, *, now: dt.datetime) -> int:
    """Delete the rows of old mails that were sent or given up. Returns their number."""
    old = sa.delete(_MAILS).where(~_IS_WAITING, _MAILS.c.created_at < now - RETENTION)
    return count_changed(session, old)


def _claim_next(now: dt.datetime) -> tuple[OutgoingMail, str] | None:
    """Claim the mail that has been due longest. Returns it with a reason not to send it, or "".

    On PostgreSQL other processes skip the locked row. On SQLite writers are serialised.
    """
    due = (
        sa.select(OutgoingMail)
        .where(OutgoingMail.due_at <= now)
        .order_by(OutgoingMail.due_at, OutgoingMail.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    with db.own_transaction() as own:
        while (mail := own.scalars(due).first()) is not None and not _is_current(own, mail):
            own.delete(mail)
            own.flush()
        if mail is None:
            return None
        refusal = "the process ended while it was being sent" if mail.tries >= MAX_TRIES else ""
        mail.tries += 1
        mail.due_at, mail.failed_at = now + CLAIM_DURATION, None
        if mail.user_id is not None:
            user = own.get_one(User, mail.user_id)
            if not mail.address_is_fixed:
                mail.recipient = user.email
            if user.deactivated_at is not None:
                refusal = "the account is closed"
    return mail, refusal


def _is_current(session: Session, mail: OutgoingMail) -> bool:
    """Return whether a mail should still be sent, according to its kind's check."""
    check = _delivery_checks.get(mail.source_kind)
    return check is None or mail.source_id is None or check(session, mail.source_id)


def _record_failure(
    mail: OutgoingMail, now: dt.datetime, error: Exception, done: DeliveryResult
) -> None:
    message = transport.describe_error(error)[:MAX_ERROR_LENGTH]
    if mail.tries < MAX_TRIES:
        due_at = now + RETRY_DELAYS[mail.tries - 1]
        _update_claimed(mail, due_at=due_at, failed_at=now, error=message)
        log.warning("mail could not be sent, try %d of %d: %s", mail.tries, MAX_TRIES, message)
        done.postponed += 1
    else:
        _give_up(mail, now, message, done)
        log.error("mail could not be sent and is given up: %s", message)


def _give_up(mail: OutgoingMail, now: dt.datetime, message: str, done: DeliveryResult) -> None:
    """Mark a mail as failed for good: delete its text and keep the error."""
    done.given_up += 1
    error = message[:MAX_ERROR_LENGTH]
    _update_claimed(mail, due_at=None, body="", failed_at=now, error=error)


def _update_claimed(mail: OutgoingMail, **values: Any) -> None:
    """Update a claimed mail, unless another process has claimed it since."""
    ours = sa.update(_MAILS).where(
        _MAILS.c.id == mail.id, _MAILS.c.tries == mail.tries, _IS_WAITING
    )
    with db.own_transaction() as own:
        own.execute(ours.values(**values))


def _is_unreachable(error: Exception) -> bool:
    """Return whether the mail server cannot be reached, so that further mail would fail too."""
    if isinstance(error, smtplib.SMTPException):
        return isinstance(error, smtplib.SMTPConnectError | smtplib.SMTPServerDisconnected)
    return isinstance(error, OSError)
