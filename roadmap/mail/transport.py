"""Send plain-text mail through the configured SMTP server, or log it if there is none."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app

from roadmap.core.config import MailServer, parse_smtp_url
from roadmap.core.text import ascii_domain

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 15


class Unsendable(ValueError):
    """Mail to this address can never be sent. The message is the reason."""


def is_configured() -> bool:
    """Return whether mail is configured, including the base URL for links in mail."""
    config = current_app.config
    return bool(config["SMTP_URL"] and config["MAIL_FROM"] and config["BASE_URL"])


def send(to: str, subject: str, body: str, key: str | None = None) -> None:
    """Send a plain-text mail immediately.

    `key` makes the Message-ID stable, so that a mail sent twice is shown once. Raises OSError,
    smtplib.SMTPException or Unsendable, and errors of the package `email` for invalid addresses.
    """
    if not is_configured():
        log.info("not mailed, as mail is not configured: to %s, %s\n%s", to, subject, body)
        return
    message = EmailMessage()
    message["From"] = current_app.config["MAIL_FROM"]
    if "=?" in to:
        raise Unsendable(f"an address with “=?” would be decoded to another: {to}")
    local, at, domain = to.rpartition("@")
    to = f"{local}{at}{ascii_domain(domain)}"
    message["To"] = to
    message["Subject"] = " ".join(subject.split())
    message["Date"] = formatdate(localtime=False)
    host = urlsplit(current_app.config["BASE_URL"]).hostname
    message["Message-ID"] = f"<{key}@{host}>" if key else make_msgid(domain=host)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body)
    server = parse_smtp_url(current_app.config["SMTP_URL"])
    with _connect(server) as connection:
        if server.user:
            connection.login(server.user, server.password)
        connection.ehlo_or_helo_if_needed()
        if not local.isascii() and not connection.has_extn("smtputf8"):
            raise Unsendable(
                f"{to} has other letters than ASCII before the @, which the mail server does not "
                "take: it announces no SMTPUTF8"
            )
        connection.send_message(message, to_addrs=[to])


def describe_error(error: Exception) -> str:
    """Return an error as one line, which names the mail server if it refused or did not answer."""
    text = " ".join(str(error).split()) or type(error).__name__
    if not isinstance(error, OSError):
        return text
    server = parse_smtp_url(current_app.config["SMTP_URL"])
    return f"{server.host}:{server.port}: {text}"


def run_in_background(work: Callable[..., None], *arguments: Any) -> Future[None]:
    """Run `work` in a background thread, one task at a time, and log its errors."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    pool: ThreadPoolExecutor = app.extensions.setdefault(
        "mail_pool", ThreadPoolExecutor(1, thread_name_prefix="mail")
    )

    def in_context() -> None:
        with app.app_context():
            try:
                work(*arguments)
            except Exception as error:  # noqa: BLE001 - nobody waits for the result
                log.error("mail could not be sent: %s", describe_error(error))

    return pool.submit(in_context)


def _connect(server: MailServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.tls == "always":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=context)
    connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    connection.ehlo()
    if connection.has_extn("starttls"):
        connection.starttls(context=context)
        connection.ehlo()
    elif server.tls == "must":
        connection.close()
        raise smtplib.SMTPNotSupportedError("the mail server offers no STARTTLS")
    return connection
