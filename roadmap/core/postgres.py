"""PostgreSQL connections that detect an unresponsive or replaced server within seconds."""

from __future__ import annotations

from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from flask import has_request_context
from psycopg.abc import PQGen
from psycopg.generators import execute
from sqlalchemy import event

# Time for each server in the URL to accept a connection.
CONNECT_SECONDS = 3
# Time for an idle connection to answer the ping before its use.
PING_SECONDS = 3
# Server-side limit for a statement, long enough for those of commands and jobs.
STATEMENT_SECONDS = 15
# Server-side limit for waiting for a lock, and the longer time that a request waits for the server,
# so that lock timeouts are reported and the response is sent within 10 seconds.
LOCK_SECONDS = 5
RESPONSE_SECONDS = 8

OPTIONS = (
    f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={LOCK_SECONDS}s"
    " -c idle_in_transaction_session_timeout=30s -c timezone=UTC"
)
# TCP limits: a peer that acknowledges nothing for 8 seconds is considered dead, also during the
# long statements of commands and jobs.
NETWORK = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 8_000,
}

ACTIVE = psycopg.pq.TransactionStatus.ACTIVE
IN_TRANSACTION = psycopg.pq.TransactionStatus.INTRANS

Result = TypeVar("Result")


class Connection(psycopg.Connection[Any]):
    """A connection that is closed if the server does not respond in time.

    The server's statement timeout does not help if its machine fails, and TCP limits do not help if
    the machine still acknowledges packets, as for a stopped process.
    """

    response_timeout: float = RESPONSE_SECONDS
    # Whether a transaction-level pooler such as PgBouncer is in use.
    is_pooled: bool = False

    def wait(
        self, gen: PQGen[Result], interval: float = 0.1, timeout: float | None = None
    ) -> Result:
        """Wait for the server. Closes the connection and raises OperationalError on timeout."""
        if timeout is None and (has_request_context() or self.response_timeout < RESPONSE_SECONDS):
            timeout = self.response_timeout
        try:
            return super().wait(gen, interval, timeout)
        except psycopg.OperationalError:
            if timeout is not None and self.pgconn.transaction_status == ACTIVE:
                self.pgconn.finish()
            raise

    def rollback(self) -> None:
        """Roll back and keep the prepared statements, because most requests end with a rollback.

        psycopg discards them, in case that they use a table which the transaction created. Only
        migrations create tables. After an error they are discarded here as well.
        """
        if self.pgconn.transaction_status != IN_TRANSACTION:
            super().rollback()
            return
        with self.lock:
            self.pgconn.send_query(b"ROLLBACK")
            self.wait(execute(self.pgconn))


def prefer_server(server: tuple[str, str] | None, options: dict[str, Any]) -> dict[str, Any]:
    """Move this host and port to the front of the options, because others may be down."""
    hosts, ports = (str(options.get(name, "")).split(",") for name in ("host", "port"))
    servers = list(zip(hosts, ports, strict=False))
    if server not in servers or len(hosts) != len(ports):
        return options
    servers.sort(key=lambda each: each != server)
    host, port = (",".join(names) for names in zip(*servers, strict=True))
    return {**options, "host": host, "port": port}


def make_engine(url: sa.URL) -> sa.Engine:
    """Create the engine. With several hosts in the URL, it uses the one that accepts writes."""
    arguments: dict[str, Any] = {"options": OPTIONS, **NETWORK}
    hosts = url.query.get("host", ())
    if (not isinstance(hosts, str) and len(hosts) > 1) or "," in hosts:
        arguments["target_session_attrs"] = "read-write"
    last: tuple[str, str] | None = None  # the last server that accepted a connection
    engine = sa.create_engine(url, pool_pre_ping=True, pool_timeout=8, connect_args=arguments)

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, args: list[Any], options: Any) -> Connection:
        nonlocal last
        connection = Connection.connect(*args, **prefer_server(last, options))
        last = connection.info.host, str(connection.info.port)
        return connection

    @event.listens_for(engine, "connect")
    def detect_pooler(connection: Connection, _record: Any) -> None:
        connection.autocommit = True
        [(number,)] = connection.execute("SELECT pg_backend_pid()").fetchall()
        connection.autocommit = False
        # A pooler reports a made-up backend PID on connection.
        if number != connection.info.backend_pid:
            connection.is_pooled = True
            # The next transaction may use a backend without the prepared statement.
            connection.prepare_threshold = None

    ping = engine.dialect.do_ping

    def ping_with_timeout(connection: Any) -> bool:
        connection.response_timeout = PING_SECONDS
        try:
            return ping(connection)
        finally:
            connection.response_timeout = RESPONSE_SECONDS

    setattr(engine.dialect, "do_ping", ping_with_timeout)  # noqa: B010 - a method of this one dialect
    return engine
