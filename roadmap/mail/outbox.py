"""The outbox: a mail is written with what it tells of, in one transaction, and sent after it.

The table is the truth. Whoever delivers takes one mail at a time, in a short transaction, and holds
no transaction while it talks to the mail server. A process that dies meanwhile leaves a mail that
comes up again once its time is over: a mail may arrive twice (with the same Message-ID), none is
lost.
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
from flask import current_app
from sqlalchemy.orm import Session

from roadmap.core.database import db
from roadmap.core.types import new_id
from roadmap.mail import transport
from roadmap.mail.models import OutgoingMail
from roadmap.people.models import User

log = logging.getLogger(__name__)

# How long to wait after each failed try; after one more it is given up.
RETRY_DELAYS = (
    dt.timedelta(minutes=1),
    dt.timedelta(minutes=5),
    dt.timedelta(minutes=30),
    dt.timedelta(hours=2),
    dt.timedelta(hours=8),
)
MAX_TRIES = len(RETRY_DELAYS) + 1
# For so long nobody else takes a mail that somebody is sending; longer than a server may take.
CLAIM_DURATION = dt.timedelta(minutes=15)
# Mails of one round.
BATCH_SIZE = 50
# How long the line about a mail is kept that was sent or given up.
RETENTION = dt.timedelta(days=30)
MAX_SUBJECT_LENGTH = 300
MAX_ERROR_LENGTH = 300
# In `Session.info`: this transaction put a mail into the outbox.
MAIL_ENQUEUED = "mail_put"

_MAILS: Any = OutgoingMail.__table__
_USERS: Any = User.__table__
_INVITATIONS = sa.table("invitation", sa.column("id"))

# The mail of an invitation has its id.
_IS_INVITATION = sa.exists().where(_INVITATIONS.c.id == _MAILS.c.id)

# Asked before a mail leaves: whether it may, by its key. Whoever says no takes away what the mail
# was to tell of as well.
DeliveryCheck = Callable[[Session, uuid.UUID], bool]
_delivery_checks: list[DeliveryCheck] = []


def register_delivery_check(check: DeliveryCheck) -> None:
    """Has a higher room asked, about each mail and at the last moment, whether it may leave."""
    if check not in _delivery_checks:
        _delivery_checks.append(check)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to be written; see `put`."""

    to: str
    subject: str
    body: str
    user_id: uuid.UUID | None = None
    key: uuid.UUID | None = None


@dataclass(slots=True)
class DeliveryResult:
    """What a round did: mails sent, put off after a failed try, and given up."""

    sent: int = 0
    put_off: int = 0
    given_up: int = 0

    @property
    def all(self) -> int:
        return self.sent + self.put_off + self.given_up


@dataclass(frozen=True, slots=True)
class _ClaimedMail:
    """A mail that this process is to send. `tries` counts this one.

    `undeliverable_reason` says why it is not to be sent at all; one that is `obsolete` is gone
    already.
    """

    id: uuid.UUID
    recipient: str
    subject: str
    body: str
    tries: int
    undeliverable_reason: str = ""
    obsolete: bool = False


def enqueue(
    session: Session,
    *,
    to: str,
    subject: str,
    body: str,
    user_id: uuid.UUID | None = None,
    key: uuid.UUID | None = None,
    now: dt.datetime,
) -> None:
    """Writes a mail to be sent once this transaction has committed.

    `user_id` is the account that it goes to, where there is one: a deactivated one gets no more,
    and unless it is an invitation it goes to the address that the account has by then.
    By `key`, the id of what it is the only mail of, it can be claimed back, see `forget`.
    Where no mail is configured it is written to the log at once, as `mail.send` does: nothing waits
    for a server that does not exist.
    """
    enqueue_each(session, [Mail(to, subject, body, user_id, key)], now=now)


def enqueue_each(session: Session, mails: Collection[Mail], *, now: dt.datetime) -> None:
    """The same for any number of mails, in one statement."""
    if not transport.is_configured():
        for each in mails:
            transport.send(each.to, each.subject, each.body)
        return
    if not mails:
        return
    rows = [
        {
            "id": each.key or new_id(),
            "user_id": each.user_id,
            "recipient": each.to,
            "subject": " ".join(each.subject.split())[:MAX_SUBJECT_LENGTH],
            "body": each.body,
            "created_at": now,
            "due_at": now,
            "tries": 0,
            "error": "",
        }
        for each in mails
    ]
    session.execute(sa.insert(_MAILS), rows)
    session.info[MAIL_ENQUEUED] = True


def withdraw_by_link(session: Session, link: str) -> None:
    """Removes the mails with this link that wait to be sent: what they tell of is no longer so."""
    session.execute(
        sa.delete(_MAILS).where(
            _MAILS.c.due_at.is_not(None), _MAILS.c.body.contains(link, autoescape=True)
        )
    )


def withdraw(session: Session, key: uuid.UUID) -> None:
    """Removes the mail that was put with this key, unless it has left already."""
    withdraw_each(session, [key])


def withdraw_each(session: Session, keys: Collection[uuid.UUID]) -> None:
    """The same for any number of keys, in one statement."""
    if keys:
        key = sa.bindparam("key", type_=sa.Uuid)
        waiting = sa.delete(_MAILS).where(_MAILS.c.id == key, _MAILS.c.due_at.is_not(None))
        session.execute(waiting, [{"key": each} for each in keys])


