"""Run the WSGI application behind an event loop, so that slow clients occupy no threads.

A WSGI server assigns a thread to a request before its body has arrived, so a few idle connections
can block all threads. Here the event loop reads the body first, with a deadline, and sends the
response. A thread never waits for a client.

Uploads and file responses are streamed to and from disk and are never in memory as a whole. An
upload is only read if the sender may upload files.
"""

from __future__ import annotations

import asyncio
import io
import logging
import os
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from roadmap.core.file_store import temporary_file
from roadmap.core.uploads import (
    MAX_UPLOAD_BYTES,
    SENDER_KEY,
    UNREAD_KEY,
    is_upload,
    probe_path,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

# Threads per worker, fewer than the 15 connections of its database pool.
THREADS = min(8, 2 * (os.cpu_count() or 1) + 1)
# Time limit for a body, enough for a megabyte over a slow mobile connection.
BODY_TIMEOUT_SECONDS = 30
# Uploads get additional time according to this speed: nine minutes for 25 MB.
UPLOAD_BYTES_PER_SECOND = 50_000
# Concurrent uploads per worker and per user, which limits the disk space that they use.
MAX_UPLOADS = 16
UPLOADS_PER_USER = 8
CHUNK_BYTES = 64 * 1024

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

TEXT = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]
# Sent if the body was not read.
CLOSE = (b"connection", b"close")


class ClientDisconnected(Exception):
    """The client closed the connection before its request was complete."""


class FileBody:
    """A file response, created by the application as `wsgi.file_wrapper`."""

    def __init__(self, file: IO[bytes], _block_size: int = 0) -> None:
        self._file = file

    def read(self) -> bytes:
        """Return the next chunk, empty at the end."""
        return self._file.read(CHUNK_BYTES)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.read, b"")

    def close(self) -> None:
        self._file.close()


Response = tuple[int, Headers, bytes | FileBody]


class Gateway:
    """An ASGI application that runs a WSGI application in THREADS threads.

    A body of unknown length or above the limit (`max_body` bytes, or MAX_UPLOAD_BYTES for uploads)
    is not read, and the application refuses it by its headers. Uploads are buffered in `data_dir`.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        max_body: int,
        data_dir: Path,
        body_timeout: float = BODY_TIMEOUT_SECONDS,
    ) -> None:
        self._app = app
        self._data_dir = data_dir
        self._uploads: Counter[Any] = Counter()
        self._body_timeout = body_timeout
        self._max_body = max_body
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="request")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Handle one request."""
        try:
            status, headers, body = await self._respond(scope, receive)
        except ClientDisconnected:
            return
        start = {"type": "http.response.start", "status": status, "headers": headers}
        if isinstance(body, bytes):
            await send(start)
            await send({"type": "http.response.body", "body": body})
            return
        loop = asyncio.get_running_loop()
        try:
            await send(start)
            while chunk := await loop.run_in_executor(self._executor, body.read):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            body.close()

    async def _respond(self, scope: Message, receive: Receive) -> Response:
        if scope["path"] == "/healthz" and scope["method"] == "GET":
            # Answer without a thread, because all threads may be waiting for the database.
            return 200, TEXT, b"ok\n"
        environ = make_environ(scope)
        text = environ.get("CONTENT_LENGTH", "")
        length = int(text) if text.isdecimal() and len(text) < 16 else MAX_UPLOAD_BYTES + 1
        if length <= self._max_body:
            try:
                async with asyncio.timeout(self._body_timeout):
                    body = io.BytesIO()
                    await read_body(receive, body)
            except TimeoutError:
                return await self._refuse_unread(environ, 408)
            environ["wsgi.input"] = body
        elif length <= MAX_UPLOAD_BYTES and is_upload(environ):
            return await self._respond_to_upload(environ, receive, length)
        return await self._run_in_thread(environ)

    async def _respond_to_upload(
        self, environ: WSGIEnvironment, receive: Receive, length: int
    ) -> Response:
        """Handle a request that uploads files."""
        probe: WSGIEnvironment = {**environ, "REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO()}
        probe |= {"PATH_INFO": probe_path(environ), "QUERY_STRING": "", "CONTENT_LENGTH": "0"}
        # A list, because a middleware copies the environment.
        sender: list[Any] = []
        probe[SENDER_KEY] = sender
        del probe["CONTENT_TYPE"]
        status, headers, body = await self._run_in_thread(probe)
        if status >= 400:
            return status, [*headers, CLOSE], body
        if status != 200:
            return await self._refuse_unread(environ, 401)
        taken = Counter(sender[-1:])
        if self._uploads.total() >= MAX_UPLOADS or any(
            self._uploads[each] >= UPLOADS_PER_USER for each in taken
        ):
            return await self._refuse_unread(environ, 503)
        self._uploads += taken
        try:
            with temporary_file(self._data_dir) as file:
                async with asyncio.timeout(self._body_timeout + length / UPLOAD_BYTES_PER_SECOND):
                    await read_body(receive, file)
                return await self._run_in_thread({**environ, "wsgi.input": file})
        except TimeoutError:
            return await self._refuse_unread(environ, 408)
        except OSError as error:
            log.error("an upload could not be written: %s", error)
            return await self._refuse_unread(environ, 507)
        finally:
            self._uploads -= taken

    async def _refuse_unread(self, environ: WSGIEnvironment, status: int) -> Response:
        """Return the application's error for a request whose body was not read."""
        status, headers, body = await self._run_in_thread(
            {**environ, "CONTENT_LENGTH": "0", UNREAD_KEY: status}
        )
        return status, [*headers, CLOSE], body

    async def _run_in_thread(self, environ: WSGIEnvironment) -> Response:
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._run, environ)

    def _run(self, environ: WSGIEnvironment) -> Response:
        environ["wsgi.file_wrapper"] = FileBody
        status, headers = "", []

        def start_response(line: str, pairs: list[tuple[str, str]], _info: Any = None) -> Any:
            nonlocal status, headers
            status, headers = line, pairs

        parts = self._app(environ, start_response)
        body: bytes | FileBody
        if isinstance(parts, FileBody):
            body = parts
        else:
            try:
                body = b"".join(parts)
            finally:
                if hasattr(parts, "close"):
                    parts.close()
        encoded = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ]
        return int(status[:3]), encoded, body


async def read_body(receive: Receive, file: IO[bytes]) -> None:
    """Write the whole request body to a file and rewind it. Raises ClientDisconnected."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        file.write(message.get("body", b""))
        more = message.get("more_body", False)
    file.seek(0)


def make_environ(scope: Message) -> WSGIEnvironment:
    """Return the WSGI environment (PEP 3333) for an ASGI request, with an empty body."""
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": scope["server"][0],
        "SERVER_PORT": str(scope["server"][1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        if b"_" in name:
            continue  # `X_Forwarded_For` could spoof the proxy's `X-Forwarded-For`.
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        text = value.decode("latin-1")
        if key in environ:
            text = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}"
        environ[key] = text
    return environ
