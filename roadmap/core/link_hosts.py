"""Detect links whose visible text hides their real host."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

from roadmap.core.text import ascii_domain

# Longest name that DNS can resolve.
MAX_HOST_LENGTH = 253
# Characters that change the direction of the surrounding text.
_BIDI_CONTROLS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_BARE_URL = re.compile(r"(?:https?://|www\.)[^\s/?#]+", re.IGNORECASE)


def deceptive_host(url: str, text: str | None = None) -> str:
    """Return the ASCII host of a deceptive link, or "" if the text shows the host plainly.

    A link is deceptive with a user name before an `@`, a host in mixed scripts (`раypal` with a
    Cyrillic `ра`), bidirectional control characters, or a text that is the address of another host.
    Without `text`, the URL itself is the visible text.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removesuffix(".")
    except ValueError:
        return ""
    if len(host) > MAX_HOST_LENGTH:
        return ""
    name = ascii_domain(host)
    shown = url if text is None else text
    if "@" in parts.netloc or _BIDI_CONTROLS.search(shown):
        return name
    if name not in shown and len(_scripts(_unicode_domain(host))) > 1:
        return name
    address = _BARE_URL.match(shown.strip()) if text is not None else None
    return name if address and not _is_address_of(address[0], host) else ""


def _is_address_of(address: str, host: str) -> bool:
    """Return whether a displayed address belongs to this host."""
    try:
        read = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    except ValueError:
        return False
    names = {ascii_domain(name.removesuffix(".")).removeprefix("www.") for name in (read, host)}
    return len(names) == 1


def _unicode_domain(host: str) -> str:
    """Return a domain with its A-labels (`xn--…`) decoded."""
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host


def _scripts(host: str) -> set[str]:
    """Return the letters' scripts: the first word of their Unicode names, such as LATIN."""
    if host.isascii():
        return set()
    return {unicodedata.name(c, "?").partition(" ")[0] for c in host if c.isalpha()}
