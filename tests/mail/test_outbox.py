"""The outbox: mail is stored in the transaction of its event, and sent afterwards."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy.orm import Session

from roadmap.auth import actions
from roadmap.core.database import db
from roadmap.invitations.actions import invite
from roadmap.mail import outbox
from roadmap.mail.models import OutgoingMail
from roadmap.people.models import Team, User
from tests.support.cast import Cast
from tests.support.smtp import FreePortController

NOW = dt.datetime(2026, 11, 2, 9, 0, tzinfo=dt.UTC)


class MailServer:
    """A server that accepts mail, or refuses the next `refusals` mails."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.ids: list[str] = []
        self.refusals = 0
        self.tried = 0
        # Called while the server handles a mail.
        self.during_delivery: Callable[[], None] = lambda: None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        self.tried += 1
        # In a thread, so that another client can talk to this server at the same time.
        await asyncio.to_thread(self.during_delivery)
        if self.refusals:
            self.refusals -= 1
            return "451 4.7.1 please try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        text = envelope.content.decode()
        self.mails.append(text)
        self.ids += [line for line in text.splitlines() if line.startswith("Message-ID:")]
        return "250 OK"


@pytest.fixture
def server(app: Flask) -> Iterator[MailServer]:
    """A local mail server that the application is configured to use."""
    handler = MailServer()
    controller: Controller = FreePortController(handler, hostname="127.0.0.1", port=0)
    controller.start()
    before = {name: app.config[name] for name in ("SMTP_URL", "MAIL_FROM", "BASE_URL")}
    app.config.update(
        SMTP_URL=f"smtp://127.0.0.1:{controller.port}",
        MAIL_FROM="Cairn <cairn@example.org>",
        BASE_URL="https://cairn.example.org",
    )
    yield handler
    app.config.update(before)
    controller.stop()


@pytest.fixture
def team(session: Session, cast: Cast) -> Team:
    return session.get_one(Team, cast.team)


def enqueue_mail(session: Session, **changes: Any) -> None:
    values = {
        "recipient": "alice@example.org",
        "subject": "Hello",
        "body": "https://example.org/secret",
    }
    moment = changes.pop("now", NOW)
    outbox.enqueue(session, OutgoingMail(**{**values, **changes}), now=moment)


def fixed_clock(moment: dt.datetime) -> Callable[[], dt.datetime]:
    """Return a clock that always shows this moment."""
    return lambda: moment


class ProcessDied(BaseException):
    """Ends a delivery as the end of its process would."""


def claim_and_die(app: Flask, server: MailServer, moment: dt.datetime) -> bool:
    """Deliver like a process that dies after a refusal; return whether it claimed a mail."""
    moments = [moment]

    def clock() -> dt.datetime:
        if not moments:
            raise ProcessDied
        return moments.pop()

    during_delivery, server.during_delivery, server.refusals = (
        server.during_delivery,
        lambda: None,
        1,
    )
    try:
        with app.app_context():
            outbox.deliver_due(clock)
    except ProcessDied:
        return True
    finally:
        server.during_delivery, server.refusals = during_delivery, 0
    return False


def stored_mails(session: Session) -> list[OutgoingMail]:
    session.rollback()
    found = list(session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id)))
    # An open transaction would block the next delivery.
    session.expunge_all()
    session.rollback()
    return found


def test_mail_is_sent_once_and_only_after_commit(session: Session, server: MailServer) -> None:
    enqueue_mail(session)
    session.rollback()
    assert outbox.deliver_due(fixed_clock(NOW)).sent == 0
    enqueue_mail(session, subject="Bob\r\nBcc: eve@example.org")
    session.commit()
    result = outbox.deliver_due(fixed_clock(NOW))
    assert (result.sent, result.postponed, result.given_up) == (1, 0, 0)
    [text] = server.mails
    assert "Subject: Bob Bcc: eve@example.org" in text
    assert "https://example.org/secret" in text
    [sent] = stored_mails(session)
    assert (sent.body, sent.error, sent.due_at, sent.sent_at) == ("", "", None, NOW)
    assert outbox.deliver_due(fixed_clock(NOW + dt.timedelta(days=1))) == outbox.DeliveryResult()


