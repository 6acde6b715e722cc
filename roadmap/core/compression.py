"""Gzip compression of responses, so that Cairn is fast without a proxy.

The BREACH attack guesses a secret from the lengths of compressed responses that contain text
chosen by the attacker. Responses that can contain such text (query strings, unsafe methods) are
therefore compressed only for same-origin requests, and errors never. The CSRF token changes every
second.
"""

from __future__ import annotations

import gzip

from flask import Flask, Response, request

LEVEL = 6
# Shorter responses fit into one packet anyway.
MIN_BYTES = 1_000
COMPRESSIBLE_TYPES = frozenset(
    {
        *("text/html", "text/css", "text/plain", "text/markdown", "text/csv", "text/javascript"),
        *("application/javascript", "application/json", "application/problem+json"),
        *("application/manifest+json", "image/svg+xml"),
    }
)


def compress(response: Response) -> Response:
    """Compress the response if the client accepts gzip and it is safe and worthwhile."""
    if response.mimetype not in COMPRESSIBLE_TYPES or "Content-Encoding" in response.headers:
        return response
    if response.direct_passthrough and request.endpoint != "static":
        return response  # streamed from disk
    # Set as text: every response passes here, and `response.vary` would parse the header.
    vary = response.headers.get("Vary")
    response.headers["Vary"] = f"{vary}, Accept-Encoding" if vary else "Accept-Encoding"
    is_accepted = response.status_code == 200 and request.accept_encodings["gzip"] > 0
    if not is_accepted or not is_safe_to_compress():
        return response
    if response.direct_passthrough:
        response.direct_passthrough = False
        response.make_sequence()  # reads the static file and closes it
    if response.is_streamed or len(body := response.get_data()) < MIN_BYTES:
        return response
    response.set_data(gzip.compress(body, LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)
    tag, _weak = response.get_etag()
    if tag is not None:
        # A strong ETag would claim that the encodings are byte-for-byte identical.
        response.set_etag(tag, weak=True)
    return response


def is_safe_to_compress() -> bool:
    """Return whether the response cannot contain text chosen by another site."""
    if request.endpoint == "static" or request.headers.get("Sec-Fetch-Site") == "same-origin":
        return True
    return request.method in ("GET", "HEAD") and not request.query_string


def init_compression(app: Flask) -> None:
    """Register compression. Call this first, so that it runs after all other `after_request`s."""
    app.after_request(compress)
