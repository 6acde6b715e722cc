"""Calling a WSGI application as a server does, with nothing in between.

Both applications are driven in the process of the benchmark. Tried side by side on two cores,
through two granian servers on loopback: the page came out at 2.2 to 3.6 times the limit from run
to run there, at 2.3 to 2.4 here; the tick at 4.1 to 4.7 there, at 4.8 to 5.2 here, because sockets
and scheduling add the same to both. So this is both the steadier way and the stricter one.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Call:
    """One request, ready to be sent again and again. `headers` by their usual names."""

    app: WsgiApp
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""

    def __call__(self) -> Answer:
        """Sends it and reads the answer to its end."""
        got: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_error: Any) -> None:
            got[:] = [status, headers]

        chunks = self.app(self._environ(), start_response)
        try:
            body = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        return Answer(int(got[0][:3]), {name.lower(): value for name, value in got[1]}, body)

    def _environ(self) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        environ = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "localhost",
            "CONTENT_LENGTH": str(len(self.body)),
            "CONTENT_TYPE": "application/x-www-form-urlencoded" if self.body else "",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(self.body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        return environ
