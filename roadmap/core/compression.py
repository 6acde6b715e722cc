"""Gzip compression of responses, so that Cairn is fast without a proxy.

The BREACH attack learns a secret from the lengths of many compressed responses that also hold text
of the attacker. Responses that can contain chosen text (a query, an unsafe method, an error) are
therefore compressed only when the browser says that our own page made the request. The CSRF token
is signed again each second.
"""

from __future__ import annotations

import gzip

from flask import Flask, Response, request

LEVEL = 6
# A shorter response fits into one packet anyway.
MIN_BYTES = 1_000
COMPRESSIBLE_TYPES = frozenset(
    {
        *("text/html", "text/css", "text/plain", "text/markdown", "text/csv", "text/javascript"),
        *("application/javascript", "application/json", "application/problem+json"),
        *("application/manifest+json", "image/svg+xml"),
    }
)


def compress(response: Response) -> Response:
    """Compress the response where the client accepts it and it is safe and worthwhile."""
    if response.mimetype not in COMPRESSIBLE_TYPES or "Content-Encoding" in response.headers:
        return response
    if response.direct_passthrough and request.endpoint != "static":
        return response  # a file that is read while it is sent
    response.vary.add("Accept-Encoding")
    is_accepted = response.status_code == 200 and request.accept_encodings["gzip"] > 0
    if not is_accepted or not is_safe_to_compress():
        return response
    if response.direct_passthrough:
        response.direct_passthrough = False
        response.make_sequence()  # reads a static file and closes it
    if response.is_streamed or len(body := response.get_data()) < MIN_BYTES:
        return response
    response.set_data(gzip.compress(body, LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)
    tag, _weak = response.get_etag()
    if tag is not None:
        # Two encodings of the same content are not equal byte for byte.
        response.set_etag(tag, weak=True)
    return response


def is_safe_to_compress() -> bool:
    """Return whether nobody else can have chosen a part of the response."""
    if request.endpoint == "static" or request.headers.get("Sec-Fetch-Site") == "same-origin":
        return True
    return request.method in ("GET", "HEAD") and not request.query_string


def init_compression(app: Flask) -> None:
    """Compress responses. Call it first, so that it runs after every other `after_request`."""
    app.after_request(compress)
