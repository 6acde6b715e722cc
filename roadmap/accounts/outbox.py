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

from roadmap.accounts import mail
from roadmap.accounts.models import Invitation, OutgoingMail
from roadmap.core.database import db
from roadmap.core.types import new_id
from roadmap.people.models import User

log = logging.getLogger(__name__)

# How long to wait after each failed try; after one more it is given up.
PAUSES = (
    dt.timedelta(minutes=1),
    dt.timedelta(minutes=5),
    dt.timedelta(minutes=30),
    dt.timedelta(hours=2),
    dt.timedelta(hours=8),
)
MOST_TRIES = len(PAUSES) + 1
# For so long nobody else takes a mail that somebody is sending; longer than a server may take.
HELD = dt.timedelta(minutes=15)
# Mails of one round.
MOST_AT_ONCE = 50
# How long the line about a mail is kept that was sent or given up.
KEPT = dt.timedelta(days=30)
LONGEST_SUBJECT = 300
LONGEST_ERROR = 300
# In `Session.info`: this transaction put a mail into the outbox.
PUT = "mail_put"

_MAILS: Any = OutgoingMail.__table__
_USERS: Any = User.__table__
_INVITATIONS: Any = Invitation.__table__

# The mail of an invitation has its id.
_IS_INVITATION = sa.exists().where(_INVITATIONS.c.id == _MAILS.c.id)

# Asked before a mail leaves: whether it may, by its key. Whoever says no takes away what the mail
# was to tell of as well.
MayLeave = Callable[[Session, uuid.UUID], bool]
_asked: list[MayLeave] = []


def ask_before(may_leave: MayLeave) -> None:
    """Has a higher room asked, about each mail and at the last moment, whether it may leave."""
    if may_leave not in _asked:
        _asked.append(may_leave)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to be written; see `put`."""

    to: str
    subject: str
    body: str
    user_id: uuid.UUID | None = None
    key: uuid.UUID | None = None


@dataclass(slots=True)
class Delivered:
    """What a round did: mails sent, put off after a failed try, and given up."""

    sent: int = 0
    put_off: int = 0
    given_up: int = 0

    @property
    def all(self) -> int:
        return self.sent + self.put_off + self.given_up


@dataclass(frozen=True, slots=True)
class _Taken:
    """A mail that this process is to send. `tries` counts this one.

    `hopeless` says why it is not to be sent at all; one that is `untrue` is gone already.
    """

    id: uuid.UUID
    recipient: str
    subject: str
    body: str
    tries: int
    hopeless: str = ""
    untrue: bool = False


def put(
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
    By `key`, the id of what it is the only mail of, it can be taken back, see `forget`.
    Where no mail is configured it is written to the log at once, as `mail.send` does: nothing waits
    for a server that does not exist.
    """
    put_each(session, [Mail(to, subject, body, user_id, key)], now=now)


def put_each(session: Session, mails: Collection[Mail], *, now: dt.datetime) -> None:
    """The same for any number of mails, in one statement."""
    if not mail.is_configured():
        for each in mails:
            mail.send(each.to, each.subject, each.body)
        return
    if not mails:
        return
    rows = [
        {
            "id": each.key or new_id(),
            "user_id": each.user_id,
            "recipient": each.to,
            "subject": " ".join(each.subject.split())[:LONGEST_SUBJECT],
            "body": each.body,
            "created_at": now,
            "due_at": now,
            "tries": 0,
            "error": "",
        }
        for each in mails
    ]
    session.execute(sa.insert(_MAILS), rows)
    session.info[PUT] = True


def take_back(session: Session, link: str) -> None:
    """Removes the mails with this link that wait to be sent: what they tell of is no longer so."""
    session.execute(
        sa.delete(_MAILS).where(
            _MAILS.c.due_at.is_not(None), _MAILS.c.body.contains(link, autoescape=True)
        )
    )


def forget(session: Session, key: uuid.UUID) -> None:
    """Removes the mail that was put with this key, unless it has left already."""
    forget_each(session, [key])


def forget_each(session: Session, keys: Collection[uuid.UUID]) -> None:
    """The same for any number of keys, in one statement."""
    if keys:
        key = sa.bindparam("key", type_=sa.Uuid)
        waiting = sa.delete(_MAILS).where(_MAILS.c.id == key, _MAILS.c.due_at.is_not(None))
        session.execute(waiting, [{"key": each} for each in keys])


