"""Response headers, and requests that are refused before anything else runs."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from flask import Flask, Request, Response, current_app, request
from flask.sessions import SecureCookieSessionInterface
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser, parse_form_data
from werkzeug.sansio.utils import get_host
from werkzeug.wsgi import get_input_stream

from roadmap.core.file_store import temporary_file
from roadmap.core.problems import MEDIA_TYPE, is_api, is_below_api, problem_body
from roadmap.core.proxy import is_over_tls
from roadmap.core.uploads import MAX_BODY_BYTES, MAX_PARTS, MAX_UPLOAD_BYTES, is_upload

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
# Sent over TLS: browsers use nothing but TLS for a year.
HSTS = ("Strict-Transport-Security", "max-age=31536000")
# What the machine calls itself, and a proxy that does not pass the host on asks for.
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# Load balancers ask for these by the machine's address.
HEALTH_CHECKS = frozenset({"/healthz", "/readyz"})
OVERRIDE_METHODS = frozenset({"PUT", "PATCH", "DELETE"})
URLENCODED = "application/x-www-form-urlencoded"
# In the environment: the form is too large to be read.
TOO_LARGE = "roadmap.too_large"
_METHOD = re.compile(rb"(?:^|&)_method=([A-Z]+)(?=&|$)")

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class SessionCookieInterface(SecureCookieSessionInterface):
    """Flask's signed cookie, over TLS `Secure` and with a name that binds it to one host.

    It is decided per request: behind a TLS proxy it must be safe without a configured address.
    """

    digest_method = staticmethod(hashlib.sha256)

    def get_cookie_name(self, app: Flask) -> str:
        # Browsers accept this prefix only with Secure, Path=/ and no Domain.
        prefix = "__Host-" if is_over_tls() else ""
        return prefix + super().get_cookie_name(app)

    def get_cookie_secure(self, app: Flask) -> bool:
        return is_over_tls()


class MethodOverride:
    """The outermost middleware but for ProxyFix: it checks host and length, applies `_method`.

    A chunked body is refused: servers pass it on without its length, and one over the limit would
    be cut silently and answered with 200. A plain form reaches a view of another verb by `POST`
    with a field `_method` in the query or the form, where the last one counts: a button's stands
    behind the form's own. The method decides which view is called, so it is read before routing.
    """

    def __init__(self, app: WsgiApp, *, base_url: str = "") -> None:
        self.app = app
        self.base_url = base_url
        self.hosts = LOOPBACK | {urlsplit(base_url).hostname} if base_url else None

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        if refusal := self._find_fault(environ):
            return self._reject(*refusal, environ, start_response)
        # Clients of the API can send every verb.
        if environ["REQUEST_METHOD"] == "POST" and not is_below_api(environ["PATH_INFO"]):
            try:
                wanted = self._overriding_method(environ)
            except RequestEntityTooLarge:
                # Which view it is for is in what was not read: it is refused before any of them.
                environ[TOO_LARGE] = True
                wanted = ""
            if wanted in OVERRIDE_METHODS:
                environ["REQUEST_METHOD"] = wanted
        return self.app(environ, start_response)

    def _find_fault(self, environ: dict[str, Any]) -> tuple[int, str] | None:
        """Return the status and the text of a refusal, None where there is no reason for one."""
        if self.hosts and not self._is_own_host(environ):
            return 400, (
                f"The address of this Cairn is {self.base_url}, and this request was for another "
                f"one. Open {self.base_url}; if this is what you did, the proxy does not pass on "
                "the host."
            )
        if environ.get("HTTP_TRANSFER_ENCODING"):
            return 411, "This server needs the length of a body: send Content-Length."
        length = environ.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit()):
            return 400, "The length of the body is no number: see Content-Length."
        return None

    def _is_own_host(self, environ: dict[str, Any]) -> bool:
        if environ.get("PATH_INFO") in HEALTH_CHECKS:
            return True
        try:
            name = urlsplit(f"//{get_host('', environ.get('HTTP_HOST'))}").hostname or ""
        except ValueError:
            return False
        return self.hosts is not None and name.rstrip(".") in self.hosts

    def _reject(
        self, status: int, text: str, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Refuse the request and close the connection, because its body was not read."""
        body, media_type = f"{text}\n".encode(), "text/plain; charset=utf-8"
        if is_below_api(environ["PATH_INFO"]):
            body, media_type = problem_body(status, text), MEDIA_TYPE
        tls = self.base_url.startswith("https:") or environ.get("wsgi.url_scheme") == "https"
        headers = [
            *(("Content-Type", media_type), ("Content-Length", str(len(body)))),
            *(("Cache-Control", "no-store"), ("Connection", "close")),
            ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
            *SECURITY_HEADERS.items(),
            *([HSTS] if tls else []),
        ]
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [body]

    @staticmethod
    def _overriding_method(environ: dict[str, Any]) -> str:
        query = environ.get("QUERY_STRING", "").encode(errors="replace")
        if found := _METHOD.search(query):
            return found.group(1).decode()
        has_files, length = is_upload(environ), int(environ.get("CONTENT_LENGTH") or 0)
        if length > (MAX_UPLOAD_BYTES if has_files else MAX_BODY_BYTES):
            raise RequestEntityTooLarge
        if has_files:
            return _method_of_form_with_files(environ)
        content_type = environ.get("CONTENT_TYPE", "")
        if not content_type.startswith(URLENCODED):
            return ""
        body = environ["wsgi.input"].read(length)
        environ["wsgi.input"] = io.BytesIO(body)
        methods = _METHOD.findall(body)
        return str(methods[-1].decode()) if methods else ""


