"""Response headers, request limits and early refusals."""

from __future__ import annotations

import hashlib
import io
import logging
import time
from functools import lru_cache
from typing import IO, Any
from urllib.parse import urlsplit

from flask import Flask, Request, Response, current_app, request
from flask.sessions import SecureCookieSessionInterface
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.sansio.utils import get_host

from roadmap.core.file_store import temporary_file
from roadmap.core.problems import is_api, problem_response
from roadmap.core.proxy import is_over_tls
from roadmap.core.text import LOOPBACK, split_url
from roadmap.core.uploads import MAX_UPLOAD_BYTES, is_upload

log = logging.getLogger(__name__)

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; manifest-src 'self'"
)
# Sent with every response.
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Sent over TLS. Browsers then insist on TLS for a year.
HSTS = ("Strict-Transport-Security", "max-age=31536000")
# Load balancers request these by IP address.
HEALTH_CHECKS = frozenset({"/healthz", "/readyz"})
OVERRIDE_METHODS = frozenset({"PUT", "PATCH", "DELETE"})
URLENCODED = "application/x-www-form-urlencoded"


class SessionCookieInterface(SecureCookieSessionInterface):
    """Flask's signed cookie, with `Secure` and the `__Host-` prefix over TLS.

    TLS is detected per request, so that cookies are safe behind a TLS proxy even if no base URL is
    configured.
    """

    digest_method = staticmethod(hashlib.sha256)

    def get_cookie_name(self, app: Flask) -> str:
        # Browsers accept this prefix only with Secure, Path=/ and no Domain.
        prefix = "__Host-" if is_over_tls() else ""
        return prefix + super().get_cookie_name(app)

    def get_cookie_secure(self, app: Flask) -> bool:
        return is_over_tls()


class BoundedFormParser(FormDataParser):
    """Apply MAX_FORM_MEMORY_SIZE and MAX_FORM_PARTS to urlencoded forms before parsing.

    Werkzeug applies them to `multipart/form-data` only. Parsing 240,000 fields takes 0.2 s.
    """

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        if mimetype == URLENCODED:
            body = stream.read()
            size, parts = self.max_form_memory_size or 0, self.max_form_parts or 0
            if len(body) > size or body.count(b"&") >= parts:
                raise RequestEntityTooLarge
            stream = io.BytesIO(body)
        return super().parse(stream, mimetype, content_length, options)


class BoundedRequest(Request):
    """A request with limited forms, which writes uploads to the data folder's disk."""

    form_data_parser_class = BoundedFormParser

    def __init__(self, environ: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(environ, *args, **kwargs)
        self._upload_files: list[IO[bytes]] = []
        if is_upload(environ):
            self.max_content_length = MAX_UPLOAD_BYTES

    def _get_file_stream(self, *_args: Any, **_kwargs: Any) -> IO[bytes]:
        """Return the temporary file for an uploaded file."""
        self._upload_files.append(temporary_file(current_app.config["DATA_DIR"]))
        return self._upload_files[-1]

    def close(self) -> None:
        """Close the uploaded files, including those of a form that failed to parse."""
        super().close()
        for file in self._upload_files:
            file.close()


def refuse_invalid_requests() -> Response | None:
    """Refuse requests for another host and bodies of unknown length.

    A chunked body arrives without a length, and one over the limit would be truncated silently.
    The connection is closed because the body was not read.
    """
    base_url = current_app.config["BASE_URL"]
    length = request.headers.get("Content-Length") or "0"
    status = 400
    if base_url and request.path not in HEALTH_CHECKS and not _is_own_host(base_url):
        text = (
            f"The address of this Cairn is {base_url}, and this request was for another one. "
            f"Open {base_url}; if this is what you did, the proxy does not pass on the host."
        )
        log_other_host(base_url, int(time.monotonic() // 60))
    elif request.headers.get("Transfer-Encoding"):
        status, text = 411, "This server needs the length of a body: send Content-Length."
    elif not (length.isascii() and length.isdigit()):
        text = "The length of the body is no number: see Content-Length."
    else:
        return None
    if is_api():
        response = problem_response(status, text)
    else:
        response = Response(f"{text}\n", status, mimetype="text/plain")
    response.headers["Connection"] = "close"
    return response


@lru_cache(maxsize=1)
def log_other_host(base_url: str, _minute: int) -> None:
    """Log the host of this request, once a minute, because anybody can send any host."""
    host = request.headers.get("Host")
    log.warning("a request was for %r, not %s; check ROADMAP_BASE_URL and proxy", host, base_url)


def _is_own_host(base_url: str) -> bool:
    """Return whether the Host is Cairn's, or loopback as sent by a proxy that drops the host."""
    parts = split_url(f"//{get_host('', request.headers.get('Host'))}")
    host = parts.hostname if parts else None
    return host is not None and host.rstrip(".") in LOOPBACK | {urlsplit(base_url).hostname}


def override_method() -> None:
    """Let HTML forms use PUT, PATCH and DELETE by `POST` with a `_method` field.

    The field can be in the query or the form. The last value wins, because a button's value follows
    the form's own. API clients can send every method.
    """
    if request.method != "POST" or is_api():
        return
    adapter = current_app.create_url_adapter(request)
    # Leave other forms unparsed, because their view may accept a larger size.
    if adapter is None or OVERRIDE_METHODS.isdisjoint(adapter.allowed_methods()):
        return
    fields = request.args if "_method" in request.args else request.form
    wanted = (fields.getlist("_method") or [""])[-1]
    if wanted not in OVERRIDE_METHODS:
        return
    request.method = request.environ["REQUEST_METHOD"] = wanted
    request.url_rule = request.view_args = request.routing_exception = None
    try:
        rule, values = adapter.match(method=wanted, return_rule=True)
        request.url_rule, request.view_args = rule, dict(values)
    except HTTPException as error:
        request.routing_exception = error


def init_headers(app: Flask) -> None:
    app.session_interface = SessionCookieInterface()
    app.request_class = BoundedRequest

    app.before_request(refuse_invalid_requests)
    app.before_request(override_method)

    @app.after_request
    def add_headers(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        headers.update(SECURITY_HEADERS)
        if is_over_tls():
            headers[HSTS[0]] = HSTS[1]
        if request.endpoint == "static":
            # The URL contains a digest of the file, so its content never changes.
            if "v" in request.args:
                headers["Cache-Control"] = "public, max-age=31536000, immutable"
        else:
            headers.setdefault("Cache-Control", "no-store")
            headers.setdefault("Vary", "Authorization" if is_api() else "Cookie, HX-Request")
        return response
