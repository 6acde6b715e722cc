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
    """A server that takes what it is handed, or refuses the next `refuses` mails."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.ids: list[str] = []
        self.refuses = 0
        self.tried = 0
        # What happens while the server has a mail in hand.
        self.meanwhile: Callable[[], None] = lambda: None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        self.tried += 1
        # In a thread, so that another process may talk to this server at the same time.
        await asyncio.to_thread(self.meanwhile)
        if self.refuses:
            self.refuses -= 1
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
    """A mail server on loopback that the application knows of."""
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


def put(session: Session, **changes: Any) -> None:
    values = {"to": "alice@example.org", "subject": "Hello", "body": "https://example.org/secret"}
    moment = changes.pop("now", NOW)
    outbox.enqueue(session, outbox.Mail(**{**values, **changes}), now=moment)


def at(moment: dt.datetime) -> Callable[[], dt.datetime]:
    """A clock that stands still."""
    return lambda: moment


class ProcessDied(BaseException):
    """Ends a delivery where it is, as the end of its process would."""


def claim_and_die(app: Flask, server: MailServer, moment: dt.datetime) -> bool:
    """Deliver in another process, which dies when the server refuses; return whether it claimed."""
    moments = [moment]

    def clock() -> dt.datetime:
        if not moments:
            raise ProcessDied
        return moments.pop()

    meanwhile, server.meanwhile, server.refuses = server.meanwhile, lambda: None, 1
    try:
        with app.app_context():
            outbox.deliver_due(clock)
    except ProcessDied:
        return True
    finally:
        server.meanwhile, server.refuses = meanwhile, 0
    return False


def mails(session: Session) -> list[OutgoingMail]:
    session.rollback()
    found = list(session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id)))
    # Delivery writes; a transaction that is left open would make it wait.
    session.expunge_all()
    session.rollback()
    return found


def test_a_mail_leaves_once_what_it_tells_of_is_committed(
    session: Session, server: MailServer
) -> None:
    put(session)
    session.rollback()
    assert outbox.deliver_due(at(NOW)).sent == 0
    put(session, subject="Bob\r\nBcc: eve@example.org")
    session.commit()
    done = outbox.deliver_due(at(NOW))
    assert (done.sent, done.put_off, done.given_up) == (1, 0, 0)
    [text] = server.mails
    assert "Subject: Bob Bcc: eve@example.org" in text
    assert "https://example.org/secret" in text
    [sent] = mails(session)
    assert (sent.body, sent.error, sent.due_at, sent.sent_at) == ("", "", None, NOW)
    assert outbox.deliver_due(at(NOW + dt.timedelta(days=1))) == outbox.DeliveryResult()


def test_it_is_tried_again_after_growing_pauses_until_it_is_taken(
    session: Session, server: MailServer
) -> None:
    server.refuses = 3
    put(session)
    session.commit()
    moment = NOW
    for pause in (1, 5, 30):
        assert outbox.deliver_due(at(moment)).put_off == 1
        [waiting] = mails(session)
        assert "try again later" in waiting.error
        assert waiting.body, "the text is kept while it can still be sent"
        assert waiting.failed_at == moment
        early = moment + dt.timedelta(minutes=pause, seconds=-1)
        assert outbox.deliver_due(at(early)) == outbox.DeliveryResult()
        moment += dt.timedelta(minutes=pause)
    assert outbox.deliver_due(at(moment)).sent == 1
    assert mails(session)[0].error == ""
    assert (server.tried, len(server.mails)) == (4, 1)


def test_after_ten_hours_it_is_given_up_and_says_why(
    session: Session, server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.refuses = 99
    put(session)
    session.commit()
    moment = NOW
    for pause in outbox.RETRY_DELAYS:
        assert outbox.deliver_due(at(moment)).put_off == 1
        moment += pause
    assert moment - NOW == dt.timedelta(hours=10, minutes=36)
    assert outbox.deliver_due(at(moment)).given_up == 1
    [left] = mails(session)
    assert (left.body, left.due_at, left.sent_at) == ("", None, None)
    assert left.failed_at == moment
    assert "try again later" in left.error
    assert "given up" in caplog.text
    assert "secret" not in caplog.text
    assert outbox.deliver_due(at(moment + dt.timedelta(days=9))) == outbox.DeliveryResult()


def test_what_waits_for_its_next_try_can_be_sent_at_once(
    app: Flask, session: Session, server: MailServer
) -> None:
    server.refuses = 1
    put(session)
    session.commit()
    assert outbox.deliver_due(at(NOW)).put_off == 1
    soon = NOW + dt.timedelta(seconds=1)
    assert outbox.deliver_due(at(soon)) == outbox.DeliveryResult()
    outbox.retry_now(session, now=soon)
    session.commit()
    # Another process takes it and is still sending it: that one is not taken twice.
    assert claim_and_die(app, server, soon)
    outbox.retry_now(session, now=soon)
    session.commit()
    assert outbox.deliver_due(at(soon)) == outbox.DeliveryResult()
    assert outbox.count_waiting(session) == 1
    session.rollback()
    assert outbox.deliver_due(at(soon + outbox.CLAIM_DURATION)).sent == 1
    assert outbox.count_waiting(session) == 0


def test_one_that_is_refused_does_not_hold_up_the_others(
    session: Session, server: MailServer
) -> None:
    server.refuses = 1
    put(session)
    put(session, to="eve@example.org\r\nBcc: all@example.org")
    put(session, to="carol@example.org")
    session.commit()
    done = outbox.deliver_due(at(NOW))
    assert (done.sent, done.put_off) == (1, 2)
    assert "To: carol@example.org" in server.mails[0]


@pytest.mark.parametrize("to", ["=?utf-8?b?!!?=@example.org", "=?utf-8?q?ceo?=@example.org"])
def test_an_address_that_cannot_be_written_holds_up_nobody(
    to: str, session: Session, server: MailServer
) -> None:
    """Nor does one that mail programs decode into somebody else's."""
    put(session, to=to)
    put(session, to="carol@example.org")
    session.commit()
    done = outbox.deliver_due(at(NOW))
    assert (done.sent, done.put_off + done.given_up) == (1, 1)
    [text] = server.mails
    assert "To: carol@example.org" in text
    [failed] = [mail for mail in mails(session) if mail.sent_at is None]
    assert failed.error


