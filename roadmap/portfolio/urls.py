"""Normalize user-supplied URLs so that they are safe to link to."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from roadmap.core.text import clean_line

MAX_URL_LENGTH = 2_000
_HOST = re.compile(r"[a-z0-9]([a-z0-9_.-]*[a-z0-9])?\.?", re.IGNORECASE)
_PATH_SAFE = "/:@!$&'()*+,;=~-._%"


def safe_url(url: str) -> str:
    """Return the URL as a valid http or https URI (RFC 3986), or an empty string.

    Characters outside ASCII are percent-encoded; a URL without a valid host is refused.
    """
    url = clean_line(url)
    if not 0 < len(url) <= MAX_URL_LENGTH:
        return ""
    try:
        parts = urlsplit(url)
        host, port = _ascii_host(parts.hostname or ""), parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        return ""
    return urlunsplit(
        SplitResult(
            parts.scheme,
            host if port is None else f"{host}:{port}",
            _percent_encode(parts.path, _PATH_SAFE),
            _percent_encode(parts.query, f"{_PATH_SAFE}?"),
            _percent_encode(parts.fragment, f"{_PATH_SAFE}?"),
        )
    )


def _ascii_host(name: str) -> str:
    if ":" in name:
        return f"[{ipaddress.IPv6Address(name)}]"
    plain = name if name.isascii() else name.encode("idna").decode("ascii")
    return plain if _HOST.fullmatch(plain) else ""


def _percent_encode(text: str, safe: str) -> str:
    # Encode percent signs that are not part of an escape sequence.
    return quote(re.sub("%(?![0-9A-Fa-f]{2})", "%25", text), safe=safe)
