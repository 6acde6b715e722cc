"""Response headers, and requests that are refused before anything else runs."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request

from roadmap.core.problems import MEDIA_TYPE, is_api, is_below_api, problem_body
from roadmap.core.proxy import is_over_tls
from roadmap.core.session_cookie import SessionCookieInterface

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
# Sent with every response.
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Sent over TLS: browsers use nothing but TLS for a year.
HSTS = ("Strict-Transport-Security", "max-age=31536000")
OVERRIDE_METHODS = frozenset({"PUT", "PATCH", "DELETE"})
MAX_BODY_BYTES = 1_000_000
# How much of a body is searched for `_method` that will be refused for its size: our forms send it
# first, so that the refusal comes from the right view.
METHOD_SEARCH_BYTES = 4_096
_METHOD = re.compile(r"(?:^|&)_method=([A-Z]+)(?:&|$)")
_METHOD_IN_BODY = re.compile(rb"(?:^|&)_method=([A-Z]+)(?:&|$)")

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class MethodOverride:
    """The outermost middleware but for ProxyFix: it checks lengths and applies `_method`.

    A chunked body is refused with 411: servers pass it on without its length, and a body over
    the limit would be cut silently and answered with 200. An invalid length is refused with
    400.

    A plain form reaches a view of another verb by `POST` with a field `_method` in the query or
    the form. The method decides which view is called, so it is read before routing. A form is
    passed on whole; one over the size limit will be refused, and only its beginning is read.
    """

    def __init__(self, app: WsgiApp, *, always_tls: bool = False) -> None:
        self.app = app
        self.always_tls = always_tls

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        for_api = is_below_api(environ.get("PATH_INFO", ""))
        if environ.get("HTTP_TRANSFER_ENCODING"):
            text = "This server needs the length of a body: send Content-Length."
            return self._reject(411, text, environ, start_response)
        length = environ.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit()):
            text = "The length of the body is no number: see Content-Length."
            return self._reject(400, text, environ, start_response)
        # Clients of the API can send every verb.
        if environ["REQUEST_METHOD"] == "POST" and not for_api:
            wanted = self._overriding_method(environ)
            if wanted in OVERRIDE_METHODS:
                environ["REQUEST_METHOD"] = wanted
        return self.app(environ, start_response)

    def _reject(
        self, status: int, text: str, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Refuse the request and close the connection, because its body was not read."""
        body, media_type = f"{text}\n".encode(), "text/plain; charset=utf-8"
        if is_below_api(environ.get("PATH_INFO", "")):
            body, media_type = problem_body(status, text), MEDIA_TYPE
        tls = self.always_tls or environ.get("wsgi.url_scheme") == "https"
        start_response(
            f"{status} {HTTPStatus(status).phrase}",
            [
                ("Content-Type", media_type),
                ("Content-Length", str(len(body))),
                ("Cache-Control", "no-store"),
                ("Connection", "close"),
                ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
                *SECURITY_HEADERS.items(),
                *([HSTS] if tls else []),
            ],
        )
        return [body]

    @staticmethod
    def _overriding_method(environ: dict[str, Any]) -> str:
        found = _METHOD.search(environ.get("QUERY_STRING", ""))
        if found:
            return found.group(1)
        length = environ.get("CONTENT_LENGTH") or "0"
        if (
            not environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
            or int(length) <= 0
        ):
            return ""
        too_large = int(length) > MAX_BODY_BYTES
        body = environ["wsgi.input"].read(METHOD_SEARCH_BYTES if too_large else int(length))
        if not too_large:
            environ["wsgi.input"] = io.BytesIO(body)
        found_in_body = _METHOD_IN_BODY.search(body)
        return found_in_body.group(1).decode() if found_in_body else ""


def init_headers(app: Flask) -> None:
    app.session_interface = SessionCookieInterface()

    @app.after_request
    def add_headers(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        headers.update(SECURITY_HEADERS)
        if is_over_tls():
            headers[HSTS[0]] = HSTS[1]
        if request.endpoint == "static":
            # The URL contains a digest of the file, so the content never changes.
            if "v" in request.args:
                headers["Cache-Control"] = "public, max-age=31536000, immutable"
        else:
            headers.setdefault("Cache-Control", "no-store")
            headers.setdefault("Vary", "Authorization" if is_api() else "Cookie, HX-Request")
        return response

    secure = app.config["SESSION_COOKIE_SECURE"]
    app.wsgi_app = MethodOverride(app.wsgi_app, always_tls=secure)  # type: ignore[method-assign]
