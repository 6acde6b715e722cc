"""Limits per process on expensive requests: how often, and how many at once.

Attempts to guess a secret (passwords, tokens) are counted in the database, see `auth.rate_limits`.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Iterator

from flask import Flask, Response, request
from flask_limiter import Limiter
from flask_limiter.errors import RateLimitExceeded
from flask_login import current_user

from roadmap.core.errors import render_error
from roadmap.core.i18n import gettext as _
from roadmap.core.proxy import client_address


def _rate_limit_key() -> str:
    """Return the account whose requests are counted together, or the address without one."""
    if current_user and current_user.is_authenticated:
        return f"account:{current_user.id}"
    return f"address:{client_address()}"


limiter = Limiter(_rate_limit_key, storage_uri="memory://", strategy="fixed-window")

# Exports of a process: one is made, and few enough wait for it that threads are left for others.
EXPORTS_AT_ONCE = 3
EXPORT_WAIT_SECONDS = 10
_admitted = threading.BoundedSemaphore(EXPORTS_AT_ONCE)
_at_work = threading.BoundedSemaphore(1)
# Of the threads of a process, so many at most wait for other hosts, which may never answer.
FETCHES_AT_ONCE = 2
_fetching = threading.BoundedSemaphore(FETCHES_AT_ONCE)


class TooBusy(Exception):
    """The process makes as many exports, or fetches, as it should."""


# A search field sends a request 250 ms after the last key, so rarely two a second.
SEARCH_LIMIT = "120/minute"
# Counts the requests that search (with `q`), over all views of a person.
limit_searches = limiter.shared_limit(
    SEARCH_LIMIT, "search", exempt_when=lambda: not request.values.get("q", "").strip()
)


@contextlib.contextmanager
def _slot(slots: threading.Semaphore, seconds: float = 0) -> Iterator[None]:
    if not slots.acquire(timeout=seconds):
        raise TooBusy
    try:
        yield
    finally:
        slots.release()


@contextlib.contextmanager
def export_slot() -> Iterator[None]:
    """Make one export at a time. Raises TooBusy where too many wait already, or too long."""
    with _slot(_admitted), _slot(_at_work, EXPORT_WAIT_SECONDS):
        yield


@contextlib.contextmanager
def fetch_slot() -> Iterator[None]:
    """Wait for another host. Raises TooBusy where enough do so already."""
    with _slot(_fetching):
        yield


def init_limiter(app: Flask) -> None:
    limiter.init_app(app)

    @app.errorhandler(TooBusy)
    def too_busy(_error: TooBusy) -> Response:
        return render_error(
            503,
            _("Others have asked for what takes long, and this would have to wait too long."),
            _("Try again in %(n)d seconds.", n=EXPORT_WAIT_SECONDS),
            title=_("The server is busy"),
            retry_after=EXPORT_WAIT_SECONDS,
        )

    @app.errorhandler(RateLimitExceeded)
    def too_often(error: RateLimitExceeded) -> Response:
        current = limiter.current_limit
        wait = max(1, math.ceil(current.reset_at - time.time())) if current else 60
        amount = error.limit.limit.amount if error.limit else 0
        text = _(
            "This is expensive for the server, so it is possible at most %(n)d times a minute.",
            n=amount,
        )
        return render_error(429, text, retry_after=wait)
