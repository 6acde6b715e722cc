"""Response headers, and requests that are refused before anything else runs."""

from __future__ import annotations

import hashlib
import io
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
# Load balancers ask for these by the machine's address.
HEALTH_CHECKS = frozenset({"/healthz", "/readyz"})
OVERRIDE_METHODS = frozenset({"PUT", "PATCH", "DELETE"})
URLENCODED = "application/x-www-form-urlencoded"


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
            size, parts = self.max_form_memory_size or 0, self.max_form_parts or 0
            if len(body) > size or body.count(b"&") >= parts:
                raise RequestEntityTooLarge
            stream = io.BytesIO(body)
        return super().parse(stream, mimetype, content_length, options)


class BoundedRequest(Request):
    """A request whose forms are bounded, and whose files lie on the disk of the data folder."""

    form_data_parser_class = BoundedFormParser

    def __init__(self, environ: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(environ, *args, **kwargs)
        self._arriving: list[IO[bytes]] = []
        if is_upload(environ):
            self.max_content_length = MAX_UPLOAD_BYTES

    def _get_file_stream(self, *_facts: Any, **_more: Any) -> IO[bytes]:
        """Return where a file of a form is written to."""
        self._arriving.append(temporary_file(current_app.config["DATA_DIR"]))
        return self._arriving[-1]

    def close(self) -> None:
        """Close the files of the form, also of one that could not be read to its end."""
        super().close()
        for file in self._arriving:
            file.close()


def refuse_unreadable() -> Response | None:
    """Refuse what is for another host, and a body whose length is not known.

    Servers pass a chunked body on without its length, and one over the limit would be cut silently.
    The connection is closed, because the body was not read.
    """
    base_url = current_app.config["BASE_URL"]
    length = request.headers.get("Content-Length") or "0"
    status = 400
    if base_url and request.path not in HEALTH_CHECKS and not _is_own_host(base_url):
        text = (
            f"The address of this Cairn is {base_url}, and this request was for another one. "
            f"Open {base_url}; if this is what you did, the proxy does not pass on the host."
        )
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


def _is_own_host(base_url: str) -> bool:
    """Return whether the address is Cairn's, or what a proxy asks for that passes on no host."""
    parts = split_url(f"//{get_host('', request.headers.get('Host'))}")
    host = parts.hostname if parts else None
    return host is not None and host.rstrip(".") in LOOPBACK | {urlsplit(base_url).hostname}


def override_method() -> None:
    """Let a plain form reach a view of another verb, by `POST` with a field `_method`.

    It is in the query or the form, where the last one counts: a button's stands behind the form's
    own. Clients of the API can send every verb.
    """
    if request.method != "POST" or is_api():
        return
    adapter = current_app.create_url_adapter(request)
    # Any other form is left to its view, which may take a larger one.
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

    app.before_request(refuse_unreadable)
    app.before_request(override_method)

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
