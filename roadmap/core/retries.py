"""Retry requests after a deadlock, serialization failure or stale plan in PostgreSQL.

PostgreSQL rolls back one of the conflicting transactions, and one whose prepared statement reads a
column that a migration has changed since. Writes in separate transactions (counted attempts, audit
entries) are kept and are repeated by the retry.
"""

from __future__ import annotations

import io
import logging
import random
import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, request
from sqlalchemy.exc import DBAPIError

from roadmap.core.uploads import MAX_BODY_BYTES

log = logging.getLogger(__name__)

SERIALIZATION_FAILURE, DEADLOCK = "40001", "40P01"
# "Cached plan must not change result type". The rollback discards the prepared statements.
STALE_PLAN = "0A000"
CONFLICTS = frozenset({SERIALIZATION_FAILURE, DEADLOCK, STALE_PLAN})
MAX_RETRIES = 3
# A random pause keeps two retries from conflicting again.
MAX_PAUSE_SECONDS = 0.02
_RETRIES_LEFT, _CONFLICTED = "cairn.retries_left", "cairn.lost"


def sqlstate(error: BaseException | None) -> str:
    """Return PostgreSQL's SQLSTATE of an error, or ""."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) or ""


def is_conflict(error: BaseException | None) -> bool:
    """Return whether the database aborted the transaction because of a conflict."""
    return sqlstate(error) in CONFLICTS


def record_conflict(error: DBAPIError) -> None:
    """Mark this request for a retry, or log an error if none is left."""
    if request.environ.get(_RETRIES_LEFT):
        log.warning("transaction conflict, retrying the request: %s", error.orig)
        request.environ[_CONFLICTED] = True
    else:
        log.error("database unavailable: no retries left after a conflict: %s", error.orig)


class RetryMiddleware:
    """Middleware that retries conflicting requests. Only the last response is sent."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        body = _read_body(environ)
        if body is None:
            return self.app(environ, start_response)
        for left in range(MAX_RETRIES, 0, -1):
            # Each attempt changes the environment and consumes the body.
            again = {**environ, "wsgi.input": io.BytesIO(body), _RETRIES_LEFT: left}
            if (answer := self._try(again)) is not None:
                start, chunks = answer
                start_response(*start)
                return chunks
            time.sleep(random.uniform(0, MAX_PAUSE_SECONDS))  # noqa: S311 - no secret
        last = {**environ, "wsgi.input": io.BytesIO(body), _RETRIES_LEFT: 0}
        return self.app(last, start_response)

    def _try(self, environ: dict[str, Any]) -> tuple[tuple[Any, ...], Iterable[bytes]] | None:
        """Return the arguments of start_response and the body, or None after a conflict."""
        started: list[tuple[Any, ...]] = []
        try:
            chunks = self.app(environ, lambda *start: started.append(start))
        except DBAPIError as error:
            # The exception arrives here only in tests and in debug mode.
            if is_conflict(error):
                return None
            raise
        if _CONFLICTED in environ:
            getattr(chunks, "close", lambda: None)()
            return None
        return started[-1], chunks


def _read_body(environ: dict[str, Any]) -> bytes | None:
    """Read the whole body. Returns None if its size or length will be refused."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()) or int(length) > MAX_BODY_BYTES:
        return None
    body: bytes = environ["wsgi.input"].read(int(length)) if length != "0" else b""
    return body


def init_retries(app: Flask) -> None:
    """Add the retry middleware if the database is PostgreSQL."""
    engine = app.extensions["sqlalchemy"].engines["default"]
    if engine.dialect.name != "postgresql":
        return
    app.wsgi_app = RetryMiddleware(app.wsgi_app)  # type: ignore[method-assign]
    log_exception = app.log_exception

    def log_others(exc_info: Any) -> None:
        # A conflict is not an error, and the retry is logged already.
        if not is_conflict(exc_info[1]):
            log_exception(exc_info)

    app.log_exception = log_others  # type: ignore[method-assign]