def deliver_due(
    clock: Callable[[], dt.datetime], stopping: Callable[[], bool] = lambda: False
) -> Delivered:
    """Sends what is due. Needs an application context.

    The clock is read for each mail anew: a slow server makes a round long.
    Several processes may do so at once. A round ends after `MOST_AT_ONCE` mails, before the next
    one where `stopping` says so, and where the mail server cannot be reached at all with the first
    mail that found out. Raises ConfigError where `ROADMAP_SMTP_URL` is wrong.
    """
    if mail.is_configured():
        mail.parse_url(current_app.config["SMTP_URL"])
    done = Delivered()
    while done.all < MOST_AT_ONCE and not stopping():
        taken = _take(clock())
        if taken is None:
            break
        if taken.untrue:
            continue
        if taken.hopeless:
            _give_up(taken, taken.hopeless)
            done.given_up += 1
            continue
        try:
            mail.send(taken.recipient, taken.subject, taken.body, key=str(taken.id))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one, the others go on
            _failed(taken, clock(), error, done)
            if _is_unreachable(error):
                break
        else:
            _sent(taken, clock())
            done.sent += 1
    return done


def prune(session: Session, *, now: dt.datetime) -> int:
    """Removes the lines about mails that were sent or given up a month ago; returns how many."""
    old = sa.delete(_MAILS).where(_MAILS.c.due_at.is_(None), _MAILS.c.created_at < now - KEPT)
    return int(session.execute(old).rowcount)  # type: ignore[attr-defined]


def _take(now: dt.datetime) -> _Taken | None:
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
        untrue = not all(may_leave(own, row.id) for may_leave in _asked)
        taken = _Taken(
            row.id, row.present or row.recipient, row.subject, row.body, row.tries + 1,
            _hopeless(row), untrue,
        )  # fmt: skip
        ours = _MAILS.c.id == taken.id
        own.execute(
            sa.delete(_MAILS).where(ours)
            if untrue
            else sa.update(_MAILS)
            .where(ours)
            .values(recipient=taken.recipient, tries=taken.tries, due_at=now + HELD)
        )
    return taken


def _hopeless(row: Any) -> str:
    """Why a mail that is due is not sent; nothing where it is."""
    if row.deactivated_at is not None:
        return "the account is closed"
    return "the process ended while it was being sent" if row.tries >= MOST_TRIES else ""


def _sent(taken: _Taken, now: dt.datetime) -> None:
    _note(taken, due_at=None, sent_at=now, body="", error="")


def _failed(taken: _Taken, now: dt.datetime, error: Exception, done: Delivered) -> None:
    said = " ".join(str(error).split()) or type(error).__name__
    if taken.tries < MOST_TRIES:
        _note(taken, due_at=now + PAUSES[taken.tries - 1], error=said[:LONGEST_ERROR])
        log.warning("mail could not be sent, try %d of %d: %s", taken.tries, MOST_TRIES, said)
        done.put_off += 1
    else:
        _give_up(taken, said)
        log.error("mail could not be sent and is given up: %s", said)
        done.given_up += 1


def _give_up(taken: _Taken, said: str) -> None:
    """Gives a mail up: its text goes, what was wrong stays."""
    _note(taken, due_at=None, body="", error=said[:LONGEST_ERROR])


def _note(taken: _Taken, **values: Any) -> None:
    """Writes down what became of a mail, while it is still ours.

    Whoever took so long that another process took the mail meanwhile says nothing about it: it may
    have left since.
    """
    ours = sa.update(_MAILS).where(
        _MAILS.c.id == taken.id, _MAILS.c.tries == taken.tries, _MAILS.c.due_at.is_not(None)
    )
    with db.own_transaction() as own:
        own.execute(ours.values(**values))


def _is_unreachable(error: Exception) -> bool:
    """Whether the next mail would fail in the same way: there is nobody to talk to."""
    if isinstance(error, smtplib.SMTPException):
        return isinstance(error, smtplib.SMTPConnectError | smtplib.SMTPServerDisconnected)
    return isinstance(error, OSError)
