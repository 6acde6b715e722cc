"""The host that a link leads to, where what people read of the link hides it."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

from roadmap.core.text import ascii_domain

# No longer name can be looked up.
MAX_HOST_LENGTH = 253
# What turns the direction of the text beside it.
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_WRITTEN = re.compile(r"(?:https?://|www\.)[^\s/?#]+", re.IGNORECASE)


def hidden_host(url: str, text: str | None = None) -> str:
    """Return the host of a link as DNS knows it, "" where the text shows it plainly.

    It does not where a name stands before an `@`, where letters of several scripts may look like
    others (`раypal` with a Cyrillic `ра`), where characters turn the direction of the text, and
    where it is the address of another host. Without `text` it is the URL itself.
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
    if "@" in parts.netloc or _BIDI.search(shown):
        return name
    if name not in shown and len(_scripts(_unicode_domain(host))) > 1:
        return name
    written = _WRITTEN.match(shown.strip()) if text is not None else None
    return name if written and not _names(written[0], host) else ""


def _names(address: str, host: str) -> bool:
    """Return whether an address that somebody reads is one of this host."""
    try:
        read = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    except ValueError:
        return False
    names = {ascii_domain(name.removesuffix(".")).removeprefix("www.") for name in (read, host)}
    return len(names) == 1


def _unicode_domain(host: str) -> str:
    """Return a domain with its A-labels (`xn--…`) as people read them."""
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host


def _scripts(host: str) -> set[str]:
    """Return the scripts of the letters: the first words of their names, such as LATIN."""
    if host.isascii():
        return set()
    return {unicodedata.name(c, "?").partition(" ")[0] for c in host if c.isalpha()}
