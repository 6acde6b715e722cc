"""A TCP proxy for PostgreSQL that can stop responding, as a lost host does."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from tests.support.postgres import Postgres
from tests.support.server import HOST


class PostgresProxy:
    """Forward TCP connections to PostgreSQL's socket until silenced, and keep them open then."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._is_silent = threading.Event()
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def silence(self) -> None:
        """Stop forwarding without closing connections."""
        self._is_silent.set()

    def close(self) -> None:
        for connection in (self._listener, *self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                self._connections += [client, server]
                try:
                    server.connect(str(self._target))
                except OSError:  # the server has stopped
                    client.close()
                    continue
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._forward, args=(source, sink), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := source.recv(65_536):
                if not self._is_silent.is_set():
                    sink.sendall(part)
            if not self._is_silent.is_set():
                sink.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def postgres_proxy(socket_path: Path) -> Iterator[PostgresProxy]:
    proxy = PostgresProxy(socket_path)
    try:
        yield proxy
    finally:
        proxy.close()


def proxied_url(postgres: Postgres, *proxies: PostgresProxy) -> str:
    """Return a database URL with these proxies as hosts, in order."""
    direct = make_url(postgres.url)
    hosts = [f"{HOST}:{proxy.port}" for proxy in proxies]
    url = URL.create("postgresql", direct.username, database=direct.database, query={"host": hosts})
    return url.render_as_string(hide_password=False)
