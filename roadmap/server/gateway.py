"""Run the WSGI application behind an event loop, so that slow clients take no thread.

A WSGI server gives a request its thread before the body has arrived, so as many silent connections
as there are threads stop every answer. Here the event loop reads the body first, with a deadline,
and sends the answer; a thread never waits for a client.
"""

from __future__ import annotations

import asyncio
import io
import os
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

# Threads of a worker: fewer than the 15 connections of its pool.
THREADS = min(8, 2 * (os.cpu_count() or 1) + 1)
# How long a body may take: a megabyte over a slow mobile connection.
BODY_SECONDS = 30

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]

TEXT = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


class Gateway:
    """An ASGI application that answers with a WSGI application, in THREADS threads.

    A body of more than `max_body` bytes or of unknown length is not read: the application refuses
    it by its headers.
    """

    def __init__(
        self, app: WSGIApplication, *, max_body: int, body_seconds: float = BODY_SECONDS
    ) -> None:
        self._app = app
        self._body_seconds = body_seconds
        self._max_body = max_body
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="request")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            status, headers, body = await self._answer(scope, receive)
        except ClientGone:
            return
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Message, receive: Receive) -> Answer:
        if scope["path"] == "/healthz" and scope["method"] == "GET":
            # It must not wait for a thread: all of them may be waiting for the database.
            return 200, TEXT, b"ok\n"
        environ = make_environ(scope)
        length = environ.get("CONTENT_LENGTH", "")
        if length.isdecimal() and len(length) < 16 and int(length) <= self._max_body:
            try:
                async with asyncio.timeout(self._body_seconds):
                    environ["wsgi.input"] = io.BytesIO(await read_body(receive))
            except TimeoutError:
                late = b"The rest of the request did not arrive in time.\n"
                return 408, [*TEXT, (b"connection", b"close")], late
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._run, environ)

    def _run(self, environ: WSGIEnvironment) -> Answer:
        status, headers = "", []

        def start_response(line: str, pairs: list[tuple[str, str]], _info: Any = None) -> Any:
            nonlocal status, headers
            status, headers = line, pairs

        parts = self._app(environ, start_response)
        try:
            body = b"".join(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        encoded = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ]
        return int(status[:3]), encoded, body


async def read_body(receive: Receive) -> bytes:
    """Return the whole body of a request. Raises ClientGone."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


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
