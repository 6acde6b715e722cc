"""Mail transport through a local SMTP server."""

from __future__ import annotations

import datetime as dt
import logging
import re

import pytest

from roadmap.auth import rate_limits
from roadmap.core.config import parse_smtp_url
from roadmap.mail import outbox, transport
from tests.support.login import OTHER_PASSWORD, set_password, sign_in
from tests.support.smtp import FreePortController, Mailbox


@pytest.fixture
def box(app):
    """The mailbox of a local server that the application is configured to use."""
    box = Mailbox()
    controller = FreePortController(box, hostname="127.0.0.1", port=0)
    controller.start()
    before = {name: app.config[name] for name in ("SMTP_URL", "MAIL_FROM", "BASE_URL")}
    app.config.update(
        SMTP_URL=f"smtp://127.0.0.1:{controller.port}",
        MAIL_FROM="Cairn <cairn@example.org>",
        BASE_URL="https://cairn.example.org/",
    )
    yield box
    app.config.update(before)
    controller.stop()


def wait_for_mails(app) -> None:
    """Wait until the background thread, which sends mails in order, has finished."""
    with app.app_context():
        transport.run_in_background(lambda: None).result(20)


def test_forgotten_password_link_is_mailed_and_works(app, session, cast, browser_of, box):
    set_password(session, cast.alice)
    browser = browser_of()
    assert "We will mail you a link" in browser.get("/password/forgot").text
    answer = browser.post("/password/forgot", {"email": "Alice@example.org"})
    assert (answer.status_code, answer.location) == (303, "/password/sent")
    page = browser.get("/password/sent").text
    assert "If there is an account" in page
    # The page must not say whether a mail was sent.
    assert "on its way" not in page
    wait_for_mails(app)
    [letter] = box.mails
    assert letter["To"] == "alice@example.org"
    assert letter["From"] == "Cairn <cairn@example.org>"
    assert letter.get_content_type() == "text/plain"
    text = letter.get_payload(decode=True).decode()
    path = re.search(r"https://cairn\.example\.org(/password/\S+)", text)[1]
    assert browser.post(path, {"password": OTHER_PASSWORD}).status_code == 303
    assert sign_in(browser, "alice@example.org", OTHER_PASSWORD).status_code == 303


def test_page_promises_no_mail_without_mail_configuration(cast, browser_of):
    page = browser_of().get("/password/sent").text
    assert "Cairn sends no mail here" in page
    assert "is mailed to it" not in page


def test_answer_does_not_reveal_whether_an_account_exists(app, cast, browser_of, box):
    known = browser_of().post("/password/forgot", {"email": "alice@example.org"})
    unknown = browser_of().post("/password/forgot", {"email": "nobody@example.org"})
    assert known.data == unknown.data
    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    wait_for_mails(app)
    assert [letter["To"] for letter in box.mails] == ["alice@example.org"]


def test_invalid_address_is_rejected(app, browser_of, box):
    answer = browser_of().post("/password/forgot", {"email": "nobody"})
    assert answer.status_code == 422
    assert "not an e-mail address" in answer.text


def test_password_requests_are_limited(app, cast, browser_of, box):
    answers = [
        browser_of().post("/password/forgot", {"email": "alice@example.org"}).status_code
        for _ in range(11)
    ]
    wait_for_mails(app)
    assert answers == [303] * 10 + [429]
    assert len(box.mails) == rate_limits.MAX_RESET_MAILS


def test_address_change_is_mailed_to_the_old_address(app, cast, browser_of, box):
    browser = browser_of(cast.alice)

    def deliver() -> tuple[str, str]:
        with app.app_context():
            outbox.deliver_due(lambda: dt.datetime.now(dt.UTC))
        letter = box.mails.pop()
        assert not box.mails
        return letter["To"], letter.get_payload(decode=True).decode()

    assert browser.put("/account/email", {"email": "alice@elsewhere.org"}).status_code == 303
    to, body = deliver()
    assert to == "alice@elsewhere.org"
    [path] = re.findall(r"/account/email/\S+", body)
    assert browser.put(path).status_code == 303
    to, body = deliver()
    assert to == "alice@example.org"
    assert "alice@elsewhere.org" in body


def test_line_breaks_in_the_subject_add_no_headers(app, box):
    with app.app_context():
        transport.send("alice@example.org", "Hello\r\nBcc: mallory@example.org", "text")
    assert box.mails[0]["Bcc"] is None
    assert box.mails[0]["Subject"] == "Hello Bcc: mallory@example.org"


def test_unreachable_server_is_logged_and_shown_to_administrators(
    app, cast, browser_of, box, caplog
):
    """The requester learns neither of the failure nor whether there is an account."""
    app.config["SMTP_URL"] = "smtp://127.0.0.1:1"
    answer = browser_of().post("/password/forgot", {"email": "alice@example.org"})
    assert (answer.status_code, answer.location) == (303, "/password/sent")
    with caplog.at_level(logging.ERROR):
        wait_for_mails(app)
    assert "mail could not be sent: 127.0.0.1:1: " in caplog.text
    assert box.mails == []
    page = " ".join(browser_of(cast.erin).get("/admin").text.split())
    assert "One mail could not be sent" in page
    assert "The last one was given up at " in page
    assert "Connection refused" in page


def test_smtp_password_is_not_sent_without_tls(app, box):
    port = app.config["SMTP_URL"].rpartition(":")[2]
    app.config["SMTP_URL"] = f"smtp+starttls://user:secret@127.0.0.1:{port}"
    with app.app_context(), pytest.raises(transport.smtplib.SMTPNotSupportedError):
        transport.send("alice@example.org", "Hello", "text")


def test_mail_without_a_server_is_logged(app, caplog):
    with app.app_context(), caplog.at_level(logging.INFO):
        transport.send("alice@example.org", "Hello", "the text")
    assert "the text" in caplog.text


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.org", ("mail.example.org", 25, "may", "", "")),
        ("smtp://u:p%40w@mail.example.org:587", ("mail.example.org", 587, "must", "u", "p@w")),
        ("smtps://mail.example.org", ("mail.example.org", 465, "always", "", "")),
        ("smtp+starttls://mail.example.org", ("mail.example.org", 587, "must", "", "")),
        ("smtp://mail.example.org?starttls=1", ("mail.example.org", 25, "must", "", "")),
    ],
    ids=["plain", "user and port", "smtps", "starttls scheme", "starttls parameter"],
)
def test_smtp_url_is_parsed(url, expected):
    server = parse_smtp_url(url)
    found = (server.host, server.port, server.tls, server.user, server.password)
    assert found == expected


@pytest.mark.parametrize("url", ["mail.example.org", "http://mail.example.org", "smtp://h:99999"])
def test_invalid_smtp_url_is_rejected(url):
    with pytest.raises(ValueError, match="must look like"):
        parse_smtp_url(url)


def test_mail_without_a_server_is_logged_as_not_mailed(app, caplog):
    with app.app_context(), caplog.at_level(logging.INFO):
        transport.send("alice@example.org", "Hello", "A link")
    assert (
        "not mailed, as mail is not configured: to alice@example.org, Hello\nA link" in caplog.text
    )