def deliver_due(
    clock: Callable[[], dt.datetime], stopping: Callable[[], bool] = lambda: False
) -> DeliveryResult:
    """Sends what is due. Needs an application context.

    The clock is read for each mail anew: a slow server makes a round long.
    Several processes may do so at once. A round ends after `MOST_AT_ONCE` mails, before the next
    one where `stopping` says so, and where the mail server cannot be reached at all with the first
    mail that found out. Raises ConfigError where `ROADMAP_SMTP_URL` is wrong.
    """
    if transport.is_configured():
        transport.parse_url(current_app.config["SMTP_URL"])
    done = DeliveryResult()
    while done.all < BATCH_SIZE and not stopping():
        claimed = _claim_next(clock())
        if claimed is None:
            break
        if claimed.obsolete:
            continue
        if claimed.undeliverable_reason:
            _give_up(claimed, claimed.undeliverable_reason)
            done.given_up += 1
            continue
        try:
            transport.send(claimed.recipient, claimed.subject, claimed.body, key=str(claimed.id))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one, the others go on
            _record_failure(claimed, clock(), error, done)
            if _is_unreachable(error):
                break
        else:
            _record_sent(claimed, clock())
            done.sent += 1
    return done


def prune(session: Session, *, now: dt.datetime) -> int:
    """Removes the lines about mails that were sent or given up a month ago; returns how many."""
    old = sa.delete(_MAILS).where(_MAILS.c.due_at.is_(None), _MAILS.c.created_at < now - RETENTION)
    return int(session.execute(old).rowcount)  # type: ignore[attr-defined]


def _claim_next(now: dt.datetime) -> _ClaimedMail | None:
    """Takes the mail that has been due for longest, so that no other process does.

    On PostgreSQL others skip the locked row; on SQLite writers come one after the other.
    """
    with db.own_transaction() as own:
        row = own.execute(
            sa.select(
                _MAILS,
                _USERS.c.deactivated_at,
                # An invitation is for the address that it names, whoever has it by now.
                sa.case((_IS_INVITATION, None), else_=_USERS.c.email).label("present"),
            )
            .outerjoin(_USERS, _USERS.c.id == _MAILS.c.user_id)
            .where(_MAILS.c.due_at <= now)
            .order_by(_MAILS.c.due_at, _MAILS.c.id)
            .limit(1)
            .with_for_update(of=_MAILS, skip_locked=True)
        ).first()
        if row is None:
            return None
        obsolete = not all(check(own, row.id) for check in _delivery_checks)
        claimed = _ClaimedMail(
            row.id, row.present or row.recipient, row.subject, row.body, row.tries + 1,
            _undeliverable_reason(row), obsolete,
        )  # fmt: skip
        ours = _MAILS.c.id == claimed.id
        own.execute(
            sa.delete(_MAILS).where(ours)
            if obsolete
            else sa.update(_MAILS)
            .where(ours)
            .values(recipient=claimed.recipient, tries=claimed.tries, due_at=now + CLAIM_DURATION)
        )
    return claimed


def _undeliverable_reason(row: Any) -> str:
    """Why a mail that is due is not sent; nothing where it is."""
    if row.deactivated_at is not None:
        return "the account is closed"
    return "the process ended while it was being sent" if row.tries >= MAX_TRIES else ""


def _record_sent(claimed: _ClaimedMail, now: dt.datetime) -> None:
    _update_claimed(claimed, due_at=None, sent_at=now, body="", error="")


def _record_failure(
    claimed: _ClaimedMail, now: dt.datetime, error: Exception, done: DeliveryResult
) -> None:
    message = " ".join(str(error).split()) or type(error).__name__
    if claimed.tries < MAX_TRIES:
        _update_claimed(
            claimed, due_at=now + RETRY_DELAYS[claimed.tries - 1], error=message[:MAX_ERROR_LENGTH]
        )
        log.warning("mail could not be sent, try %d of %d: %s", claimed.tries, MAX_TRIES, message)
        done.put_off += 1
    else:
        _give_up(claimed, message)
        log.error("mail could not be sent and is given up: %s", message)
        done.given_up += 1


def _give_up(claimed: _ClaimedMail, message: str) -> None:
    """Gives a mail up: its text goes, what was wrong stays."""
    _update_claimed(claimed, due_at=None, body="", error=message[:MAX_ERROR_LENGTH])


def _update_claimed(claimed: _ClaimedMail, **values: Any) -> None:
    """Writes down what became of a mail, while it is still ours.

    Whoever took so long that another process took the mail meanwhile says nothing about it: it may
    have left since.
    """
    ours = sa.update(_MAILS).where(
        _MAILS.c.id == claimed.id, _MAILS.c.tries == claimed.tries, _MAILS.c.due_at.is_not(None)
    )
    with db.own_transaction() as own:
        own.execute(ours.values(**values))


def _is_unreachable(error: Exception) -> bool:
    """Whether the next mail would fail in the same way: there is nobody to talk to."""
    if isinstance(error, smtplib.SMTPException):
        return isinstance(error, smtplib.SMTPConnectError | smtplib.SMTPServerDisconnected)
    return isinstance(error, OSError)
