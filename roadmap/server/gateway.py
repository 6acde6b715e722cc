"""Run the WSGI application behind an event loop, so that slow clients take no thread.

A WSGI server gives a request its thread before the body has arrived, so as many silent connections
as there are threads stop every answer. Here the event loop reads the body first, with a deadline,
and sends the answer; a thread never waits for a client.

A body with files goes to the disk, and an answer that is a file comes from there: neither lies in
memory as a whole. Such a body is only read from somebody who may send files.
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
from roadmap.core.uploads import MAX_UPLOAD_BYTES, SENDER, is_upload, probe_path

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

# Threads of a worker: fewer than the 15 connections of its pool.
THREADS = min(8, 2 * (os.cpu_count() or 1) + 1)
# How long a body may take: a megabyte over a slow mobile connection.
BODY_SECONDS = 30
# One with files may take as long as it takes at this speed besides: 25 MB have nine minutes.
UPLOAD_BYTES_PER_SECOND = 50_000
# Bodies with files that a worker reads at the same time, and those of one person; they take room on
# the disk.
UPLOADS_AT_ONCE = 16
UPLOADS_OF_ONE = 8
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


def _refusal(status: int, text: str, *more: tuple[bytes, bytes]) -> tuple[int, Headers, bytes]:
    """Return the answer to a request whose body was not read, which ends the connection."""
    return status, [*TEXT, (b"connection", b"close"), *more], f"{text}\n".encode()


LATE = _refusal(408, "The rest of the request did not arrive in time.")
NOT_ALLOWED = _refusal(401, "Sign in first, then send the file again.")
BUSY = _refusal(
    503, "Many files arrive just now. Send yours again in a minute.", (b"retry-after", b"30")
)
NO_ROOM = _refusal(507, "The server has no room for this file. Nothing was saved.")


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


class FileBody:
    """An answer that is a file: the application makes it, as `wsgi.file_wrapper`."""

    def __init__(self, file: IO[bytes], _block_size: int = 0) -> None:
        self._file = file

    def read(self) -> bytes:
        """Return the next part, nothing at the end."""
        return self._file.read(CHUNK_BYTES)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.read, b"")

    def close(self) -> None:
        self._file.close()


Answer = tuple[int, Headers, bytes | FileBody]


class Gateway:
    """An ASGI application that answers with a WSGI application, in THREADS threads.

    A body of more than `max_body` bytes, or more than files may have, or of unknown length is not
    read: the application refuses it by its headers. Files arrive in a folder of `data_dir`.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        max_body: int,
        data_dir: Path,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self._app = app
        self._data_dir = data_dir
        self._uploads: Counter[Any] = Counter()
        self._body_seconds = body_seconds
        self._max_body = max_body
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="request")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            status, headers, body = await self._answer(scope, receive)
        except ClientGone:
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

    async def _answer(self, scope: Message, receive: Receive) -> Answer:
        if scope["path"] == "/healthz" and scope["method"] == "GET":
            # It must not wait for a thread: all of them may be waiting for the database.
            return 200, TEXT, b"ok\n"
        environ = make_environ(scope)
        text = environ.get("CONTENT_LENGTH", "")
        length = int(text) if text.isdecimal() and len(text) < 16 else MAX_UPLOAD_BYTES + 1
        if length <= self._max_body:
            try:
                async with asyncio.timeout(self._body_seconds):
                    body = io.BytesIO()
                    await read_body(receive, body)
            except TimeoutError:
                return LATE
            environ["wsgi.input"] = body
        elif length <= MAX_UPLOAD_BYTES and is_upload(environ):
            return await self._answer_upload(environ, receive, length)
        return await self._run_in_thread(environ)

    async def _answer_upload(
        self, environ: WSGIEnvironment, receive: Receive, length: int
    ) -> Answer:
        """Answer a request whose body has files."""
        probe: WSGIEnvironment = {**environ, "REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO()}
        probe |= {"PATH_INFO": probe_path(environ), "QUERY_STRING": "", "CONTENT_LENGTH": "0"}
        # A list, since a middleware copies the environment.
        sender: list[Any] = []
        probe[SENDER] = sender
        del probe["CONTENT_TYPE"]
        status, *_rest = await self._run_in_thread(probe)
        if status != 200:
            return NOT_ALLOWED
        taken = Counter(sender[-1:])
        if self._uploads.total() >= UPLOADS_AT_ONCE or any(
            self._uploads[each] >= UPLOADS_OF_ONE for each in taken
        ):
            return BUSY
        self._uploads += taken
        try:
            with temporary_file(self._data_dir) as file:
                async with asyncio.timeout(self._body_seconds + length / UPLOAD_BYTES_PER_SECOND):
                    await read_body(receive, file)
                return await self._run_in_thread({**environ, "wsgi.input": file})
        except TimeoutError:
            return LATE
        except OSError as error:
            log.error("an upload could not be written: %s", error)
            return NO_ROOM
        finally:
            self._uploads -= taken

    async def _run_in_thread(self, environ: WSGIEnvironment) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._run, environ)

    def _run(self, environ: WSGIEnvironment) -> Answer:
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


async def read_body(receive: Receive, into: IO[bytes]) -> None:
    """Write the whole body of a request, and rewind. Raises ClientGone."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        into.write(message.get("body", b""))
        more = message.get("more_body", False)
    into.seek(0)


def make_environ(scope: Message) -> WSGIEnvironment:
    """Return the WSGI environment (PEP 3333) of an ASGI request, with an empty body."""
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
            continue  # In WSGI `X_Forwarded_For` would be what the proxy says in `X-Forwarded-For`.
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        text = value.decode("latin-1")
        if key in environ:
            text = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}"
        environ[key] = text
    return environ
