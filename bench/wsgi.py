"""Call a WSGI application directly, without a server.

Both applications run in the benchmark's process, which is both steadier and stricter than servers:
sockets and scheduling add noise, and add the same time to both. Compared on two cores with two
granian servers on loopback, the page took 2.2 to 3.6 times the baseline there and 2.3 to 2.4 here,
the tick 4.1 to 4.7 there and 4.8 to 5.2 here.
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
    """A request that can be sent repeatedly. `headers` have their usual HTTP names."""

    app: WsgiApp
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""

    def __call__(self) -> Answer:
        """Send the request and read the whole response."""
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
