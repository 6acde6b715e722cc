"""Run a request again that lost a conflict with another one: a deadlock, a serialization failure.

PostgreSQL ends one of two such transactions, of which nothing is stored. What a request wrote in a
separate transaction (a counted attempt, an audit entry) stays and is written again.
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
CONFLICTS = frozenset({SERIALIZATION_FAILURE, DEADLOCK})
MAX_RETRIES = 3
# A random pause keeps two losers from meeting again.
MAX_PAUSE_SECONDS = 0.02
_RETRIES_LEFT, _CONFLICTED = "cairn.retries_left", "cairn.lost"


def sqlstate(error: BaseException | None) -> str:
    """Return the code that PostgreSQL gives an error, "" for any other error."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) or ""


def is_conflict(error: BaseException | None) -> bool:
    """Return whether the database ended a transaction in favour of another one."""
    return sqlstate(error) in CONFLICTS


def record_conflict(error: DBAPIError) -> None:
    """Mark this request as lost: its response is dropped if it can run again."""
    if request.environ.get(_RETRIES_LEFT):
        log.warning("lost against another transaction, is run again: %s", error.orig)
        request.environ[_CONFLICTED] = True
    else:
        log.error("database unavailable: lost once too often: %s", error.orig)


class RetryMiddleware:
    """Middleware that repeats a request while it loses; only the last response is sent."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        body = _read_body(environ)
        if body is None:
            return self.app(environ, start_response)
        for left in range(MAX_RETRIES, 0, -1):
            # A copy, because a run changes the environment and reads its body.
            again = {**environ, "wsgi.input": io.BytesIO(body), _RETRIES_LEFT: left}
            if (answer := self._try(again)) is not None:
                start, chunks = answer
                start_response(*start)
                return chunks
            time.sleep(random.uniform(0, MAX_PAUSE_SECONDS))  # noqa: S311 - no secret
        last = {**environ, "wsgi.input": io.BytesIO(body), _RETRIES_LEFT: 0}
        return self.app(last, start_response)

    def _try(self, environ: dict[str, Any]) -> tuple[tuple[Any, ...], Iterable[bytes]] | None:
        """Return the arguments of start_response and the body, or None if the request lost."""
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
    """Read the whole body; None if its size or length will be refused."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()) or int(length) > MAX_BODY_BYTES:
        return None
    body: bytes = environ["wsgi.input"].read(int(length)) if length != "0" else b""
    return body


def init_retries(app: Flask) -> None:
    """Wrap the application in the middleware where its database is PostgreSQL."""
    engine = app.extensions["sqlalchemy"].engines["default"]
    if engine.dialect.name != "postgresql":
        return
    app.wsgi_app = RetryMiddleware(app.wsgi_app)  # type: ignore[method-assign]
    log_exception = app.log_exception

    def log_others(exc_info: Any) -> None:
        # A lost commit is no error, and the repetition is logged already.
        if not is_conflict(exc_info[1]):
            log_exception(exc_info)

    app.log_exception = log_others  # type: ignore[method-assign]
