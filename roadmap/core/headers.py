"""Response headers, and what is refused before anything else runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from flask import Flask, Response, request

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "manifest-src 'self'",
    )
)
OVERRIDES = frozenset({"PUT", "PATCH", "DELETE"})

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Gate:
    """The outermost middleware.

    - A chunked body is refused with 411: the servers hand it on without its length, and a body
      over the limit would be cut silently and answered 200.
    - A plain form reaches a view of another verb by `POST …?_method=PUT`. It stands in the query
      so that the method is known before the body is read.
    """

    def __init__(self, app: WsgiApp) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("HTTP_TRANSFER_ENCODING"):
            body = b"This server needs the length of a body: send Content-Length.\n"
            start_response(
                "411 Length Required",
                [
                    ("Content-Type", "text/plain; charset=utf-8"),
                    ("Content-Length", str(len(body))),
                    ("Connection", "close"),
                ],
            )
            return [body]
        if environ["REQUEST_METHOD"] == "POST" and "_method=" in environ.get("QUERY_STRING", ""):
            wanted = parse_qs(environ["QUERY_STRING"]).get("_method", [""])[0].upper()
            if wanted in OVERRIDES:
                environ["REQUEST_METHOD"] = wanted
        return self.app(environ, start_response)


def init_headers(app: Flask) -> None:
    secure = app.config["SESSION_COOKIE_SECURE"]

    @app.after_request
    def add_headers(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if request.endpoint == "static":
            # Addresses of static files carry a digest of the file, so they never change.
            if "v" in request.args:
                headers["Cache-Control"] = "public, max-age=31536000, immutable"
        else:
            headers.setdefault("Cache-Control", "no-store")
            headers.setdefault("Vary", "Cookie, HX-Request")
        return response

    app.wsgi_app = Gate(app.wsgi_app)  # type: ignore[method-assign]
