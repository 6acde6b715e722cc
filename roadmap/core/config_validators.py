"""Validators of settings: text in, value out, or ValueError.

Its message is the rest of a sentence that begins with the setting's name. It does not repeat the
value, which may hold a password.
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
    """The mail server that `ROADMAP_SMTP_URL` names."""

    host: str
    port: int
    tls: str  # "always" from the first byte, "must" or "may" upgrade by STARTTLS
    user: str = ""
    password: str = ""


def validate_signup(text: str) -> str:
    """Return who may create an account."""
    if text not in ("open", "invite"):
        raise ValueError("must be 'open' or 'invite'.")
    return text


def validate_trusted_proxies(text: str) -> int:
    """Return the number of proxies in front of the server, 0 or more."""
    if not (text.isascii() and text.isdecimal()):
        raise ValueError("must be a whole number, 0 or more.")
    return int(text)


def validate_base_url(text: str) -> str:
    """Return the public address of Cairn without a trailing slash, or ""."""
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
    """Return the one sender, with or without a name, or ""."""
    if not text:
        return ""
    message = EmailMessage()
    try:
        message["From"] = text
        header: Any = message["From"]
        addresses = header.addresses
    except (ValueError, IndexError):  # the parser raises IndexError for an empty address
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
    """Parse `smtp://`, `smtp+starttls://` or `smtps://user:password@host:port`.

    Plain `smtp://` upgrades to TLS where the server offers it, and always before a password is
    sent to another machine.
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
    """Return the URL of the mail server unchanged, or ""."""
    if text:
        parse_smtp_url(text)
    return text


def validate_database_url(text: str) -> str:
    """Return a URL of SQLite or PostgreSQL unchanged; naming our driver is allowed."""
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
    """Split a URL that has a host and, if any, a numeric port; None for other texts."""
    if any(character.isspace() for character in url):
        return None
    try:
        parts = urlsplit(url)
        usable = parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None