def test_a_server_that_does_not_answer_is_asked_once_a_round(
    app: Flask, session: Session, server: MailServer
) -> None:
    for _ in range(3):
        put(session)
    session.commit()
    app.config["SMTP_URL"] = "smtp://127.0.0.1:9"
    assert outbox.deliver_due(at(NOW)).put_off == 1
    assert [mail.tries for mail in mails(session)] == [1, 0, 0]


def test_two_processes_send_each_mail_once(
    app: Flask, session: Session, server: MailServer
) -> None:
    for number in range(30):
        put(session, subject=f"Number {number}")
    session.commit()

    def work(_number: int) -> int:
        with app.app_context():
            return outbox.deliver_due(at(NOW)).sent

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 30
    assert len(set(server.ids)) == len(server.mails) == 30


def test_a_mail_whose_sender_died_comes_up_again_with_the_same_message_id(
    app: Flask, session: Session, server: MailServer
) -> None:
    put(session)
    session.commit()
    assert claim_and_die(app, server, NOW)
    assert outbox.deliver_due(at(NOW + dt.timedelta(minutes=14))) == outbox.DeliveryResult()
    later = NOW + outbox.CLAIM_DURATION
    assert outbox.deliver_due(at(later)).sent == 1
    [mail] = mails(session)
    assert server.ids == [f"Message-ID: <{mail.id}@cairn.example.org>"]


def test_a_mail_that_kills_its_sender_is_given_up(
    app: Flask, session: Session, server: MailServer
) -> None:
    put(session)
    session.commit()
    moment = NOW
    for _ in range(outbox.MAX_TRIES):
        assert claim_and_die(app, server, moment)
        moment += outbox.CLAIM_DURATION
    assert outbox.deliver_due(at(moment)).given_up == 1
    assert server.mails == []
    assert "ended while" in mails(session)[0].error


def test_who_is_too_late_says_nothing_about_what_another_process_sent(
    app: Flask, session: Session, server: MailServer
) -> None:
    put(session)
    session.commit()

    def another_sends_it() -> None:
        server.meanwhile = lambda: None
        with app.app_context():
            assert outbox.deliver_due(at(NOW + outbox.CLAIM_DURATION)).sent == 1
        server.refuses = 1

    server.meanwhile = another_sends_it
    assert outbox.deliver_due(at(NOW)).put_off == 1
    [sent] = mails(session)
    assert (sent.due_at, sent.error) == (None, "")
    assert outbox.deliver_due(at(NOW + dt.timedelta(days=1))) == outbox.DeliveryResult()
    assert len(server.mails) == 1


@pytest.mark.parametrize("is_refused", [False, True])
def test_who_is_too_late_does_not_end_what_another_process_is_sending(
    app: Flask, session: Session, server: MailServer, is_refused: bool
) -> None:
    put(session)
    session.commit()

    def another_takes_it() -> None:
        assert claim_and_die(app, server, NOW + outbox.CLAIM_DURATION)
        server.refuses = int(is_refused)

    server.meanwhile = another_takes_it
    done = outbox.deliver_due(at(NOW))
    assert (done.sent, done.put_off) == ((0, 1) if is_refused else (1, 0))
    [held] = mails(session)
    assert held.due_at == NOW + 2 * outbox.CLAIM_DURATION
    assert (held.sent_at, held.error) == (None, "")
    assert held.body