def _method_of_form_with_files(environ: dict[str, Any]) -> str:
    """Return the last `_method` of a form with files; the body can be read again afterwards."""
    body = environ["wsgi.input"]
    if not (hasattr(body, "seekable") and body.seekable()):
        # Of another server than ours, which has not read it yet.
        body = tempfile.SpooledTemporaryFile(MAX_BODY_BYTES)  # noqa: SIM115 - the request reads it
        shutil.copyfileobj(get_input_stream(environ), body)
        body.seek(0)
        environ["wsgi.input"] = body
    # Of the files nothing is kept: only the method is read.
    with Path(os.devnull).open("w+b") as nowhere:
        _stream, form, _files = parse_form_data(
            environ,
            stream_factory=lambda *_file, **_more: nowhere,
            max_form_memory_size=MAX_BODY_BYTES,
            max_form_parts=MAX_PARTS,
        )
    body.seek(0)
    return (form.getlist("_method") or [""])[-1]


class BoundedFormParser(FormDataParser):
    """Holds a plain form to MAX_FORM_MEMORY_SIZE and MAX_FORM_PARTS before anything is parsed.

    Werkzeug asks that of `multipart/form-data` alone: 240,000 fields would take it 0.2 s.
    """

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        """Parse a form. Raises RequestEntityTooLarge."""
        if mimetype == URLENCODED:
            body = stream.read()
            size, parts = self.max_form_memory_size, self.max_form_parts
            if size is not None and len(body) > size:
                raise RequestEntityTooLarge
            if parts is not None and body.count(b"&") >= parts:
                raise RequestEntityTooLarge
            stream = io.BytesIO(body)
        return super().parse(stream, mimetype, content_length, options)


class BoundedRequest(Request):
    """A request whose forms are bounded, and whose files lie on the disk of the data folder."""

    form_data_parser_class = BoundedFormParser

    @property
    def max_content_length(self) -> int | None:
        """Return how large the body may be."""
        return MAX_UPLOAD_BYTES if is_upload(self.environ) else super().max_content_length

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        self._max_content_length = value

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        """Return where a file of a form is written to."""
        file = temporary_file(current_app.config["DATA_DIR"])
        self._arriving = [*getattr(self, "_arriving", ()), file]
        return file

    def close(self) -> None:
        """Close the files of the form, also of one that could not be read to its end."""
        super().close()
        for file in getattr(self, "_arriving", ()):
            file.close()


def init_headers(app: Flask) -> None:
    app.session_interface = SessionCookieInterface()
    app.request_class = BoundedRequest

    @app.before_request
    def refuse_too_large() -> None:
        if request.environ.get(TOO_LARGE):
            raise RequestEntityTooLarge

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

    base_url = app.config["BASE_URL"]
    app.wsgi_app = MethodOverride(app.wsgi_app, base_url=base_url)  # type: ignore[method-assign]
