"""What a setting must look like: text in, the value out, or ValueError with the rest of a sentence.

The sentence begins with the setting's name. Values are not repeated in it: some hold passwords.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in, from `ROADMAP_SMTP_URL`."""

    host: str
    port: int
    tls: str  # "always" from the first byte, "must" or "may" upgrade by STARTTLS
    user: str = ""
    password: str = ""


def validate_signup(text: str) -> str:
    """Who may make an account."""
    if text not in ("open", "invite"):
        raise ValueError("must be 'open' or 'invite'.")
    return text


def validate_trusted_proxies(text: str) -> int:
    """How many proxies stand in front: 0 or more."""
    if not (text.isascii() and text.isdecimal()):
        raise ValueError("must be a whole number, 0 or more.")
    return int(text)


def validate_base_url(text: str) -> str:
    """The address people use, without the slash at its end; "" where it is not set."""
    if not text:
        return ""
    parts = _split_url(text)
    if (
        parts is None
        or parts.scheme not in ("http", "https")
        or parts.username is not None
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
    ):
        raise ValueError("must look like https://cairn.example.org, without a path.")
    return f"{parts.scheme}://{parts.netloc}"


def validate_mail_from(text: str) -> str:
    """One sender, with or without a name; "" where it is not set."""
    if not text:
        return ""
    message = EmailMessage()
    try:
        message["From"] = text
        header: Any = message["From"]
        addresses = header.addresses
    except (ValueError, IndexError):  # the latter is the parser's way to say that nothing is there
        addresses, header = (), None
    if (
        len(addresses) != 1
        or header.defects
        or not (addresses[0].username and addresses[0].domain)
        or not addresses[0].addr_spec.isascii()
    ):
        raise ValueError("must look like Cairn <cairn@example.org>.")
    return text


def parse_smtp_url(url: str) -> MailServer:
    """`smtp://`, `smtp+starttls://` or `smtps://user:password@host:port`.

    Plain `smtp://` upgrades where the server offers it, and must before a password is sent to
    another machine.
    """
    schemes = {"smtp": ("may", 25), "smtp+starttls": ("must", 587), "smtps": ("always", 465)}
    parts = _split_url(url)
    if parts is None or parts.scheme not in schemes:
        raise ValueError("must look like smtp://user:password@host:587.")
    tls, usual_port = schemes[parts.scheme]
    if parse_qs(parts.query).get("starttls") == ["1"]:
        tls = "must"
    host = parts.hostname or ""
    if tls == "may" and parts.username and host not in ("localhost", "127.0.0.1", "::1"):
        tls = "must"
    return MailServer(
        host,
        parts.port or usual_port,
        tls,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


def validate_smtp_url(text: str) -> str:
    """The address of the mail server as it is; "" where it is not set."""
    if text:
        parse_smtp_url(text)
    return text


def validate_database_url(text: str) -> str:
    """SQLite or PostgreSQL; a driver is ours to choose, and may be named all the same."""
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        url = None
    fits = url is not None and (
        (url.drivername in ("sqlite", "sqlite+pysqlite") and not url.host)
        or url.drivername in ("postgres", "postgresql", "postgresql+psycopg")
    )
    if not fits:
        raise ValueError(
            "must look like sqlite:////absolute/path or postgresql://user:password@host/database."
        )
    return text


VALIDATORS: dict[str, Callable[[str], object]] = {
    "SIGNUP": validate_signup,
    "TRUSTED_PROXIES": validate_trusted_proxies,
    "BASE_URL": validate_base_url,
    "MAIL_FROM": validate_mail_from,
    "SMTP_URL": validate_smtp_url,
    "DATABASE_URL": validate_database_url,
}


def _split_url(url: str) -> SplitResult | None:
    """The parts of an address with a host and, where one is named, a port that is a number."""
    if any(character.isspace() for character in url):
        return None
    try:
        parts = urlsplit(url)
        usable = parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None