def test_a_mail_is_held_from_the_moment_it_is_taken(
    app: Flask, session: Session, server: MailServer
) -> None:
    """However long the mails before it took: the round of a slow server outlasts one hold."""
    put(session)
    put(session, to="bob@example.org")
    session.commit()
    clock = NOW
    by_others: list[int] = []

    def another_takes_it() -> None:
        nonlocal clock
        clock += dt.timedelta(minutes=10)
        by_others.append(claim_and_die(app, server, clock))

    put(session, to="carol@example.org")
    session.commit()
    server.meanwhile = another_takes_it
    assert outbox.deliver_due(lambda: clock).sent == 2
    # Each time only what nobody was sending: once Carol's, then nothing.
    assert by_others == [True, False]


def test_a_closed_account_gets_no_more_mail(
    session: Session, cast: Cast, server: MailServer
) -> None:
    put(session, user_id=cast.alice)
    actions.deactivate(session, cast.alice, by=cast.erin, now=NOW)
    session.commit()
    assert outbox.deliver_due(at(NOW)).sent == 0
    assert server.mails == []
    [left] = mails(session)
    assert (left.body, left.due_at) == ("", None)
    assert left.error == "the account is closed"


def test_it_goes_to_the_address_that_the_account_has_by_then(
    session: Session, cast: Cast, team: Team, server: MailServer
) -> None:
    put(session, user_id=cast.alice)
    put(session, subject="To the old address")
    invite(session, team=team, role="manager", email="alice@example.org", by=cast.bob, now=NOW)
    session.commit()
    actions.change_email(
        session, cast.alice, "alice@elsewhere.org", by=cast.alice, address="", now=NOW
    )
    session.commit()
    assert outbox.deliver_due(at(NOW)).sent == 3
    to = sorted(line for mail in server.mails for line in mail.splitlines() if "To: " in line[:4])
    assert to == ["To: alice@elsewhere.org", "To: alice@example.org", "To: alice@example.org"]
    [hers] = [mail for mail in server.mails if "Subject: Hello" in mail]
    assert "To: alice@elsewhere.org" in hers


def test_what_is_no_longer_so_is_taken_back(
    session: Session, cast: Cast, server: MailServer
) -> None:
    keys = [uuid.uuid4(), uuid.uuid4()]
    for key in keys:
        put(session, body="withdrawn", source=outbox.Source("letter", key))
    put(session, body="of another kind", source=outbox.Source("card", keys[0]))
    outbox.withdraw(session, "letter", [*keys, uuid.uuid4()])
    for key in (cast.alice, uuid.uuid4()):
        put(session, body=f"about {key}", source=outbox.Source("person", key))
    outbox.withdraw_orphans(session, "person", User.__table__.c.id)
    session.commit()
    assert outbox.deliver_due(at(NOW)).sent == 2
    assert "of another kind" in server.mails[0]
    assert f"about {cast.alice}" in server.mails[1]


def test_a_mail_whose_source_forbids_it_is_deleted(
    session: Session, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed, forbidden = uuid.uuid4(), uuid.uuid4()
    monkeypatch.setattr(outbox, "_delivery_checks", {})
    outbox.register_delivery_check("letter", lambda _session, key: key == allowed)
    for key in (allowed, forbidden):
        put(session, body=f"about {key}", source=outbox.Source("letter", key))
    put(session, body="about nothing")
    session.commit()
    assert outbox.deliver_due(at(NOW)).sent == 2
    assert [mail.source_id for mail in mails(session)] == [allowed, None]


def test_a_round_ends_when_it_is_told_to(session: Session, server: MailServer) -> None:
    put(session)
    session.commit()
    assert outbox.deliver_due(at(NOW), lambda: True) == outbox.DeliveryResult()
    assert server.tried == 0


def test_without_a_server_it_goes_to_the_log_and_nothing_piles_up(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        put(session)
    session.commit()
    assert "https://example.org/secret" in caplog.text
    assert mails(session) == []


def test_what_was_sent_long_ago_goes(session: Session, server: MailServer) -> None:
    put(session)
    session.commit()
    outbox.deliver_due(at(NOW))
    put(session)
    session.commit()
    assert outbox.prune(session, now=NOW + dt.timedelta(days=29)) == 0
    assert outbox.prune(session, now=NOW + dt.timedelta(days=31)) == 1
    session.commit()
    assert [mail.sent_at for mail in mails(session)] == [None], "what still waits stays"
    with db.own_transaction() as own:
        own.execute(sa.delete(OutgoingMail))