def test_refused_mail_is_retried_with_growing_delays(session: Session, server: MailServer) -> None:
    server.refusals = 3
    enqueue_mail(session)
    session.commit()
    moment = NOW
    for pause in (1, 5, 30):
        assert outbox.deliver_due(fixed_clock(moment)).postponed == 1
        [waiting] = stored_mails(session)
        assert "try again later" in waiting.error
        assert waiting.error.startswith("127.0.0.1:"), "it names the server"
        assert waiting.body, "the text is kept while it can still be sent"
        assert waiting.failed_at == moment
        early = moment + dt.timedelta(minutes=pause, seconds=-1)
        assert outbox.deliver_due(fixed_clock(early)) == outbox.DeliveryResult()
        moment += dt.timedelta(minutes=pause)
    assert outbox.deliver_due(fixed_clock(moment)).sent == 1
    assert stored_mails(session)[0].error == ""
    assert (server.tried, len(server.mails)) == (4, 1)


def test_mail_is_given_up_after_ten_hours_with_its_error(
    session: Session, server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.refusals = 99
    enqueue_mail(session)
    session.commit()
    moment = NOW
    for pause in outbox.RETRY_DELAYS:
        assert outbox.deliver_due(fixed_clock(moment)).postponed == 1
        moment += pause
    assert moment - NOW == dt.timedelta(hours=10, minutes=36)
    assert outbox.deliver_due(fixed_clock(moment)).given_up == 1
    [left] = stored_mails(session)
    assert (left.body, left.due_at, left.sent_at) == ("", None, None)
    assert left.failed_at == moment
    assert "try again later" in left.error
    assert "given up" in caplog.text
    assert "secret" not in caplog.text
    assert outbox.deliver_due(fixed_clock(moment + dt.timedelta(days=9))) == outbox.DeliveryResult()


def test_retry_now_sends_waiting_mail_but_not_claimed_mail(
    app: Flask, session: Session, server: MailServer
) -> None:
    server.refusals = 1
    enqueue_mail(session)
    session.commit()
    assert outbox.deliver_due(fixed_clock(NOW)).postponed == 1
    soon = NOW + dt.timedelta(seconds=1)
    assert outbox.deliver_due(fixed_clock(soon)) == outbox.DeliveryResult()
    outbox.retry_now(session, now=soon)
    session.commit()
    # Another process has claimed the mail and is still sending it.
    assert claim_and_die(app, server, soon)
    outbox.retry_now(session, now=soon)
    session.commit()
    assert outbox.deliver_due(fixed_clock(soon)) == outbox.DeliveryResult()
    assert outbox.count_waiting(session) == 1
    session.rollback()
    assert outbox.deliver_due(fixed_clock(soon + outbox.CLAIM_DURATION)).sent == 1
    assert outbox.count_waiting(session) == 0


def test_refused_mail_does_not_delay_other_mail(session: Session, server: MailServer) -> None:
    server.refusals = 1
    enqueue_mail(session)
    enqueue_mail(session, recipient="eve@example.org\r\nBcc: all@example.org")
    enqueue_mail(session, recipient="carol@example.org")
    session.commit()
    result = outbox.deliver_due(fixed_clock(NOW))
    assert (result.sent, result.postponed) == (1, 2)
    assert "To: carol@example.org" in server.mails[0]


@pytest.mark.parametrize(
    "to",
    ["=?utf-8?b?!!?=@example.org", "=?utf-8?q?ceo?=@example.org"],
    ids=["invalid encoding", "encoded local part"],
)
def test_invalid_address_does_not_delay_other_mail(
    to: str, session: Session, server: MailServer
) -> None:
    """The second one would be decoded to another address by mail programs."""
    enqueue_mail(session, recipient=to)
    enqueue_mail(session, recipient="carol@example.org")
    session.commit()
    result = outbox.deliver_due(fixed_clock(NOW))
    assert (result.sent, result.postponed + result.given_up) == (1, 1)
    [text] = server.mails
    assert "To: carol@example.org" in text
    [failed] = [mail for mail in stored_mails(session) if mail.sent_at is None]
    assert failed.error


def test_unreachable_server_is_tried_once_per_delivery(
    app: Flask, session: Session, server: MailServer
) -> None:
    for _ in range(3):
        enqueue_mail(session)
    session.commit()
    app.config["SMTP_URL"] = "smtp://127.0.0.1:9"
    assert outbox.deliver_due(fixed_clock(NOW)).postponed == 1
    assert [mail.tries for mail in stored_mails(session)] == [1, 0, 0]


def test_concurrent_deliveries_send_each_mail_once(
    app: Flask, session: Session, server: MailServer
) -> None:
    for number in range(30):
        enqueue_mail(session, subject=f"Number {number}")
    session.commit()

    def work(_number: int) -> int:
        with app.app_context():
            return outbox.deliver_due(fixed_clock(NOW)).sent

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 30
    assert len(set(server.ids)) == len(server.mails) == 30


def test_mail_of_a_dead_sender_is_resent_with_the_same_message_id(
    app: Flask, session: Session, server: MailServer
) -> None:
    enqueue_mail(session)
    session.commit()
    assert claim_and_die(app, server, NOW)
    assert (
        outbox.deliver_due(fixed_clock(NOW + dt.timedelta(minutes=14))) == outbox.DeliveryResult()
    )
    later = NOW + outbox.CLAIM_DURATION
    assert outbox.deliver_due(fixed_clock(later)).sent == 1
    [mail] = stored_mails(session)
    assert server.ids == [f"Message-ID: <{mail.id}@cairn.example.org>"]


def test_mail_that_kills_its_sender_is_given_up(
    app: Flask, session: Session, server: MailServer
) -> None:
    enqueue_mail(session)
    session.commit()
    moment = NOW
    for _ in range(outbox.MAX_TRIES):
        assert claim_and_die(app, server, moment)
        moment += outbox.CLAIM_DURATION
    assert outbox.deliver_due(fixed_clock(moment)).given_up == 1
    assert server.mails == []
    assert "ended while" in stored_mails(session)[0].error


def test_late_sender_does_not_change_mail_sent_by_another(
    app: Flask, session: Session, server: MailServer
) -> None:
    enqueue_mail(session)
    session.commit()

    def another_sends_it() -> None:
        server.during_delivery = lambda: None
        with app.app_context():
            assert outbox.deliver_due(fixed_clock(NOW + outbox.CLAIM_DURATION)).sent == 1
        server.refusals = 1

    server.during_delivery = another_sends_it
    assert outbox.deliver_due(fixed_clock(NOW)).postponed == 1
    [sent] = stored_mails(session)
    assert (sent.due_at, sent.error) == (None, "")
    assert outbox.deliver_due(fixed_clock(NOW + dt.timedelta(days=1))) == outbox.DeliveryResult()
    assert len(server.mails) == 1


@pytest.mark.parametrize("is_refused", [False, True], ids=["accepted", "refused"])
def test_late_sender_does_not_release_mail_claimed_by_another(
    app: Flask, session: Session, server: MailServer, is_refused: bool
) -> None:
    enqueue_mail(session)
    session.commit()

    def another_takes_it() -> None:
        assert claim_and_die(app, server, NOW + outbox.CLAIM_DURATION)
        server.refusals = int(is_refused)

    server.during_delivery = another_takes_it
    result = outbox.deliver_due(fixed_clock(NOW))
    assert (result.sent, result.postponed) == ((0, 1) if is_refused else (1, 0))
    [held] = stored_mails(session)
    assert held.due_at == NOW + 2 * outbox.CLAIM_DURATION
    assert (held.sent_at, held.error) == (None, "")
    assert held.body


def test_claim_starts_when_the_mail_is_taken(
    app: Flask, session: Session, server: MailServer
) -> None:
    """Not at the start of the delivery, which with a slow server outlasts one claim."""
    enqueue_mail(session)
    enqueue_mail(session, recipient="bob@example.org")
    session.commit()
    clock = NOW
    claimed_by_another: list[int] = []

    def another_takes_it() -> None:
        nonlocal clock
        clock += dt.timedelta(minutes=10)
        claimed_by_another.append(claim_and_die(app, server, clock))

    enqueue_mail(session, recipient="carol@example.org")
    session.commit()
    server.during_delivery = another_takes_it
    assert outbox.deliver_due(lambda: clock).sent == 2
    # The other process claims only unclaimed mail: Carol's, then none.
    assert claimed_by_another == [True, False]


def test_deactivated_user_gets_no_mail(session: Session, cast: Cast, server: MailServer) -> None:
    enqueue_mail(session, user_id=cast.alice)
    actions.deactivate(session, cast.alice, by=cast.erin, now=NOW)
    session.commit()
    assert outbox.deliver_due(fixed_clock(NOW)).sent == 0
    assert server.mails == []
    [left] = stored_mails(session)
    assert (left.body, left.due_at) == ("", None)
    assert left.error == "the account is closed"


def test_mail_goes_to_the_current_address_of_the_user(
    session: Session, cast: Cast, team: Team, server: MailServer
) -> None:
    enqueue_mail(session, user_id=cast.alice)
    enqueue_mail(session, subject="To the old address")
    invite(session, team=team, role="manager", email="alice@example.org", by=cast.bob, now=NOW)
    session.commit()
    actions.change_email(
        session, cast.alice, "alice@elsewhere.org", by=cast.alice, address="", now=NOW
    )
    session.commit()
    assert outbox.deliver_due(fixed_clock(NOW)).sent == 3
    to = sorted(line for mail in server.mails for line in mail.splitlines() if "To: " in line[:4])
    assert to == ["To: alice@elsewhere.org", "To: alice@example.org", "To: alice@example.org"]
    [to_alice] = [mail for mail in server.mails if "Subject: Hello" in mail]
    assert "To: alice@elsewhere.org" in to_alice


def test_withdrawn_and_orphaned_mail_is_not_sent(
    session: Session, cast: Cast, server: MailServer
) -> None:
    keys = [uuid.uuid4(), uuid.uuid4()]
    for key in keys:
        enqueue_mail(session, body="withdrawn", source_kind="letter", source_id=key)
    enqueue_mail(session, body="of another kind", source_kind="card", source_id=keys[0])
    outbox.withdraw(session, "letter", [*keys, uuid.uuid4()])
    for key in (cast.alice, uuid.uuid4()):
        enqueue_mail(session, body=f"about {key}", source_kind="person", source_id=key)
    outbox.withdraw_orphans(session, "person", User.__table__.c.id)
    session.commit()
    assert outbox.deliver_due(fixed_clock(NOW)).sent == 2
    assert "of another kind" in server.mails[0]
    assert f"about {cast.alice}" in server.mails[1]


def test_mail_failing_its_delivery_check_is_deleted(
    session: Session, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed, forbidden = uuid.uuid4(), uuid.uuid4()
    monkeypatch.setattr(outbox, "_delivery_checks", {})
    outbox.register_delivery_check("letter", lambda _session, key: key == allowed)
    for key in (allowed, forbidden):
        enqueue_mail(session, body=f"about {key}", source_kind="letter", source_id=key)
    enqueue_mail(session, body="about nothing")
    session.commit()
    assert outbox.deliver_due(fixed_clock(NOW)).sent == 2
    assert [mail.source_id for mail in stored_mails(session)] == [allowed, None]


def test_delivery_stops_on_request(session: Session, server: MailServer) -> None:
    enqueue_mail(session)
    session.commit()
    assert outbox.deliver_due(fixed_clock(NOW), lambda: True) == outbox.DeliveryResult()
    assert server.tried == 0


def test_mail_without_a_server_is_logged_and_not_stored(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        enqueue_mail(session)
    session.commit()
    assert "https://example.org/secret" in caplog.text
    assert stored_mails(session) == []


def test_mail_is_pruned_30_days_after_sending(session: Session, server: MailServer) -> None:
    enqueue_mail(session)
    session.commit()
    outbox.deliver_due(fixed_clock(NOW))
    enqueue_mail(session)
    session.commit()
    assert outbox.prune(session, now=NOW + dt.timedelta(days=29)) == 0
    assert outbox.prune(session, now=NOW + dt.timedelta(days=31)) == 1
    session.commit()
    assert [mail.sent_at for mail in stored_mails(session)] == [None], "waiting mail is kept"
    with db.own_transaction() as own:
        own.execute(sa.delete(OutgoingMail))
