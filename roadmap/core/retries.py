"""A request that lost against another one is run again, so that nobody has to send it twice.

PostgreSQL lets writers work side by side. Where two wait for each other's rows it ends one of them
(a deadlock), and where it promised more isolation than it can keep it refuses one (a serialization
failure). Nothing of the loser is stored, and its whole request is simply run again, from the same
body, as if it came a moment later. SQLite lets one writer in at a time and knows none of this.

What a request wrote in a transaction of its own (a counted try, a line of the audit log) stays, and
is written again: such a write is the last thing that these requests do, or may happen twice.
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

from roadmap.core.headers import MAX_BODY_BYTES, WsgiApp

log = logging.getLogger(__name__)

SERIALIZATION_FAILURE, DEADLOCK = "40001", "40P01"
CONFLICTS = frozenset({SERIALIZATION_FAILURE, DEADLOCK})
MAX_RETRIES = 3
# Seconds, so that two that lost together do not meet again at once.
MAX_PAUSE_SECONDS = 0.02
_RETRIES_LEFT, _CONFLICTED = "cairn.retries_left", "cairn.lost"


def is_conflict(error: BaseException | None) -> bool:
    """Whether the database ended a transaction in favour of another one."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in CONFLICTS


def record_conflict(error: DBAPIError) -> None:
    """Says that this request lost: its answer is void while it can be run again."""
    if request.environ.get(_RETRIES_LEFT):
        log.warning("lost against another transaction, is run again: %s", error.orig)
        request.environ[_CONFLICTED] = True
    else:
        log.error("database unavailable: lost once too often: %s", error.orig)


class RetryMiddleware:
    """The middleware: runs a request again while it loses, three times at most.

    What a run answers is held back until the run is over, so that only one answer is sent: after
    the last one at worst the page for a database that cannot be reached.
    """

    def __init__(self, app: WsgiApp) -> None:
        self.app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        body = _read_body(environ)
        if body is None:
            return self.app(environ, start_response)
        for left in range(MAX_RETRIES, 0, -1):
            answer = self._try(_copy_environ(environ, body, left))
            if answer is not None:
                start, chunks = answer
                start_response(*start)
                return chunks
            time.sleep(random.uniform(0, MAX_PAUSE_SECONDS))  # noqa: S311 - no secret
        return self.app(_copy_environ(environ, body, 0), start_response)

    def _try(self, environ: dict[str, Any]) -> tuple[tuple[Any, ...], Iterable[bytes]] | None:
        """The arguments of start_response and the body, or None where the request lost."""
        started: list[tuple[Any, ...]] = []
        try:
            chunks = self.app(environ, lambda *start: started.append(start))
        except DBAPIError as error:
            # It comes through only where no page is made of it: in tests, and in debug mode.
            if is_conflict(error):
                return None
            raise
        if _CONFLICTED in environ:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
            return None
        return started[-1], chunks


def _copy_environ(environ: dict[str, Any], body: bytes, left: int) -> dict[str, Any]:
    """The request as it came: a run writes into its environment, and reads its body."""
    return {**environ, "wsgi.input": io.BytesIO(body), _RETRIES_LEFT: left}


def _read_body(environ: dict[str, Any]) -> bytes | None:
    """All of the body; None where it is refused anyway, for its size or for its length."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > MAX_BODY_BYTES:
        return None
    body: bytes = environ["wsgi.input"].read(int(length)) if length != "0" else b""
    return body


def init_retries(app: Flask) -> None:
    """Puts the middleware around the application where its database is PostgreSQL."""
    engine = app.extensions["sqlalchemy"].engines["default"]
    if engine.dialect.name != "postgresql":
        return
    app.wsgi_app = RetryMiddleware(app.wsgi_app)  # type: ignore[method-assign]
    log_exception = app.log_exception

    def log_others(exc_info: Any) -> None:
        # A commit that lost is no fault of ours; that it was run again is in the log already.
        if not is_conflict(exc_info[1]):
            log_exception(exc_info)

    app.log_exception = log_others  # type: ignore[method-assign]
