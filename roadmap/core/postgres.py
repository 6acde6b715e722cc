"""PostgreSQL: connections that notice in seconds when a server is silent, stopped or replaced."""

from __future__ import annotations

from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from flask import has_request_context
from psycopg.abc import PQGen
from sqlalchemy import event

# Each server that the address names gets this long to accept a connection.
CONNECT_SECONDS = 3
# How long an idle connection may take to answer before a request uses it.
PING_SECONDS = 3
# How long the server lets a statement take: those of commands and jobs may be long.
STATEMENT_SECONDS = 15
# How long a request waits for the answer to a statement, so that its own comes within 10 seconds.
# Longer than the server lets a statement wait for a lock, whose end the server tells.
LOCK_SECONDS = 5
SILENCE_SECONDS = 8

OPTIONS = (
    f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={LOCK_SECONDS}s"
    " -c idle_in_transaction_session_timeout=30s -c timezone=UTC"
)
# The network's part: a peer that acknowledges nothing for 8 seconds is gone, also for commands and
# jobs, whose statements may take long.
NETWORK = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 8_000,
}

ACTIVE = psycopg.pq.TransactionStatus.ACTIVE

Result = TypeVar("Result")


class Connection(psycopg.Connection[Any]):
    """A connection that is closed when a server does not answer a request in time.

    PostgreSQL ends long statements itself, but says nothing when its machine is gone. A machine
    that still acknowledges what it gets (a stopped process) escapes the limits of the network.
    """

    silence: float = SILENCE_SECONDS
    # Whether a pooler such as PgBouncer gives each transaction another connection to PostgreSQL.
    is_pooled: bool = False

    def wait(
        self, gen: PQGen[Result], interval: float = 0.1, timeout: float | None = None
    ) -> Result:
        """Wait for the server. Raises OperationalError, and closes, where it stays silent."""
        if timeout is None and (has_request_context() or self.silence < SILENCE_SECONDS):
            timeout = self.silence
        try:
            return super().wait(gen, interval, timeout)
        except psycopg.OperationalError:
            if timeout is not None and self.pgconn.transaction_status == ACTIVE:
                self.pgconn.finish()
            raise


def put_first(server: tuple[str, str] | None, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with this host and port before others, which may be down for long."""
    hosts, ports = (str(options.get(name, "")).split(",") for name in ("host", "port"))
    servers = list(zip(hosts, ports, strict=False))
    if server not in servers or len(hosts) != len(ports):
        return options
    servers.sort(key=lambda each: each != server)
    host, port = (",".join(names) for names in zip(*servers, strict=True))
    return {**options, "host": host, "port": port}


def make_engine(url: sa.URL) -> sa.Engine:
    """Return the engine. With several hosts in the address, it writes to the one that accepts."""
    arguments: dict[str, Any] = {"options": OPTIONS, **NETWORK}
    hosts = url.query.get("host", ())
    if (not isinstance(hosts, str) and len(hosts) > 1) or "," in hosts:
        arguments["target_session_attrs"] = "read-write"
    last: tuple[str, str] | None = None  # the server that accepted last
    engine = sa.create_engine(url, pool_pre_ping=True, pool_timeout=8, connect_args=arguments)

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, words: list[Any], options: Any) -> Connection:
        nonlocal last
        connection = Connection.connect(*words, **put_first(last, options))
        last = connection.info.host, str(connection.info.port)
        return connection

    @event.listens_for(engine, "connect")
    def notice_pooler(connection: Connection, _record: Any) -> None:
        connection.autocommit = True
        [(number,)] = connection.execute("SELECT pg_backend_pid()").fetchall()
        connection.autocommit = False
        # A pooler makes up the number that it names when one connects.
        if number != connection.info.backend_pid:
            connection.is_pooled = True
            # The next transaction may run where a statement was never prepared.
            connection.prepare_threshold = None

    ping = engine.dialect.do_ping

    def ping_in_time(connection: Any) -> bool:
        connection.silence = PING_SECONDS
        try:
            return ping(connection)
        finally:
            connection.silence = SILENCE_SECONDS

    setattr(engine.dialect, "do_ping", ping_in_time)  # noqa: B010 - a method of this one dialect
    return engine
